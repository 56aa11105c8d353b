"""What one clause means for what is known about its fact, and where a fact's values stop being alike."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from app.eligibility.conditions import Clause, day
from app.eligibility.facts import ORDERED, Knowledge, Known
from app.eligibility.regions import prefix, regions_above

LEFT_OVER = "+"
Test: TypeAlias = Callable[[Knowledge], bool | None]


def compile_clause(clause: Clause, kinds: Mapping[str, Known]) -> Test:
    """The clause as a function: true, false, or None where some values left give one and some the other."""
    kind = kinds[clause.fact].type
    if kind == "region":
        return _inside(clause.fact, [str(code) for code in clause.operands])
    if kind not in ORDERED:
        return _one_of(clause.fact, frozenset(clause.operands))
    numbers = [number(value) for value in clause.operands]
    if clause.op in ("is", "in"):
        return _among(clause.fact, sorted(set(numbers)))
    if clause.op in ("at_least", "more_than"):
        return _from(clause.fact, numbers[0] + (clause.op == "more_than"))
    return _below(clause.fact, numbers[0] + (clause.op == "at_most"))


def number(value: bool | int | str) -> int:  # noqa: FBT001 - a value of any type
    """An integer as itself, a date as its ordinal."""
    found = day(value) if isinstance(value, str) else None
    return found.toordinal() if found else int(value)


def _from(fact: str, start: int) -> Test:
    def test(knowledge: Knowledge) -> bool | None:
        known = knowledge[fact]
        if known.low >= start:
            return True
        return None if known.high >= start else False

    return test


def _below(fact: str, end: int) -> Test:
    def test(knowledge: Knowledge) -> bool | None:
        known = knowledge[fact]
        if known.high < end:
            return True
        return None if known.low < end else False

    return test


def _among(fact: str, numbers: list[int]) -> Test:
    def test(knowledge: Knowledge) -> bool | None:
        known = knowledge[fact]
        met = bisect_right(numbers, known.high) - bisect_left(numbers, known.low)
        if not met:
            return False
        return True if met == known.high - known.low + 1 else None

    return test


def _one_of(fact: str, wanted: frozenset[bool | int | str]) -> Test:
    def test(knowledge: Knowledge) -> bool | None:
        values = knowledge[fact].values
        if values <= wanted:
            return True
        return False if values.isdisjoint(wanted) else None

    return test


def _inside(fact: str, codes: list[str]) -> Test:
    inner = tuple(prefix(code) for code in codes)
    outer = frozenset(above for code in codes for above in regions_above(code))

    def test(knowledge: Knowledge) -> bool | None:
        code = knowledge[fact].code
        if code.startswith(inner):
            return True
        return None if code in outer else False

    return test


def cells(known: Known, clauses: Iterable[Clause]) -> tuple[Known, ...]:
    """The values left, cut into classes on each of which every clause has one answer."""
    if known.type in ORDERED:
        cuts = {cut for clause in clauses for cut in _cuts(clause)}
        starts = [known.low, *sorted(cut for cut in cuts if known.low < cut <= known.high)]
        ends = [*(start - 1 for start in starts[1:]), known.high]
        return tuple(replace(known, low=a, high=b) for a, b in zip(starts, ends, strict=True))
    if known.type == "region":
        codes = {str(code) for clause in clauses for code in clause.operands}
        below = {code for code in codes if code.startswith(prefix(known.code))}
        return tuple(replace(known, code=_only_here(code)) for code in sorted(below | {known.code}))
    return _groups(known, [frozenset(clause.operands) for clause in clauses])


def _only_here(code: str) -> str:
    """Inside a region and in none of those named along with it, written as no clause writes a region."""
    return code + LEFT_OVER if code.endswith("00") else code


def _cuts(clause: Clause) -> Iterable[int]:
    for value in clause.operands:
        at = number(value)
        if clause.op in ("is", "in", "at_least", "less_than"):
            yield at
        if clause.op in ("is", "in", "more_than", "at_most"):
            yield at + 1


def _groups(known: Known, wanted: list[frozenset[bool | int | str]]) -> tuple[Known, ...]:
    groups: dict[tuple[bool, ...], set[bool | str]] = {}
    for value in sorted(known.values, key=str):
        groups.setdefault(tuple(value in values for values in wanted), set()).add(value)
    return tuple(replace(known, values=frozenset(group)) for group in groups.values())


def touched(known: Known, classes: tuple[Known, ...]) -> list[int]:
    """Which of a fact's classes the values left can lie in."""
    if known.type in ORDERED:
        return [i for i, c in enumerate(classes) if c.low <= known.high and known.low <= c.high]
    if known.type != "region":
        return [i for i, c in enumerate(classes) if not c.values.isdisjoint(known.values)]
    around = [i for i, c in enumerate(classes) if known.code.startswith(prefix(c.code.strip(LEFT_OVER)))]
    below = [i for i, c in enumerate(classes) if c.code.startswith(prefix(known.code))]
    # Of the classes around a place only the innermost holds it: the outer ones are what the inner leave over.
    innermost = max(around, key=lambda i: len(prefix(classes[i].code.strip(LEFT_OVER))), default=None)
    return below if innermost is None or innermost in below else [*below, innermost]
