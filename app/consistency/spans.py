"""One year against five: yearly figures beside totals of the plan's whole period."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product

from app.consistency.amounts import Range
from app.consistency.findings import Finding
from app.consistency.statements import Statement
from app.faults import Said

YEARS = 5


def year_against_years(statements: Sequence[Statement]) -> Iterator[Finding]:
    """Where a yearly figure and a five-year total stand for the same thing and do not go together."""
    groups: dict[tuple[str, str, str | None], list[Statement]] = defaultdict(list)
    for statement in statements:
        if statement.kind == "indicators" and statement.printed.value > 0:
            groups[statement.text_file, statement.key, statement.printed.unit].append(statement)
    for group in groups.values():
        yearly = [s for s in group if s.span == "annual"]
        total = [s for s in group if s.span == "five_years"]
        for one, five in product(yearly, total):
            finding = _one_row(one, five) or _one_number(one, five) or _times_five(one, five, yearly)
            if finding:
                yield finding


def _one_row(one: Statement, five: Statement) -> Finding | None:
    """A baseline of one year beside a target of five, as if the one were to grow into the other."""
    if one.document != five.document or (one.role, five.role) != ("observed", "aimed"):
        return None
    ratio = five.printed.value / (YEARS * one.printed.value)
    return _finding(
        one,
        five,
        f"the baseline is of one year, the target of five; a year's share of it is {ratio:.0%} of the baseline",
        f"基期为一年数，目标为五年累计数；年均为基期的{ratio:.0%}",
    )


def _one_number(one: Statement, five: Statement) -> Finding | None:
    """The very same number as one year's and as five years'."""
    if one.year != five.year or one.role != five.role or one.printed.value != five.printed.value:
        return None
    return _finding(
        one, five, "the same number for one year and for five", "同一数值既为一年数又为五年累计数"
    )


def _times_five(one: Statement, five: Statement, yearly: Sequence[Statement]) -> Finding | None:
    """A total that five years of the yearly figure, or of those from its baseline to its target, cannot make."""
    if (one.role, five.role) != ("aimed", "aimed") or one.comparator == "about":
        return None
    start = next((s for s in yearly if s.role == "observed" and s.document == one.document), None)
    if start is None and one.year is not None:
        return None  # one single year, which says nothing of the others
    # What is aimed at is meant as it is printed; only what was observed may be rounded.
    steps = [Range(one.printed.value, one.printed.value)] + ([start.printed.rounded] if start else [])
    made = Range(YEARS * min(step.low for step in steps), YEARS * max(step.high for step in steps))
    printed = five.printed.rounded
    open_above = five.comparator in {"at_least", "more_than", "about"} and printed.high < made.low
    growing = one.comparator in {"at_least", "more_than"} and printed.low > made.high
    if made.meets(printed) or open_above or growing:
        return None
    years = " … ".join(str(s.printed) for s in (start, one) if s)
    span = " … ".join(f"{YEARS * s.printed.value.normalize():f}" for s in (start, one) if s)
    return _finding(
        one,
        five,
        f"five years of {years} make {span}, not {five.printed}",
        f"5×{years}={span}，与{five.printed}不符",
    )


def _finding(one: Statement, five: Statement, en: str, zh: str) -> Finding:
    return Finding(
        "one_year_against_five_years",
        (one, five),
        Said(f"{one} — {five}: {en}.", f"{one}——{five}：{zh}。"),
    )
