"""What is wrong with a condition before it is published: clauses that do not fit, and dead parts."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from app.eligibility.clauses import cells
from app.eligibility.conditions import All, Any_, Clause, Not, Undefined, children, day, places, step
from app.eligibility.facts import Fact, Facts, Known, unknown
from app.eligibility.findings import Finding
from app.eligibility.regions import REGION
from app.eligibility.tables import Space, space_of

MOST = 1 << 18
FITTING = {
    "boolean": ("is", "in"),
    "enumeration": ("is", "in"),
    "integer": ("is", "in", "at_least", "at_most", "more_than", "less_than"),
    "date": ("is", "in", "at_least", "at_most", "more_than", "less_than"),
    "region": ("is", "in", "within"),
}


def check(condition: Any, facts: Facts) -> list[Finding]:  # noqa: ANN401 - a condition of any form
    """Everything to mend, each with its JSON pointer; dead parts only once every clause fits its fact."""
    return misfits(condition, facts) or dead_parts(condition, facts)


def misfits(condition: Any, facts: Facts) -> list[Finding]:  # noqa: ANN401 - a condition of any form
    """The clauses that do not go with their facts."""
    return [
        Finding(at, *wrong)
        for at, part in places(condition)
        if isinstance(part, Clause)
        for wrong in _misfits(part, facts.get(part.fact))
    ]


def _misfits(clause: Clause, fact: Fact | None) -> Iterator[tuple[str, str]]:
    if fact is None:
        yield f"There is no fact {clause.fact}.", f"没有“{clause.fact}”这个事实。"
    elif clause.op not in FITTING[fact.type]:
        yield f"{clause.op} does not go with a fact of type {fact.type}.", f"“{clause.op}”不能用于这类事实。"
    elif not all(_fits(value, fact) for value in clause.operands):
        yield f"The value is not one that {fact.slug} can have.", f"“{fact.name}”不可能取这个值。"
    elif len(set(clause.operands)) < len(clause.operands):
        yield "A value is listed twice.", "有重复列出的值。"


def _fits(value: bool | int | str, fact: Fact) -> bool:  # noqa: FBT001 - a value of any type
    if fact.type == "boolean":
        return isinstance(value, bool)
    if fact.type == "integer":
        everything = unknown(fact)
        return type(value) is int and everything.low <= value <= everything.high
    if not isinstance(value, str):
        return False
    if fact.type == "date":
        return day(value) is not None
    if fact.type == "region":
        return bool(REGION.fullmatch(value))
    return value in unknown(fact).values


class Beside(NamedTuple):
    """A part whose outcome is settled wherever another part is looked at at all."""

    pointer: str
    open: int  # the completions it leaves
    absorbs: bool  # it stands in an `any`, so it has failed; in an `all` it holds


def dead_parts(condition: Any, facts: Facts) -> list[Finding]:  # noqa: ANN401 - a condition of any form
    """The parts of a condition that fits its facts which can never hold, or always do."""
    knowledge = {slug: unknown(fact) for slug, fact in facts.items()}
    node = _settled(condition, knowledge, [0])
    space = space_of([node], knowledge, MOST)
    if isinstance(node, All) and not node.all:
        return []
    if space is None:
        return sorted(_by_fact(node, knowledge, "", []))
    return sorted(_visit(node, "", space, space.full, []))


def _settled(node: Any, knowledge: dict[str, Known], count: list[int]) -> Any:  # noqa: ANN401 - a condition of any form
    """The same tree in which every undefined word is a yes-or-no question of its own."""
    match node:
        case Undefined():
            count[0] += 1
            name = f"?{count[0]}"  # no slug looks like this
            knowledge[name] = Known("boolean", values=frozenset((False, True)))
            return Clause.model_construct(fact=name, is_=True)
        case Not(not_=part):
            return Not.model_construct(not_=_settled(part, knowledge, count))
        case All(all=parts):
            return All.model_construct(all=tuple(_settled(part, knowledge, count) for part in parts))
        case Any_(any=parts):
            return Any_.model_construct(any=tuple(_settled(part, knowledge, count) for part in parts))
    return node


def _visit(node: Any, at: str, space: Space, context: int, beside: list[Beside]) -> list[Finding]:  # noqa: ANN401 - a condition of any form
    """`context` holds the completions in which the outcome hangs on this very part."""
    true = space.bits(node).true
    if not context & true:
        return [_never(at, next((b for b in beside if true and not b.open & true), None))]
    if not context & ~true:
        false = space.full & ~true
        return [_always(at, next((b for b in beside if false and not b.open & false), None))]
    found: list[Finding] = []
    absorbs = isinstance(node, Any_)
    kept = [
        Beside(at + step(node, i), space.full & ~bits if absorbs else bits, absorbs)
        for i, bits in enumerate(space.bits(part).true for part in children(node))
    ]
    # From the last: of two parts that say the same, the later one is the one too many.
    for index, part in reversed(list(enumerate(children(node)))):
        others = [b for b in kept if b.pointer != at + step(node, index)]
        inner = context
        for other in others:
            inner &= other.open
        dead = _visit(part, at + step(node, index), space, inner, [*others, *beside])
        if dead and dead[0].pointer == at + step(node, index):
            kept = others
        found += dead
    return found


Near = tuple[str, Clause, bool]  # where, what, and whether it stands in an `any`


def _by_fact(node: Any, knowledge: dict[str, Known], at: str, near: list[Near]) -> list[Finding]:  # noqa: ANN401 - a condition of any form
    """For conditions over too many facts at once: each clause against those on its own fact around it."""
    if isinstance(node, Clause):
        return _against(node, at, [one for one in near if one[1].fact == node.fact], knowledge)
    absorbs = isinstance(node, Any_)
    parts = [(at + step(node, index), part) for index, part in enumerate(children(node))]
    kept = [(where, part, absorbs) for where, part in parts if isinstance(part, Clause)]
    found: list[Finding] = []
    for where, part in reversed(parts):
        others = [one for one in kept if one[0] != where]
        dead = _by_fact(part, knowledge, where, [*others, *near])
        if dead and dead[0].pointer == where:
            kept = others
        found += dead
    return found


def _against(clause: Clause, at: str, near: list[Near], knowledge: dict[str, Known]) -> list[Finding]:
    together = [clause, *(other for _, other, _ in near)]
    space = Space({clause.fact: cells(knowledge[clause.fact], together)})
    beside, context = [], space.full
    for where, other, absorbs in near:
        true, false = space.clause(other)
        beside.append(Beside(where, false if absorbs else true, absorbs))
        context &= beside[-1].open
    return _visit(clause, at, space, context, beside)


def _never(at: str, beside: Beside | None) -> Finding:
    if beside is None:
        return Finding(at, "This can never hold here.", "此处的条件永远不可能成立。")
    if beside.absorbs:
        return Finding(
            at,
            f"Nobody reaches this branch: whoever meets it already meets {beside.pointer}.",
            f"没有人会用到这一分支：符合它的人已经符合 {beside.pointer}。",
        )
    return Finding(
        at,
        f"This can never hold: {beside.pointer} rules it out.",
        f"永远不可能成立：与 {beside.pointer} 相排斥。",
    )


def _always(at: str, beside: Beside | None) -> Finding:
    if beside is None:
        return Finding(at, "This always holds here and says nothing.", "此处的条件总是成立，等于没有写。")
    why = (
        f"whoever fails {beside.pointer} meets it" if beside.absorbs else f"{beside.pointer} already says so"
    )
    zh = f"不符合 {beside.pointer} 的人必然符合它" if beside.absorbs else f"{beside.pointer} 已经包含它"
    return Finding(at, f"This adds nothing: {why}.", f"这一条没有作用：{zh}。")
