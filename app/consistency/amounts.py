"""Printed amounts: the number, how exactly it is printed, and what it is counted in."""

import re
from decimal import Decimal
from typing import NamedTuple

from app.indexing import plain

# What a unit's first character multiplies by; 万 also stands alone.
MULTIPLES = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}
# Units that count the same.
ALIKE = {"名": "人", "位": "人", "％": "%", "个百分点": "%", "百分点": "%"}
# What cannot be halved: counted one by one, it is printed exactly.
WHOLE = set("人个所家户套张件项辆台次处床起片门座支") | {"人次"}
NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?")


class Range(NamedTuple):
    """What a value can be, given how it is printed."""

    low: Decimal
    high: Decimal

    def meets(self, other: "Range") -> bool:
        return self.low <= other.high and other.low <= self.high


class Amount(NamedTuple):
    """A printed number in its base unit: 0.6351 万人 is 6351 人, give or take half of 1 人."""

    value: Decimal
    half: Decimal  # half of the last printed digit
    unit: str | None

    @property
    def rounded(self) -> Range:
        """All that would be printed like this, if it was rounded."""
        return Range(self.value - self.half, self.value + self.half)

    @property
    def cut_or_rounded(self) -> Range:
        """The same if its further digits may also have been left away."""
        away = 2 * self.half
        return Range(
            self.value - (away if self.value < 0 else self.half),
            self.value + (away if self.value > 0 else self.half),
        )

    def agrees(self, other: "Amount") -> bool:
        """Whether both may be the same amount, printed with more digits and with fewer."""
        fine, coarse = sorted((self, other), key=lambda amount: amount.half)
        if fine.half == coarse.half:
            return fine.value == coarse.value
        return coarse.cut_or_rounded.meets(fine.rounded)

    def __str__(self) -> str:
        return f"{self.value.normalize():f}{self.unit or ''}"


def amount(value: float | None, text: str | None, unit: str | None) -> Amount | None:
    """The amount that a document holds as `value`, printed as `text` and counted in `unit`."""
    if value is None:
        return None
    number = Decimal(str(value))
    digits, behind = _as_printed(number, text or "")
    multiple, base = base_unit(unit)
    if behind[:1] in MULTIPLES:
        multiple = MULTIPLES[behind[0]]
        base = base or base_unit(behind)[1]
    elif base and behind.startswith(base):
        multiple = Decimal(1)  # the unit is printed, and without what the document multiplies it by
    half = Decimal(1).scaleb(-digits) / 2 * multiple
    if multiple == 1 and digits == 0 and base in WHOLE:
        half = Decimal(0)
    return Amount(number * multiple, half, base)


def _as_printed(value: Decimal, text: str) -> tuple[int, str]:
    """How many decimals of a number are printed, and what stands right behind it."""
    for found in NUMBER.finditer(text):
        printed = Decimal(found[0].replace(",", "").replace("−", "-"))
        if abs(printed) == abs(value):
            return -int(printed.as_tuple().exponent), text[found.end() :].strip()
    return max(0, -int(value.normalize().as_tuple().exponent)), ""


def base_unit(unit: str | None) -> tuple[Decimal, str | None]:
    """A unit's multiple and the unit without it: 万人次 is 10,000 and 人次."""
    if not unit:
        return Decimal(1), None
    clean = plain(unit).strip()
    if clean[:1] in MULTIPLES:
        return MULTIPLES[clean[0]], ALIKE.get(clean[1:], clean[1:]) or None
    return Decimal(1), ALIKE.get(clean, clean)
