"""Whether a standard promises more or less than another; pure.

A standard bounds a quantity: at least so much, at most so long. It is tightened where it allows less than before,
loosened where it allows more, and reworded where it allows the same in other words. A single value (为, 约) bounds from
below where more is better for the person, and from above where less is (deadlines, distances, what is or becomes
nought: 免费, 动态清零). Values are compared in
common units; what has no common unit, and what does not contain one another, is neither tightened nor loosened.
"""

from math import inf
from typing import Any, Literal, NamedTuple

from app.comparison.units import SMALLER_IS_BETTER, Common, common, nothing_left

Direction = Literal["tightened", "loosened", "same", "unlike"]
# All that says how much is promised; the rest of a standard says of what, to whom and when.
QUANTITY = (
    "value_text",
    "value",
    "value_high",
    "comparator",
    "unit",
    "per",
    "measure",
    "period",
    "value_derived",
)


class Bounds(NamedTuple):
    """The values that keep the promise; an end is open where the value itself does not."""

    low: tuple[float, int]
    high: tuple[float, int]

    def within(self, other: "Bounds") -> bool:
        return other.low <= self.low and self.high <= other.high


def direction(before: dict[str, Any], after: dict[str, Any]) -> tuple[Direction, str | None]:
    """How the second standard stands to the first, and what was converted to see it."""
    one, other = in_common(before), in_common(after)
    alike = all(before[field] == after[field] for field in ("measure", "period"))
    if one is None or other is None or not alike or (one.unit, one.per) != (other.unit, other.per):
        return "unlike", None
    # What was counted alike already needs no conversion to be understood.
    unlike = any(before[field] != after[field] for field in ("unit", "per"))
    converted = "；".join(filter(None, (one.converted, other.converted))) if unlike else ""
    less = less_is_better(before["measure"], one, other)
    was, now = bounds(before, one, less=less), bounds(after, other, less=less)
    return _held_against(before, was, after, now), converted or None


def _held_against(
    before: dict[str, Any], one: Bounds | None, after: dict[str, Any], other: Bounds | None
) -> Direction:
    if one is None or other is None:
        return "unlike"
    if one == other:
        vague = (before["comparator"] == "about", after["comparator"] == "about")
        return "loosened" if vague == (False, True) else "tightened" if vague == (True, False) else "same"
    if other.within(one):
        return "tightened"
    return "loosened" if one.within(other) else "unlike"


def in_common(standard: dict[str, Any]) -> Common | None:
    if standard["value"] is None:
        return None
    return common(standard["value"], standard["unit"], standard["per"])


def less_is_better(measure: str, one: Common, other: Common) -> bool:
    return measure in SMALLER_IS_BETTER or nothing_left(one.value, other.value)


def bounds(standard: dict[str, Any], lowest: Common, *, less: bool) -> Bounds | None:
    """The bounds in the common unit; None for a range without its other end."""
    value, comparator = lowest.value, standard["comparator"]
    if comparator == "range":
        if standard["value_high"] is None:
            return None
        return Bounds(
            (value, 0), (common(standard["value_high"], standard["unit"], standard["per"]).value, 0)
        )
    if comparator in ("equal", "about"):
        comparator = "at_most" if less else "at_least"
    if comparator in ("at_least", "more_than"):
        return Bounds((value, int(comparator == "more_than")), (inf, 0))
    return Bounds((-inf, 0), (value, -int(comparator == "less_than")))
