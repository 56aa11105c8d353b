"""From when: the first day on which an answer turns because time passes and nothing else does."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import product
from typing import NamedTuple

from app.eligibility.derive import completed_years, derive
from app.eligibility.evaluate import Answer, CompiledService
from app.eligibility.facts import CompletedYears, Facts, Implication, Knowledge, Known

LAST = date.max.toordinal()


Span = tuple[int, int]  # the first and the last day on which something can have begun


class Turning(NamedTuple):
    """An answer that time changes: on one day, or some day between two; `latest` is None if perhaps never."""

    service: str
    before: Answer
    after: Answer
    earliest: date
    latest: date | None


class Forecast:
    """What time alone does to one person's answers; `knowledge` is as given, not yet derived.

    Years that are given as a number began on some day within a year. So each pair of ends is a case of its
    own: one of them turns first, another last, and the truth lies between.
    """

    def __init__(
        self, services: Mapping[str, CompiledService], facts: Facts, knowledge: Knowledge, on: date
    ) -> None:
        self.facts, self.knowledge, self.on = facts, knowledge, on
        self.spans = dict(_spans(facts, knowledge, on))
        moved = set(self.spans) | {
            fact.slug for fact in facts.values() if isinstance(fact.derivation, Implication)
        }
        self.services = {slug: one for slug, one in services.items() if not moved.isdisjoint(one.facts)}

    def turns(self, spans: Mapping[str, Span], until: date) -> dict[str, tuple[Answer, date, Answer] | None]:
        """The answer now, and the first other answer and its day, for every service."""
        now = self._known(spans, self.on)
        before = {slug: service.decide(now)[0] for slug, service in self.services.items()}
        found: dict[str, tuple[Answer, date, Answer] | None] = dict.fromkeys(before)
        for day in _anniversaries(spans, self.on, until):
            then = self._known(spans, day)
            for slug, service in self.services.items():
                if found[slug] is None and (after := service.decide(then)[0]) != before[slug]:
                    found[slug] = before[slug], day, after
        return found

    def cases(self) -> list[dict[str, Span]]:
        """Every choice of ends."""
        ends = product(*({(first, first), (last, last)} for first, last in self.spans.values()))
        return [dict(zip(self.spans, chosen, strict=True)) for chosen in ends]

    def answers(self, spans: Mapping[str, Span]) -> dict[str, Answer]:
        """Today's answers in one case."""
        known = self._known(spans, self.on)
        return {slug: service.decide(known)[0] for slug, service in self.services.items()}

    def _known(self, spans: Mapping[str, Span], day: date) -> dict[str, Known]:
        known = dict(self.knowledge)
        for slug, (first, last) in spans.items():
            most = self.facts[slug].maximum or 0
            low, high = (min(completed_years(begin, day), most) for begin in (last, first))
            known[slug] = replace(known[slug], low=max(low, self.facts[slug].minimum or 0), high=high)
        # What was given for a fact that moves on was given for today, so it cannot contradict a later day.
        return derive({slug: fact for slug, fact in self.facts.items() if slug not in spans}, known, day)[0]


def turning_days(
    services: Mapping[str, CompiledService], facts: Facts, knowledge: Knowledge, on: date, until: date
) -> list[Turning]:
    """For each service whose answer turns by `until`: when, and to what."""
    forecast = Forecast(services, facts, knowledge, on)
    today, cases = forecast.answers(forecast.spans), forecast.cases()
    by_case = [forecast.turns(case, until) for case in cases]
    same_now = [forecast.answers(case) for case in cases]
    together = forecast.turns(forecast.spans, until)
    found = []
    for slug, before in today.items():
        # Where the ends disagree already, what can turn is only how much is sure.
        sure = all(now[slug] == before for now in same_now)
        turns = [case[slug] for case in by_case] if sure else [together[slug]]
        happening = sorted((turn[1], turn[2]) for turn in turns if turn)
        if happening:
            latest = None if None in turns else happening[-1][0]
            found.append(Turning(slug, before, happening[0][1], happening[0][0], latest))
    return found


def _spans(facts: Facts, knowledge: Knowledge, on: date) -> Iterator[tuple[str, Span]]:
    """When each thing that is counted in years began, as far as that is known."""
    counted = [f for f in facts.values() if f.changes == "with_time" and f.type == "integer"]
    for fact in counted:
        known, span = knowledge[fact.slug], (1, on.toordinal())
        if known.given:
            span = _first_day(known.high, on), _first_day(known.low - 1, on) - 1
        source = fact.derivation.from_ if isinstance(fact.derivation, CompletedYears) else fact.slug
        birth = knowledge.get(source, known)
        if source != fact.slug and birth.given:
            span = max(span[0], birth.low), min(span[1], birth.high)
        if span != (1, on.toordinal()) and span[0] <= span[1]:
            yield fact.slug, span


def _first_day(years: int, on: date) -> int:
    """The earliest beginning since which at most so many years are completed on a day."""
    low, high = 1, LAST
    while low < high:
        middle = (low + high) // 2
        if completed_years(middle, on) <= years:
            high = middle
        else:
            low = middle + 1
    return low


def _anniversaries(spans: Mapping[str, Span], on: date, until: date) -> list[date]:
    """The only days on which anything that counts years moves on."""
    days = {
        _anniversary(date.fromordinal(begin), year)
        for span in spans.values()
        for begin in span
        for year in range(on.year, until.year + 1)
    }
    return sorted(day for day in days if on < day <= until)


def _anniversary(begin: date, year: int) -> date:
    try:
        return begin.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
