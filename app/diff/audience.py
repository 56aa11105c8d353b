"""Whether a rule reaches more people than another, decided over everybody who can be told apart; pure.

Compared are the answers that a person gets: not eligible < undetermined < eligible. An audience is wider if nobody's
answer gets worse and somebody's gets better. A word that the plan leaves undefined may mean anything, but the same
word means the same on both sides. Beyond `MOST` kinds of people, and where facts themselves have changed their type,
nothing is claimed.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from app.eligibility.conditions import All, Any_, Clause, Not, Undefined, children, clauses
from app.eligibility.facts import Fact, Known
from app.eligibility.rules import Rule
from app.eligibility.tables import Space, space_of

Verdict = Literal["same", "wider", "narrower", "different", "undecided"]
MOST = 1 << 18
BOOLEAN = Known("boolean", values=frozenset((False, True)))


class Reach(NamedTuple):
    """Whom a rule surely takes in, and whom it may take in."""

    surely: Any
    maybe: Any


def reach(rule: Rule) -> Reach:
    """Surely: by every reading. Maybe: by one of them, and everybody where the list goes on."""
    readings = tuple(_defined(reading) for reading in rule.readings)
    maybe = () if rule.open_ended else readings
    everyone = All.model_construct(all=())
    return Reach(All.model_construct(all=readings), Any_.model_construct(any=maybe) if maybe else everyone)


def _defined(node: Any) -> Any:  # noqa: ANN401 - a condition of any form
    """The same with each undefined word as a fact of its own, of which nothing is known."""
    match node:
        case Undefined(undefined=word):
            return Clause.model_construct(fact=f"“{word}”", is_=True)
        case Not(not_=part):
            return Not.model_construct(not_=_defined(part))
        case All(all=parts):
            return All.model_construct(all=tuple(_defined(part) for part in parts))
        case Any_(any=parts):
            return Any_.model_construct(any=tuple(_defined(part) for part in parts))
    return node


def compare_reach(
    before: Rule, after: Rule, facts_before: Mapping[str, Fact], facts_after: Mapping[str, Fact]
) -> Verdict:
    """How the audience of one rule stands to that of another."""
    one, other = reach(before), reach(after)
    nodes = [*one, *other]
    everything = _everything(nodes, facts_before, facts_after)
    space = None if everything is None else space_of(nodes, everything, MOST)
    if space is None:
        return "undecided"
    return _verdict(_where(space, one), _where(space, other))


def _where(space: Space, reached: Reach) -> tuple[int, int]:
    """The completions in which somebody is surely, and maybe, taken in."""
    return space.bits(reached.surely).true, space.bits(reached.maybe).true


def _verdict(before: tuple[int, int], after: tuple[int, int]) -> Verdict:
    if before == after:
        return "same"
    pairs = list(zip(before, after, strict=True))
    if all(one & ~other == 0 for one, other in pairs):
        return "wider"
    if all(other & ~one == 0 for one, other in pairs):
        return "narrower"
    return "different"


def _everything(
    nodes: list[Any], facts_before: Mapping[str, Fact], facts_after: Mapping[str, Fact]
) -> dict[str, Known] | None:
    """Every value that a fact has on either side; None if one is missing there, or has become another thing."""
    found: dict[str, Known] = {}
    for slug in {clause.fact for node in nodes for clause in clauses(node)}:
        if slug.startswith("“"):
            found[slug] = BOOLEAN
            continue
        sides = [facts[slug].everything for facts in (facts_before, facts_after) if slug in facts]
        if not sides or len({side.type for side in sides}) > 1:
            return None
        found[slug] = Known(
            sides[0].type,
            min(side.low for side in sides),
            max(side.high for side in sides),
            frozenset[bool | str]().union(*(side.values for side in sides)),
        )
    return found


def words(rule: Rule) -> set[str]:
    """The words of a rule that its plan leaves undefined."""
    return {word for reading in rule.readings for word in _words(reading)}


def _words(node: object) -> set[str]:
    if isinstance(node, Undefined):
        return {node.undefined}
    return {word for part in children(node) for word in _words(part)}
