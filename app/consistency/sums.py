"""Totals against their parts: rows that begin with 其中, and years that make a total of five."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from app.consistency.amounts import Range
from app.consistency.findings import Finding
from app.consistency.spans import YEARS
from app.consistency.statements import Statement
from app.faults import Said

# Parts that come this close to their total were meant to make it up; else they are some of it.
NEARLY = Decimal("0.05")
# People and times are added up as printed; that the units differ is said elsewhere.
COUNTS_AS = {"人次": "人"}
FEWEST = 2


class Parts(NamedTuple):
    """A total, and what is printed as part of it in the same unit."""

    total: Statement
    parts: Sequence[Statement]


def parts_of_totals(statements: Sequence[Statement]) -> Iterator[Finding]:
    """A part above its total, and parts that nearly make it up and do not."""
    by_facet = {(s.slug, _facet(s)): s for s in statements if s.kind == "indicators"}
    parts: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    for statement in statements:
        if statement.part_of is not None and statement.kind == "indicators":
            parts[statement.part_of, _facet(statement)].append(statement)
    for place, some in parts.items():
        total = by_facet.get(place)
        if total is None or total.printed.unit == "%" or total.comparator == "about":
            continue
        counted = [part for part in some if _unit(part) == _unit(total)]
        yield from _above(total, counted)
        yield from nearly(Parts(total, counted))


def _facet(statement: Statement) -> str:
    return statement.field if statement.year is None else f"{statement.role} {statement.year}"


def _unit(statement: Statement) -> str | None:
    unit = statement.printed.unit
    return COUNTS_AS.get(unit or "", unit)


def _above(total: Statement, parts: Sequence[Statement]) -> Iterator[Finding]:
    if total.comparator in {"at_least", "more_than"}:
        return
    for part in parts:
        least = part.comparator not in {"at_most", "less_than"}
        if least and part.printed.rounded.low > total.printed.rounded.high:
            yield Finding(
                "total_against_parts",
                (total, part),
                Said(f"{part} is more than the whole, {total}.", f"{part}，大于总数{total}。"),
            )


def nearly(sum_of: Parts) -> Iterator[Finding]:
    """Parts that come so close to their total that they were meant to make it up, and do not."""
    total, parts = sum_of
    if len(parts) < FEWEST or not all(part.exact for part in [*parts, total]):
        return
    whole = sum((part.printed.value for part in parts), Decimal(0))
    near = abs(whole - total.printed.value) <= NEARLY * total.printed.value
    if near and not _sum(parts).meets(total.printed.rounded):
        yield _finding(total, parts, whole)


def _sum(parts: Sequence[Statement]) -> Range:
    ranges = [part.printed.rounded for part in parts]
    return Range(sum((r.low for r in ranges), Decimal(0)), sum((r.high for r in ranges), Decimal(0)))


def _finding(total: Statement, parts: Sequence[Statement], whole: Decimal) -> Finding:
    terms = "+".join(f"{part.printed.value.normalize():f}" for part in parts)
    arithmetic = f"{terms}={whole.normalize():f}"
    return Finding(
        "total_against_parts",
        (total, *parts),
        Said(
            f"{arithmetic}, while {total} is printed, {total.printed}.",
            f"{arithmetic}，而所列为{total}，即{total.printed}。",
        ),
    )


def years_of_totals(statements: Sequence[Statement]) -> Iterator[Finding]:
    """A printed total of five years against the five years printed one by one."""
    series: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    for statement in statements:
        if statement.field.startswith("series") and statement.span == "annual":
            series[statement.plan, statement.key].append(statement)
    for total in statements:
        if total.span != "five_years" or total.role != "observed" or total.year is None:
            continue
        wanted = range(total.year - YEARS + 1, total.year + 1)
        years = [s for s in series[total.plan, total.key] if s.year in wanted and _unit(s) == _unit(total)]
        if [s.year for s in years] == list(wanted) and not _sum(years).meets(total.printed.rounded):
            yield _finding(total, years, sum((s.printed.value for s in years), Decimal(0)))
