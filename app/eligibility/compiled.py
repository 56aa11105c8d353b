"""Conditions as functions: three values, exact wherever every completion can be looked at."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, product
from math import prod
from typing import Any

from app.eligibility.clauses import Test, cells, compile_clause, touched
from app.eligibility.conditions import All, Any_, Clause, Not, children, clauses, step
from app.eligibility.facts import Knowledge, Known
from app.eligibility.tables import Space

# Up to here a table over every value is kept with the rule; beyond, one is made for what is known just then.
KEPT, MOST = 4096, 65536


class Piece:
    """A node of a condition with its function, so that an explanation can ask every part."""

    __slots__ = ("node", "parts", "pointer", "said", "test")

    def __init__(self, node: Any, kinds: Knowledge, pointer: str = "") -> None:  # noqa: ANN401 - a condition of any form
        self.node, self.pointer = node, pointer
        self.said: tuple[str, str] | None = None  # in Chinese and English, once somebody has asked
        self.parts: tuple[Piece, ...] = tuple(
            Piece(part, kinds, pointer + step(node, index)) for index, part in enumerate(children(node))
        )
        self.test = compile_node(merged(node), kinds)


def compile_node(node: Any, kinds: Knowledge) -> Test:  # noqa: ANN401 - a condition of any form
    """A condition as one function, answered part by part."""
    if isinstance(node, Clause):
        return compile_clause(node, kinds)
    tests = [compile_node(part, kinds) for part in children(node)]
    match node:
        case All():
            return _folded(tests, _both, True)  # noqa: FBT003 - what all of nothing is
        case Any_():
            return _folded(tests, _either, False)  # noqa: FBT003 - what any of nothing is
        case Not():
            return _not(tests[0])
        case _:
            return _never_known


def _never_known(_: Knowledge) -> bool | None:
    return None


def _folded(tests: list[Test], pair: Callable[[Test, Test], Test], empty: bool) -> Test:  # noqa: FBT001 - the truth of no tests at all
    """Two by two from the right: a pair is about twice as fast as a loop, and most conditions are pairs."""
    if not tests:
        return lambda _: empty
    folded = tests[-1]
    for test in reversed(tests[:-1]):
        folded = pair(test, folded)
    return folded


def _both(first: Test, second: Test) -> Test:
    def test(knowledge: Knowledge) -> bool | None:
        one = first(knowledge)
        if one:
            return second(knowledge)
        if one is None and second(knowledge) is not False:
            return None
        return False

    return test


def _either(first: Test, second: Test) -> Test:
    def test(knowledge: Knowledge) -> bool | None:
        one = first(knowledge)
        if one:
            return True
        if one is None:
            return second(knowledge) or None
        return second(knowledge)

    return test


def _not(part: Test) -> Test:
    def test(knowledge: Knowledge) -> bool | None:
        value = part(knowledge)
        return None if value is None else not value

    return test


class Compiled:
    """A condition ready to be asked about many people."""

    def __init__(self, condition: Any, everything: Knowledge) -> None:  # noqa: ANN401 - a condition of any form
        self.condition = condition
        self.everything = everything
        self.piece = Piece(condition, everything)
        self.kleene = self.piece.test
        self.facts = tuple(dict.fromkeys(clause.fact for clause in clauses(condition)))
        self.tangled = dict(tangled(merged(condition), everything))

    def truth(self, knowledge: Knowledge) -> bool | None:
        """True or false if every completion says so; None otherwise, or if there are too many."""
        value = self.kleene(knowledge)
        if value is not None or all(knowledge[fact].exact for fact in self.tangled):
            return value
        return self._exact(knowledge)

    def _exact(self, knowledge: Knowledge) -> bool | None:
        """With the tangled facts settled, part by part is exact: one trial that stays unknown is enough."""
        options = [
            [classes[i] for i in touched(knowledge[fact], classes)] for fact, classes in self.tangled.items()
        ]
        if prod(map(len, options)) > KEPT:
            return None
        trial, found = {fact: knowledge[fact] for fact in self.facts}, set()
        for chosen in product(*options):
            trial.update(zip(self.tangled, chosen, strict=True))
            found.add(self.kleene(trial))
            if None in found or len(found) > 1:
                return None
        return found.pop()


def merged(node: Any) -> Any:  # noqa: ANN401 - a condition of any form
    """The same with `is a or is b` as one question, which is then answered exactly even for a set."""
    parts = tuple(merged(part) for part in children(node))
    if isinstance(node, Any_):
        named: dict[str, list[Clause]] = {}
        for part in parts:
            if isinstance(part, Clause) and part.op in ("is", "in"):
                named.setdefault(part.fact, []).append(part)
        for fact, several in named.items():
            if len(several) > 1:
                values = tuple(dict.fromkeys(value for one in several for value in one.operands))
                one = Clause.model_construct(fact=fact, in_=values)
                parts = (one, *(part for part in parts if part not in several))
        same = len(parts) == len(node.any) and all(a is b for a, b in zip(parts, node.any, strict=True))
        return node if same else Any_.model_construct(any=parts)
    if all(new is old for new, old in zip(parts, children(node), strict=True)):
        return node
    return Not.model_construct(not_=parts[0]) if isinstance(node, Not) else All.model_construct(all=parts)


def tangled(condition: Any, everything: Knowledge) -> Iterator[tuple[str, tuple[Known, ...]]]:  # noqa: ANN401 - a condition of any form
    """The facts, with their classes, that a part-by-part answer may misjudge.

    Where all clauses on a fact want nested sets of values (60 and over, 80 and over), one value is at once
    the best for all of them, and another the worst: then part by part is exact already.
    """
    wanted: dict[str, list[tuple[Clause, bool]]] = {}
    for clause, plain in _polarised(condition, plain=True):
        wanted.setdefault(clause.fact, []).append((clause, plain))
    for fact, uses in wanted.items():
        classes = cells(everything[fact], [clause for clause, _ in uses])
        tests = [(compile_clause(clause, everything), plain) for clause, plain in uses]
        sets = sorted(
            ({i for i, c in enumerate(classes) if bool(test({fact: c})) is plain} for test, plain in tests),
            key=len,
        )
        if not all(inner <= outer for inner, outer in pairwise(sets)):
            yield fact, classes


def _polarised(node: object, *, plain: bool) -> Iterator[tuple[Clause, bool]]:
    if isinstance(node, Clause):
        yield node, plain
    for part in children(node):
        yield from _polarised(part, plain=plain is not isinstance(node, Not))


def undecided(piece: Piece, knowledge: Knowledge) -> list[Piece]:
    """The unknown leaves that nothing around them absorbs."""
    if piece.test(knowledge) is not None:
        return []
    if not piece.parts:
        return [piece]
    return [leaf for part in piece.parts for leaf in undecided(part, knowledge)]


def changing(space: Space, outcomes: Sequence[int], allowed: int, knowledge: Knowledge) -> list[str]:
    """The facts, not exactly known, on which alone some outcome can turn."""
    open_facts = (fact for fact in space.axes if not knowledge[fact].exact)
    return sorted(fact for fact in open_facts if space.matters(fact, outcomes, allowed))
