"""Growth that does not follow from where it starts and where it ends."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.consistency.amounts import Amount, Range, amount
from app.consistency.findings import Finding
from app.consistency.statements import Statement, quotes_of
from app.faults import Said
from app.indicators.models import IndicatorContent
from app.provenance import normalised

PERCENT = Decimal(100)
PERIOD = 5
GREW = re.compile(r"增长(?!到|至|为)|增加(?!到|至|为)|提高(?!到|至|为)|上升(?!到|至|为)")


@dataclass(frozen=True)
class Growth:
    """A printed growth: how much, in what, over one year or over all of them."""

    printed: Amount
    text: str
    unit: str  # "%", "points" or "times"
    yearly: bool
    grew: bool  # the text says “grew by”, not “is … of what it was”


def growths(indicators: Sequence[IndicatorContent], statements: Sequence[Statement]) -> Iterator[Finding]:
    """Each indicator's growth against its two ends; where it prints only one, against that of its namesakes."""
    of: dict[str, list[Statement]] = defaultdict(list)
    namesakes: dict[tuple[str, str, str | None], list[Statement]] = defaultdict(list)
    for statement in statements:
        if statement.kind == "indicators":
            of[statement.slug].append(statement)
            if statement.role == "observed":
                namesakes[statement.text_file, statement.key, statement.printed.unit].append(statement)
    for indicator in indicators:
        growth, own = _growth(indicator), of[indicator.slug]
        if growth is None or not own:
            continue
        ends = _ends(own)
        if ends is None:
            alike = namesakes[own[0].text_file, own[0].key, own[0].printed.unit]
            ends = _with_a_namesake(own[0], alike)
        if ends is not None and None not in {ends[0].year, ends[1].year}:
            yield from _compared(growth, *ends)


def multiples(indicators: Sequence[IndicatorContent], statements: Sequence[Statement]) -> Iterator[Finding]:
    """“Grew n times” over a period beside its growth a year, in one sentence."""
    times: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    observed: dict[str, Statement] = {}
    for statement in statements:
        if statement.kind == "indicators" and statement.field == "baseline":
            observed[statement.slug] = statement
            if statement.printed.unit == "倍":
                times[statement.plan, statement.key].append(statement)
    for indicator in indicators:
        growth, end = _growth(indicator), observed.get(indicator.slug)
        if growth is None or end is None or not growth.yearly or growth.unit != "%":
            continue
        for multiple in times[end.plan, end.key]:
            if multiple.year == end.year and multiple.same_words(end):
                yield from _over_the_period(growth, end, multiple)


def _over_the_period(growth: Growth, end: Statement, multiple: Statement) -> Iterator[Finding]:
    grew = any(_grew(quote, multiple.text) for quote in multiple.quotes)
    low, high = (
        (1 + rate / PERCENT) ** PERIOD - (1 if grew else 0) for rate in growth.printed.cut_or_rounded
    )
    if not Range(low, high).meets(multiple.printed.cut_or_rounded):
        ratio = (1 + growth.printed.value / PERCENT) ** PERIOD
        yield Finding(
            "growth_does_not_follow",
            (end, multiple),
            Said(
                f"{growth.text} a year make {ratio:.2f} times in {PERIOD} years (a growth of {ratio - 1:.2f} "
                f"times), while {multiple} is printed.",
                f"年均{growth.text}，{PERIOD}年为{ratio:.2f}倍（即增长{ratio - 1:.2f}倍），而所列为{multiple}。",
            ),
        )


def _growth(indicator: IndicatorContent) -> Growth | None:
    point = indicator.growth
    printed = amount(point.value, point.text, None) if point else None
    if point is None or printed is None:
        return None
    text = point.text or ""
    unit = "points" if "百分点" in text else "times" if "倍" in text else "%"
    grew = any(_grew(quote, text) for quote in quotes_of(indicator.sources, "growth", text))
    return Growth(printed, text, unit, point.span == "annual_growth", grew)


def _grew(quote: str, text: str) -> bool:
    """Whether the words before a figure, in its own clause, say that something grew by it."""
    quote, text = normalised(quote), normalised(text)
    before = quote.partition(text)[0] if text in quote else ""
    return bool(GREW.search(re.split(r"[。；;]", before)[-1]))


def _ends(own: Sequence[Statement]) -> tuple[Statement, Statement] | None:
    """A row's baseline and target, or the first and the last of its years."""
    by_field = {statement.field: statement for statement in own}
    if "baseline" in by_field and "target" in by_field:
        return by_field["baseline"], by_field["target"]
    dated = sorted((s for s in own if s.field.startswith("series") and s.year), key=lambda s: s.year or 0)
    return (dated[0], dated[-1]) if len(dated) > 1 else None


def _with_a_namesake(end: Statement, alike: Sequence[Statement]) -> tuple[Statement, Statement] | None:
    if end.role != "observed" or end.year is None:
        return None
    starts = [s for s in alike if s.year == end.year - PERIOD and s.span in {None, end.span}]
    return (starts[0], end) if len(starts) == 1 else None


def _compared(growth: Growth, start: Statement, end: Statement) -> Iterator[Finding]:
    if start.printed.value <= 0 or start.printed.unit != end.printed.unit:
        return
    if {start.span, end.span} not in ({start.span}, {start.span, None}, {end.span, None}):
        return  # one year against five, which is said elsewhere
    made = _made(growth, start, end)
    if not _keeps(end.comparator, growth, made):
        yield _finding(growth, start, end)


def _made(growth: Growth, start: Statement, end: Statement) -> Range:
    """What a growth can be, given how both ends are printed."""
    (low, high), (least, most) = end.printed.rounded, start.printed.rounded
    if growth.unit == "points":
        return Range(low - most, high - least)
    years = (end.year or 0) - (start.year or 0)
    ratios = (low / most, high / least)
    if growth.yearly:
        ratios = (_root(ratios[0], years), _root(ratios[1], years))
    if growth.unit == "times":
        return Range(*(ratio - (1 if growth.grew else 0) for ratio in ratios))
    return Range(*((ratio - 1) * PERCENT for ratio in ratios))


def _root(ratio: Decimal, years: int) -> Decimal:
    return max(ratio, Decimal(0)) ** (Decimal(1) / years) if years > 0 else ratio


def _keeps(comparator: str, growth: Growth, made: Range) -> bool:
    printed = growth.printed.cut_or_rounded
    if made.meets(printed):
        return True
    # An end that is at least so much may be as much as the growth makes of it.
    if comparator in {"at_least", "more_than"}:
        return printed.low > made.high
    if comparator in {"at_most", "less_than"}:
        return printed.high < made.low
    return comparator == "about"


def _finding(growth: Growth, start: Statement, end: Statement) -> Finding:
    years = (end.year or 0) - (start.year or 0)
    ratio = end.printed.value / start.printed.value
    of_all, a_year = (ratio - 1) * PERCENT, (_root(ratio, years) - 1) * PERCENT
    difference = end.printed.value - start.printed.value
    en = f"in all {of_all:.2f} % ({ratio:.2f} times), {a_year:.2f} % a year, difference {difference:f}"
    zh = f"共增长{of_all:.2f}%（为{ratio:.2f}倍），年均{a_year:.2f}%，相差{difference:f}"
    return Finding(
        "growth_does_not_follow",
        (start, end),
        Said(
            f"{start} → {end}: {en}, while {growth.text} is printed.",
            f"{start}→{end}：{zh}，而所列为{growth.text}。",
        ),
    )
