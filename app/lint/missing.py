"""Findings about what is not there, or no longer says how things are."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from app.faults import Said
from app.lint.days import EVER, Days, joined, without
from app.lint.findings import Finding
from app.lint.histories import Histories, Key, Stretch


def without_rule(histories: Histories, key: Key) -> Iterator[Finding]:
    """Services of which nothing says who is entitled."""
    said = Said("No rule says who is entitled to it.", "没有资格规则说明谁可享受。")
    yield from _unserved(histories, key, "rules", "service-without-rule", said)


def without_standard(histories: Histories, key: Key) -> Iterator[Finding]:
    """Services of which nothing says what people can expect."""
    said = Said("No standard says what people can expect.", "没有服务标准说明可得到什么。")
    yield from _unserved(histories, key, "standards", "service-without-standard", said)


def _unserved(histories: Histories, key: Key, kind: str, code: str, said: Said) -> Iterator[Finding]:
    of = key[1]
    served = [
        stretch.days
        for other in histories.having(kind, "service", of)
        for stretch in histories.in_force(other)
        if stretch.version.says["service"] == of
    ]
    for version, days in histories.in_force(key):
        for left in without([days], served):
            yield Finding(code, version, left, said)


def miscounted(histories: Histories, key: Key) -> Iterator[Finding]:
    """Domains that claim another number of services than are listed for them on a day."""
    listed = [
        stretch
        for other in histories.having("services", "domain", key[1])
        for stretch in histories.in_force(other)
        if stretch.version.says["listed"] and stretch.version.says["domain"] == key[1]
    ]
    for version, days in histories.in_force(key):
        claimed = version.says["claimed_count"]
        if claimed is None:
            continue
        for part, found in _counted(days, listed):
            if found != claimed:
                yield Finding(
                    "domain-miscounted",
                    version,
                    part,
                    Said(
                        f"The plan claims {claimed} services here, {found} are listed.",
                        f"规划称共计{claimed}项，清单中有{found}项。",
                    ),
                    field="claimed_count",
                )


def _counted(days: Days, listed: list[Stretch]) -> Iterator[tuple[Days, int]]:
    """How many of some stretches lie over each part of some days."""
    change: Counter[date] = Counter()
    for stretch in listed:
        if both := days.common(stretch.days):
            change[both.first] += 1
            change[both.until] -= 1
    steps = sorted({days.first, days.until, *change})
    number = 0
    for first, until in pairwise(steps):
        number += change[first]
        yield Days(first, until), number


def ended(histories: Histories, key: Key) -> Iterator[Finding]:
    """Plans whose period is over, and no plan of their region begins later."""
    for version, days in histories.in_force(key):
        end = version.says["period_end"]
        if end is None or end >= EVER:
            continue
        after = days.common(Days(date.fromordinal(end.toordinal() + 1)))
        followed = [
            stretch.days
            for other in histories.having("plans", "region", version.says["region"])
            if other != key
            for stretch in histories.in_force(other)
            if (stretch.version.says["period_start"] or date.min) > end
        ]
        for left in without([after] if after else [], followed):
            yield Finding(
                "plan-ended",
                version,
                left,
                Said(
                    f"Its period ended on {end}, and the region has no plan for what follows.",
                    f"规划期已于{end}届满，该地区尚无后续规划。",
                ),
                field="period_end",
            )


def year_passed(histories: Histories, key: Key) -> Iterator[Finding]:
    """Standards for a year that is over."""
    for version, days in histories.in_force(key):
        year = version.says["year"]
        if year is None or not date.min.year <= year < EVER.year:
            continue
        if after := days.common(Days(date(year + 1, 1, 1))):
            said = Said(f"It is stated for {year}, which is over.", f"该标准为{year}年所定，该年已过。")
            yield Finding("standard-year-passed", version, after, said, field="year")


def standing(histories: Histories, key: Key) -> Iterator[Finding]:
    """Contradictions that nobody has resolved."""
    for version, days in joined_stretches(histories, key):
        said = Said("The statements still contradict each other.", "相互矛盾的表述尚未得到澄清。")
        yield Finding("discrepancy-standing", version, days, said)


def joined_stretches(histories: Histories, key: Key) -> Iterator[Stretch]:
    """What is in force, corrections of a version not counted: with the version that begins it."""
    of = histories.in_force(key)
    for days in joined(stretch.days for stretch in of):
        yield Stretch(next(s.version for s in of if s.days.first == days.first), days)


def uncategorised(histories: Histories, key: Key) -> Iterator[Finding]:
    """Concepts outside of the national scheme."""
    for version, days in histories.in_force(key):
        if version.says["category"] is None:
            said = Said("It has no category of the national scheme.", "未标注国家分类。")
            yield Finding("concept-without-category", version, days, said, field="category")
