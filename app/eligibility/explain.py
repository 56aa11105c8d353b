"""Why: the clauses that decide an answer, or all of them, in the plan's order."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from app.eligibility.compiled import Compiled, Piece, undecided
from app.eligibility.conditions import All, Any_, Clause, Not, Undefined, children, step
from app.eligibility.evaluate import CompiledRule, CompiledService
from app.eligibility.facts import Facts, Knowledge
from app.eligibility.words import clause_in_words


class Reason(NamedTuple):
    """One clause, whether it holds, and the plan's words for it; `clause` points into the condition."""

    clause: str
    text: str
    text_en: str
    holds: bool | None
    facts: tuple[str, ...]
    quote: str | None


AND_OTHERS = Reason(
    "",
    "名单以“等”结尾，未列明的人也可能包括在内。",
    "The list is open-ended: people it does not name may belong to it.",
    None,
    (),
    None,
)
READ_TWO_WAYS = Reason(
    "/other_readings",
    "这句话有不止一种读法，各种读法的结论不同。",
    "The sentence can be read in more than one way, and the readings differ here.",
    None,
    (),
    None,
)
LEFT_OUT = Undefined(undefined="…", because="Left out to see whether it is needed.")


def reasons(rule: CompiledRule, facts: Facts, knowledge: Knowledge, *, full: bool) -> list[Reason]:
    """All clauses with their answers; or only those that force the answer, or that leave it open."""
    found: list[Reason] = []
    seen = set()
    for index, reading in enumerate(rule.readings):
        at = f"/other_readings/{index - 1}/condition" if index else ""
        for piece in leaves(reading.piece) if full else _brief(rule, reading, knowledge):
            one = _reason(piece, at, facts, knowledge)
            # Readings of one sentence mostly share clauses: once is enough to say why.
            if full or not index or one[1:] not in seen:
                seen.add(one[1:])
                found.append(one)
    return [*found, *_doubts(rule, knowledge)]


def service_reasons(
    service: CompiledService, facts: Facts, knowledge: Knowledge, *, full: bool
) -> dict[str, list[Reason]]:
    """Reasons by rule: of the one that holds; of every rule if all had to fail; of the open ones if open."""
    answer, decider = service.decide(knowledge)
    shown = service.rules
    if not full and answer == "eligible":
        shown = [one for one in shown if one is decider]
    elif not full and answer == "undetermined":
        shown = [one for one in shown if one.truth(knowledge) is None]
    return {one.rule.slug: reasons(one, facts, knowledge, full=full) for one in shown}


def _doubts(rule: CompiledRule, knowledge: Knowledge) -> Iterator[Reason]:
    values = {reading.truth(knowledge) for reading in rule.readings}
    if values == {True, False}:
        yield READ_TWO_WAYS
    if rule.rule.open_ended and values == {False}:
        yield AND_OTHERS


def _brief(rule: CompiledRule, reading: Compiled, knowledge: Knowledge) -> list[Piece]:
    value = reading.truth(knowledge)
    if value is None:
        return undecided(reading.piece, knowledge)
    if any(other.truth(knowledge) is None for other in rule.readings):
        return []  # what this reading says is not what leaves the answer open
    if reading.kleene(knowledge) is None:
        return _needed(reading.piece, knowledge, value)
    return deciding(reading.piece, knowledge)


def deciding(piece: Piece, knowledge: Knowledge) -> list[Piece]:
    """The fewest leaves that already force what a part says, among those that do so part by part."""
    if not piece.parts:
        return [piece]
    forced = [deciding(part, knowledge) for part in piece.parts if part.test(knowledge) is not None]
    if isinstance(piece.node, Not):
        return forced[0]
    absorbing = isinstance(piece.node, Any_)
    if piece.test(knowledge) is absorbing:
        alike = [part for part in piece.parts if part.test(knowledge) is absorbing]
        if not alike:
            return _needed(piece, knowledge, absorbing)
        return min((deciding(part, knowledge) for part in alike), key=len)
    return [leaf for found in forced for leaf in found]


def _needed(piece: Piece, knowledge: Knowledge, value: bool) -> list[Piece]:  # noqa: FBT001 - a truth, not a switch
    """For answers that follow from clauses only together: leave out every clause that can be spared."""
    kept = list(leaves(piece))
    for leaf in reversed(list(kept)):
        fewer = [one for one in kept if one is not leaf]
        pruned = _only(piece.node, piece.pointer, {one.pointer for one in fewer})
        if Compiled(pruned, knowledge).truth(knowledge) is value:
            kept = fewer
    return kept


def _only(node: Any, at: str, kept: set[str]) -> Any:  # noqa: ANN401 - a condition of any form
    parts = tuple(_only(part, at + step(node, index), kept) for index, part in enumerate(children(node)))
    if not parts:
        return node if at in kept else LEFT_OUT
    match node:
        case Not():
            return Not.model_construct(not_=parts[0])
        case All():
            return All.model_construct(all=parts)
    return Any_.model_construct(any=parts)


def leaves(piece: Piece) -> Iterator[Piece]:
    """Every clause, in reading order."""
    if not piece.parts:
        yield piece
    for part in piece.parts:
        yield from leaves(part)


def _reason(piece: Piece, at: str, facts: Facts, knowledge: Knowledge) -> Reason:
    node = piece.node
    if piece.said is None:
        piece.said = clause_in_words(node, facts, "zh"), clause_in_words(node, facts, "en")
    return Reason(
        at + piece.pointer,
        *piece.said,
        piece.test(knowledge),
        (node.fact,) if isinstance(node, Clause) else (),
        getattr(node, "quote", None),
    )
