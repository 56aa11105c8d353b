"""The same thing said twice with two values: within one plan, or between two plans of one file."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from app.consistency.findings import Finding
from app.consistency.statements import Statement
from app.discrepancies.models import Contradiction
from app.faults import Said

LOWER, UPPER = ("at_least", "more_than"), ("at_most", "less_than")
STRICT = ("more_than", "less_than")
BOUNDS = {"at_least": "≥", "more_than": ">", "at_most": "≤", "less_than": "<", "about": "≈"}
# Further apart than this, two powers of ten, and nobody would take it for the slip of a unit.
MOST_DIGITS = 8
# A shorter name than this may stand for anything.
SHORTEST = 6


def twice(statements: Sequence[Statement]) -> Iterator[Finding]:
    """Two statements on the same thing, of which at most one can be meant."""
    for group in _alike(statements).values():
        for first, second in combinations(group, 2):
            if _same_thing(first, second):
                if first.key == second.key:
                    yield from _compared(first, second)
                elif first.printed.agrees(second.printed) and _longer_name(first.key, second.key):
                    yield from _bounds(first, second)


def _alike(statements: Sequence[Statement]) -> dict[tuple[str, str, str | None], list[Statement]]:
    """Candidates: what has the same name, or may be the longer and the shorter name of one thing."""
    groups: dict[tuple[str, str, str | None], list[Statement]] = defaultdict(list)
    for statement in statements:
        groups[statement.text_file, statement.role, statement.key[-1:]].append(statement)
    return groups


def _longer_name(first: str, second: str) -> bool:
    """Whether one name is the other with characters left out: 高中阶段(教育)毛入学率."""
    short, long = sorted((first, second), key=len)
    rest = iter(long)
    return len(short) >= SHORTEST and all(character in rest for character in short)


def _same_thing(first: Statement, second: Statement) -> bool:
    return (
        first.document != second.document
        and first.population == second.population
        and (None in {first.measured, second.measured} or first.measured == second.measured)
        and first.part_of == second.part_of
        and _same_year(first, second)
        and _same_span(first, second)
        and not _one_after_the_other(first, second)
    )


def _one_after_the_other(first: Statement, second: Statement) -> bool:
    """Two figures of one sentence, or of one section's review, were written down as two things."""
    if first.same_words(second):
        return True
    in_text = first.table is None and second.table is None
    return in_text and first.role == "observed" and first.section == second.section


def _same_year(first: Statement, second: Statement) -> bool:
    """A target without a year is one for the plan's last."""
    return first.year == second.year or (first.role == "aimed" and None in {first.year, second.year})


def _same_span(first: Statement, second: Statement) -> bool:
    spans = {first.span, second.span} - {None, "level"}
    return len(spans) < 2 and ("five_years" not in spans or first.span == second.span)  # noqa: PLR2004 - no two different ones


def _compared(first: Statement, second: Statement) -> Iterator[Finding]:
    pair = (first, second)
    if first.printed.unit != second.printed.unit:
        # The same number of something else is no coincidence.
        if first.printed.value == second.printed.value and None not in {s.printed.unit for s in pair}:
            yield _finding(
                "unit_differs", pair, "the same number, counted in two units", "数值相同，单位不同"
            )
    elif first.printed.agrees(second.printed):
        yield from _bounds(first, second)
    elif (digits := _digits_apart(first, second)) is not None:
        times = 10 ** abs(digits)
        yield _finding(
            "unit_differs", pair, f"one is {times:,} times the other", f"两者恰为{times}倍，疑为单位有误"
        )
    elif not _both_possible(first, second):
        yield _finding(_type(pair), pair, "the same thing with two values", "同一事项，两个数值")


def _bounds(first: Statement, second: Statement) -> Iterator[Finding]:
    """The same number, but not the same side of it. What was observed may well keep a bound."""
    bounds = {_bound(first), _bound(second)}
    observed_exactly = first.role == "observed" and (first.exact or second.exact)
    if len(bounds) > 1 and "about" not in bounds and not observed_exactly:
        yield _finding(
            _type((first, second)),
            (first, second),
            "the same number with and without a bound, or a bound with and without the number itself",
            "数值相同，界限不同（是否含本数、是否为上下限）",
        )


def _bound(statement: Statement) -> str:
    return statement.comparator or "equal"


def _both_possible(first: Statement, second: Statement) -> bool:
    """Two targets must be one; of two observations one may be a bound that the other keeps."""
    if "about" in {_bound(first), _bound(second)}:
        low, high = sorted((first.printed.value, second.printed.value))
        return high <= low * Decimal("1.1")
    if first.role == "aimed" or (first.exact and second.exact):
        return False
    exact, bound = (first, second) if first.exact else (second, first)
    if not exact.exact:
        return True
    keeps = exact.printed.value >= bound.printed.value
    return keeps if bound.comparator in LOWER else not keeps


def _digits_apart(first: Statement, second: Statement) -> int | None:
    """By how many powers of ten two amounts differ, if by those alone."""
    a, b = first.printed, second.printed
    if a.value <= 0 or b.value <= 0:
        return None
    for digits in range(1, MOST_DIGITS):
        for power in (digits, -digits):
            factor = Decimal(10) ** power
            if a._replace(value=a.value * factor, half=a.half * factor).agrees(b):
                return power
    return None


def _type(pair: tuple[Statement, Statement]) -> Contradiction:
    in_table = [statement.table is not None for statement in pair]
    return "table_against_text" if in_table[0] != in_table[1] else "same_name_two_values"


def _finding(kind: Contradiction, pair: tuple[Statement, Statement], en: str, zh: str) -> Finding:
    both = [f"{statement} [{BOUNDS.get(statement.comparator, '=')}]" for statement in pair]
    return Finding(kind, pair, Said(f"{both[0]} — {both[1]}: {en}.", f"{both[0]}——{both[1]}：{zh}。"))
