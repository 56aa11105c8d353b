"""Amounts made comparable: one unit and one period, and a sentence that says what was converted."""

from typing import NamedTuple

# Unit as printed → common unit and factor.
UNITS = {
    "万元": ("元", 10_000.0),
    "亿元": ("元", 100_000_000.0),
    "小时": ("分钟", 60.0),
    "个小时": ("分钟", 60.0),
    "公里": ("米", 1_000.0),
    "千米": ("米", 1_000.0),
    "万人": ("人", 10_000.0),
    "万人次": ("人次", 10_000.0),
    "％": ("%", 1.0),
}
# Period → common period and factor.
PERIODS = {
    "month": ("year", 12.0),
    "person_month": ("person_year", 12.0),
    "household_month": ("household_year", 12.0),
}

# Measures of which less is better for the person.
SMALLER_IS_BETTER = {"deadline", "distance"}


class Common(NamedTuple):
    """A value in its common unit; `converted` says how it got there, None if nothing was done."""

    value: float
    unit: str | None
    per: str | None
    converted: str | None


def common(value: float, unit: str | None, per: str | None) -> Common:
    """The same quantity in the unit and period that all plans are compared in."""
    into, by_unit = UNITS.get(unit or "", (unit, 1.0))
    # A share does not add up over the months of a year.
    period, by_period = (per, 1.0) if into == "%" else PERIODS.get(per or "", (per, 1.0))
    factor = by_unit * by_period
    result = round(value * factor, 6)
    if (into, period) == (unit, per):
        return Common(result, into, period, None)
    before, after = "/".join(filter(None, (unit, per))), "/".join(filter(None, (into, period)))
    said = f"{_plain(value)} {before} × {_plain(factor)} = {_plain(result)} {after}"
    return Common(result, into, period, said)


def nothing_left(*values: float) -> bool:
    """Whether one of them promises nought: that is a burden taken away (免费, 动态清零), so less of it is better."""
    return 0 in values


def _plain(number: float) -> str:
    """Every digit that a result is kept with, and no exponent: 27500000, 14814.72."""
    return f"{number:.6f}".rstrip("0").rstrip(".")
