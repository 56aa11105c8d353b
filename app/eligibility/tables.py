"""Truth tables over every class of every fact, kept as whole numbers of which each bit is one completion."""

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from app.eligibility.clauses import cells, compile_clause, touched
from app.eligibility.conditions import All, Any_, Clause, Not, Undefined, children, clauses
from app.eligibility.facts import Knowledge, Known


class Axis(NamedTuple):
    """One fact's classes, how far apart they lie among the bits, and which completions lie in each."""

    cells: tuple[Known, ...]
    stride: int
    lies_in: tuple[int, ...]


class Bits(NamedTuple):
    """The completions that make something true, and those that make it false."""

    true: int
    false: int


class Space:
    """All completions of some facts, up to classes that no clause can tell apart."""

    def __init__(self, parts: Mapping[str, tuple[Known, ...]]) -> None:
        self.size = prod(map(len, parts.values()))
        self.full = (1 << self.size) - 1
        self.axes: dict[str, Axis] = {}
        stride = 1
        for fact, classes in parts.items():
            period = stride * len(classes)
            once = ((1 << stride) - 1) * (self.full // ((1 << period) - 1))
            self.axes[fact] = Axis(classes, stride, tuple(once << (i * stride) for i in range(len(classes))))
            stride = period

    def where(self, fact: str, chosen: Iterable[int]) -> int:
        """The completions in which a fact lies in one of the chosen classes."""
        found = 0
        for index in chosen:
            found |= self.axes[fact].lies_in[index]
        return found

    def allowed(self, knowledge: Knowledge) -> int:
        """The completions that what is known leaves open."""
        left = self.full
        for fact, axis in self.axes.items():
            met = touched(knowledge[fact], axis.cells)
            if len(met) < len(axis.cells):
                left &= self.where(fact, met)
        return left

    def clause(self, clause: Clause) -> Bits:
        """Where a clause is true and where it is false; a class is never both."""
        classes = self.axes[clause.fact].cells
        test = compile_clause(clause, {clause.fact: classes[0]})
        true = self.where(clause.fact, [i for i, c in enumerate(classes) if test({clause.fact: c})])
        return Bits(true, self.full & ~true)

    def bits(self, node: object) -> Bits:
        """Where a condition is true and where it is false; what is undefined is neither."""
        match node:
            case Clause():
                return self.clause(node)
            case Undefined():
                return Bits(0, 0)
            case Not(not_=part):
                true, false = self.bits(part)
                return Bits(false, true)
            case All():
                return self.every([self.bits(part) for part in children(node)])
            case Any_():
                true, false = self.every([Bits(b.false, b.true) for b in map(self.bits, children(node))])
                return Bits(false, true)
        raise TypeError(type(node))

    def every(self, parts: Sequence[Bits]) -> Bits:
        """Where all of some parts hold, and where one of them fails."""
        true, false = self.full, 0
        for part in parts:
            true &= part.true
            false |= part.false
        return Bits(true, false)

    def matters(self, fact: str, outcomes: Sequence[int], allowed: int) -> bool:
        """Whether two allowed completions that differ only in this fact have different outcomes."""
        stride, lies_in = self.axes[fact][1:]
        rows = [(index, row & allowed) for index, row in enumerate(lies_in) if row & allowed]
        (start, base), *others = rows
        return any(
            (outcome & base) ^ ((outcome & row) >> ((index - start) * stride))
            for outcome in outcomes
            for index, row in others
        )


def space_of(nodes: Iterable[Any], knowledge: Knowledge, most: int) -> Space | None:
    """The completions of the facts of some conditions; None if there are too many to look at."""
    by_fact: dict[str, list[Clause]] = {}
    for node in nodes:
        for clause in clauses(node):
            by_fact.setdefault(clause.fact, []).append(clause)
    parts, size = {}, 1
    for fact, found in by_fact.items():
        parts[fact] = cells(knowledge[fact], found)
        size *= len(parts[fact])
        if size > most:
            return None
    return Space(parts)
