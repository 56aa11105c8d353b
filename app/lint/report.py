"""All findings together: of the whole catalogue on a day, or of some of its resources on every day."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from typing import NamedTuple

from sqlmodel import Session

from app.catalogue import KINDS
from app.lint import broken, conditions, missing, past
from app.lint.days import EVER, Days
from app.lint.findings import CODES, SEVERITIES, Finding
from app.lint.histories import Histories, Key, load
from app.lint.scope import of_plan, with_context
from app.versioning import At

Find = Callable[[Histories, Key], Iterator[Finding]]


class Check(NamedTuple):
    """One function, the kinds it looks at, and the codes of what it finds."""

    find: Find
    kinds: Collection[str]
    codes: frozenset[str]


OF_A_PLAN = tuple(kind for kind, (content, _) in KINDS.items() if "plan" in content.model_fields)

CHECKS = (
    Check(
        broken.broken,
        tuple(KINDS),
        frozenset(
            {"reference-missing", "ground-withdrawn", "rule-fact-withdrawn"}
            | {"service-concept-withdrawn", "reference-withdrawn"}
        ),
    ),
    Check(
        conditions.unsound,
        ("rules",),
        frozenset({"rule-does-not-fit", "rule-never-holds", "rule-always-holds", "rule-dead-part"}),
    ),
    Check(past.without_effect, tuple(KINDS), frozenset({"withdrawal-without-effect"})),
    Check(past.overtaken, tuple(KINDS), frozenset({"withdrawal-overtaken", "version-overtaken"})),
    Check(past.never_applying, tuple(KINDS), frozenset({"version-never-applies"})),
    Check(past.before_the_plan, OF_A_PLAN, frozenset({"before-plan-period"})),
    Check(past.gaps, tuple(KINDS), frozenset({"history-gap"})),
    Check(missing.miscounted, ("domains",), frozenset({"domain-miscounted"})),
    Check(missing.ended, ("plans",), frozenset({"plan-ended"})),
    Check(missing.year_passed, ("standards",), frozenset({"standard-year-passed"})),
    Check(missing.without_rule, ("services",), frozenset({"service-without-rule"})),
    Check(missing.without_standard, ("services",), frozenset({"service-without-standard"})),
    Check(missing.standing, ("discrepancies",), frozenset({"discrepancy-standing"})),
    Check(missing.uncategorised, ("concepts",), frozenset({"concept-without-category"})),
)


def findings(histories: Histories, keys: Iterable[Key], codes: Collection[str]) -> Iterator[Finding]:
    """What is found of some resources, on whatever days."""
    for key in keys:
        for check in CHECKS:
            if key[0] in check.kinds and not check.codes.isdisjoint(codes):
                for found in check.find(histories, key):
                    if found.code in codes:
                        yield found._replace(name=histories.name_of(key))


def lint(session: Session, at: At, plan: str | None = None) -> list[Finding]:
    """The findings that matter on a day, what weighs most first; with a plan, about it and what belongs to it."""
    found = of_release(session, at.release, plan)
    return [finding for finding in found if is_told(finding.code, finding.days, at.on)]


def of_release(session: Session, release: int, plan: str | None) -> list[Finding]:
    """The findings at a release on whatever days, each once, with all days that follow each other."""
    if plan is None:
        histories = Histories(load(session, release))
        keys = list(histories.versions)
    else:
        subjects = of_plan(session, release, plan)
        histories = Histories(with_context(session, release, subjects, errors_only=False))
        keys = [(kind, slug) for kind, slugs in subjects.items() for slug in slugs]
    return sorted(_joined(findings(histories, keys, CODES)), key=_order)


def _joined(found: Iterable[Finding]) -> Iterator[Finding]:
    """The same finding on days that touch is one: a correction of a version does not end it."""
    last: dict[object, Finding] = {}
    for finding in found:
        key = finding.identity, finding.said
        known = last.get(key)
        if known is not None and known.days.until == finding.days.first:
            finding = known._replace(days=Days(known.days.first, finding.days.until))  # noqa: PLW2901 - the two are one from here on
        elif known is not None:
            yield known
        last[key] = finding
    yield from last.values()


def is_told(code: str, days: Days, on: date) -> bool:
    """Whether a finding matters on a day: it is about the past as such, or it is not over; and it has begun, unless
    it is known to begin.
    """
    told = CODES[code].told
    if told == "always":
        return True
    over = days.until <= on and days.until != EVER
    return not over and (told == "ahead" or days.first <= on)


def _order(finding: Finding) -> tuple[int, str, list[str], str, Days]:
    code, kind, slug, field, other = finding.identity
    place = [f"{list(KINDS).index(kind):02}", slug, field, *(other or ())]
    return SEVERITIES.index(finding.severity), code, place, finding.said.en, finding.days
