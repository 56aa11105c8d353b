"""A part, its whole, and the percentage printed beside them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from app.consistency.amounts import Range
from app.consistency.findings import Finding
from app.consistency.statements import Statement
from app.faults import Said

PERCENT = Decimal(100)


def shares(statements: Sequence[Statement]) -> Iterator[Finding]:
    """Shares that their part and whole do not make: those of the part's name, in the part's own sentence."""
    percentages: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    wholes = {(s.slug, s.role, s.year): s for s in statements if s.kind == "indicators"}
    for statement in statements:
        if statement.printed.unit == "%" and statement.span != "annual_growth":
            percentages[statement.plan, statement.key].append(statement)
    for part in statements:
        whole = wholes.get((part.part_of or "", part.role, part.year))
        if whole is None or whole.printed.unit != part.printed.unit or whole.printed.value <= 0:
            continue
        for share in percentages[part.plan, part.key]:
            if (share.role, share.year) == (part.role, part.year) and share.same_words(part):
                yield from _compared(part, whole, share)


def _compared(part: Statement, whole: Statement, share: Statement) -> Iterator[Finding]:
    low, high = part.printed.rounded
    least, most = whole.printed.rounded
    made = Range(low / most * PERCENT, high / least * PERCENT)
    if not made.meets(share.printed.cut_or_rounded):
        ratio = part.printed.value / whole.printed.value * PERCENT
        arithmetic = f"{part.printed}÷{whole.printed}={ratio:.2f}%"
        yield Finding(
            "total_against_parts",
            (share, part, whole),
            Said(f"{arithmetic}, while {share} is printed.", f"{arithmetic}，而所列为{share}。"),
        )
