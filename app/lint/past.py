"""Findings about a history itself: gaps, versions that overtake each other, and versions that never apply."""

from collections.abc import Iterator
from itertools import pairwise

from app.faults import Said
from app.lint.days import EVER, Days
from app.lint.findings import Finding
from app.lint.histories import Histories, Key, Stretch, stretches


def gaps(histories: Histories, key: Key) -> Iterator[Finding]:
    """Withdrawn, and in force again later."""
    ended: Stretch | None = None
    begun = False
    for stretch in histories.of(key):
        if stretch.version.withdrawn:
            ended = ended or (stretch if begun else None)
            continue
        begun = True
        if ended is not None:
            days = Days(ended.days.first, stretch.days.first)
            yield Finding(
                "history-gap",
                stretch.version,
                days,
                Said(
                    f"Nothing is in force from {days.first} to {days.until}: it is withdrawn and comes back.",
                    f"{days.first}至{days.until}无有效版本：撤销后又恢复。",
                ),
                field=f"valid_from {days.first}",
            )
            ended = None


def overtaken(histories: Histories, key: Key) -> Iterator[Finding]:
    """A newer version that applies only until an older one begins."""
    applying = histories.of(key)
    for stretch, following in pairwise(applying):
        newer, older = stretch.version, following.version
        if newer.version < older.version or (newer.withdrawn and older.withdrawn):
            continue
        code = "withdrawal-overtaken" if newer.withdrawn else "version-overtaken"
        if newer.withdrawn and not _ended_anything(histories, key, stretch):
            continue  # which is said of it already
        days = following.days
        yield Finding(
            code,
            newer,
            days,
            Said(
                f"Version {newer.version} applies only until {days.first}: version {older.version}, "
                "published before, begins then.",
                f"第{newer.version}版仅适用至{days.first}：此前发布的第{older.version}版自该日起有效。",
            ),
            field=f"version {newer.version}",
        )


def without_effect(histories: Histories, key: Key) -> Iterator[Finding]:
    """A withdrawal from a day before there was anything to withdraw."""
    for stretch in histories.of(key):
        if stretch.version.withdrawn and not _ended_anything(histories, key, stretch):
            first = stretch.days.first
            yield Finding(
                "withdrawal-without-effect",
                stretch.version,
                Days(first),
                Said(
                    f"The withdrawal from {first} ends nothing: there was nothing in force on that day.",
                    f"自{first}的撤销没有作用：该日并无有效版本。",
                ),
                field=f"version {stretch.version.version}",
            )


def _ended_anything(histories: Histories, key: Key, ending: Stretch) -> bool:
    before = [v for v in histories.versions[key] if v.version < ending.version.version]
    return any(stretch.days.common(ending.days) for stretch in stretches(before))


def never_applying(histories: Histories, key: Key) -> Iterator[Finding]:
    """A version that applies on no day at any release: another of the same release begins on the same day."""
    versions = histories.versions.get(key, [])
    by_day = {(version.release, version.valid_from): 0 for version in versions}
    if len(by_day) == len(versions):
        return
    for version in versions:
        for other in versions:
            same_day = (other.release, other.valid_from) == (version.release, version.valid_from)
            if same_day and other.version > version.version:
                yield Finding(
                    "version-never-applies",
                    version,
                    Days(version.valid_from, EVER),
                    Said(
                        f"Version {version.version} never applies: version {other.version} of the same release "
                        f"begins on the same day, {version.valid_from}.",
                        f"第{version.version}版从未生效：同一发布的第{other.version}版也自{version.valid_from}起。",
                    ),
                    field=f"version {version.version}",
                )


def before_the_plan(histories: Histories, key: Key) -> Iterator[Finding]:
    """What begins before the period of its plan does."""
    for version, days in histories.in_force(key):
        plan = version.says.get("plan")
        if not isinstance(plan, str):
            continue
        for said in histories.in_force(("plans", plan)):
            start = said.version.says["period_start"]
            early = start and said.days.common(days) and days.common(Days(days.first, max(start, days.first)))
            if early:
                yield Finding(
                    "before-plan-period",
                    version,
                    early,
                    Said(
                        f"It is valid from {days.first}, before its plan's period begins on {start}.",
                        f"自{days.first}起有效，早于规划期起始日{start}。",
                    ),
                    field="valid_from",
                    other=("plans", plan),
                )
                break
