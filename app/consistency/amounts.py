"""Printed amounts: the number, how exactly it is printed, and what it is counted in."""

import re
from decimal import Decimal
from typing import NamedTuple

from app.search import plain

# What a unit's first character multiplies by; 万 also stands alone.
MULTIPLES = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}
# Units that count the same.
ALIKE = {"名": "人", "位": "人", "％": "%", "个百分点": "%", "百分点": "%"}
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
    number, digits, follows = _as_printed(Decimal(str(value)), text or "")
    multiple, base = base_unit(follows or unit)
    if unit and base != base_unit(unit)[1]:
        multiple, base = base_unit(unit)
    return Amount(number * multiple, Decimal(1).scaleb(-digits) / 2 * multiple, base)


def _as_printed(value: Decimal, text: str) -> tuple[Decimal, int, str | None]:
    """The number, how many decimals are printed, and the unit right behind it."""
    for found in NUMBER.finditer(text):
        printed = Decimal(found[0].replace(",", "").replace("−", "-"))
        if abs(printed) == abs(value):
            unit = re.match(r"[万亿]?[^\W\d_]{0,2}|[%％‰]", text[found.end() :])
            return value, -int(printed.as_tuple().exponent), _known_unit(unit[0] if unit else "")
    return value, max(0, -int(value.normalize().as_tuple().exponent)), None


def _known_unit(text: str) -> str | None:
    """A multiple printed behind the number counts, whatever unit the document names."""
    return text if text[:1] in MULTIPLES else None


def base_unit(unit: str | None) -> tuple[Decimal, str | None]:
    """A unit's multiple and the unit without it: 万人次 is 10,000 and 人次."""
    if not unit:
        return Decimal(1), None
    clean = plain(unit).strip()
    if clean[:1] in MULTIPLES:
        return MULTIPLES[clean[0]], ALIKE.get(clean[1:], clean[1:]) or None
    return Decimal(1), ALIKE.get(clean, clean)
