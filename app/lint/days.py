"""Stretches of days: when a version applies, and for how long something is so."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

# “For ever”: no version begins on it.
EVER = date.max


class Days(NamedTuple):
    """From `first` on, `until` excluded."""

    first: date
    until: date = EVER

    def common(self, other: "Days") -> "Days | None":
        both = Days(max(self.first, other.first), min(self.until, other.until))
        return both if both.first < both.until else None


def without(days: Iterable[Days], taken: Iterable[Days]) -> list[Days]:
    """What of some days lies in none of others."""
    left = list(days)
    for one in taken:
        left = [
            part
            for stretch in left
            for part in (
                Days(stretch.first, min(stretch.until, one.first)),
                Days(max(stretch.first, one.until), stretch.until),
            )
            if part.first < part.until
        ]
    return left


def joined(days: Iterable[Days]) -> list[Days]:
    """The same days with stretches that touch each other made one."""
    whole: list[Days] = []
    for stretch in sorted(days):
        if whole and stretch.first <= whole[-1].until:
            whole[-1] = Days(whole[-1].first, max(whole[-1].until, stretch.until))
        else:
            whole.append(stretch)
    return whole
