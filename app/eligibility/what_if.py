"""What if: the smallest changes of what a person can choose that would make them eligible."""

from collections.abc import Iterator
from datetime import date
from itertools import combinations, product
from math import prod
from typing import NamedTuple, TypeAlias

from app.eligibility.clauses import LEFT_OVER, cells, touched
from app.eligibility.derive import derive
from app.eligibility.evaluate import CompiledService
from app.eligibility.facts import Fact, Facts, Knowledge, Known, unknown

LARGEST, MOST = 2, 2000
Written: TypeAlias = bool | int | str | dict[str, object]


class Change(NamedTuple):
    """One fact and what it would have to be: a value, a band, or a set of which any will do."""

    fact: str
    to: Written


def what_if(
    service: CompiledService, facts: Facts, knowledge: Knowledge, on: date
) -> list[tuple[Change, ...]]:
    """Every smallest change, first of one fact, then of two; none for those who are eligible already.

    Only facts people can choose are ever changed: nobody is told to be older, of another sex, or disabled.
    `knowledge` is as given, not yet derived, so that what followed from the old value is forgotten.
    """
    if service.decide(derive(facts, knowledge, on)[0])[0] == "eligible":
        return []
    chosen = {slug: _choices(service, facts[slug], knowledge[slug]) for slug in _choosable(service, facts)}
    for size in range(1, LARGEST + 1):
        found = [
            change
            for slugs in combinations(chosen, size)
            if prod(len(chosen[slug]) for slug in slugs) <= MOST
            for change in _changes(service, facts, knowledge, on, {slug: chosen[slug] for slug in slugs})
        ]
        if found:
            return found
    return []


def _choosable(service: CompiledService, facts: Facts) -> list[str]:
    return sorted(slug for slug in service.facts if facts[slug].changes == "by_choice")


def _choices(service: CompiledService, fact: Fact, now: Known) -> list[Known]:
    classes = cells(unknown(fact), service.clauses[fact.slug])
    here = touched(now, classes)
    # What is known already is no change, and "anywhere else" is no advice.
    return [other for i, other in enumerate(classes) if here != [i] and not other.code.endswith(LEFT_OVER)]


def _changes(
    service: CompiledService, facts: Facts, knowledge: Knowledge, on: date, chosen: dict[str, list[Known]]
) -> Iterator[tuple[Change, ...]]:
    good: dict[str, list[Known]] = {}
    for values in product(*chosen.values()):
        changed, contradictions = derive(facts, {**knowledge, **dict(zip(chosen, values, strict=True))}, on)
        if contradictions or service.decide(changed)[0] != "eligible":
            continue
        if len(chosen) > 1:
            yield tuple(Change(s, written(v)) for s, v in zip(chosen, values, strict=True))
            continue
        for slug, value in zip(chosen, values, strict=True):
            good.setdefault(slug, []).append(value)
    for slug, fine in good.items():
        yield from ((Change(slug, to),) for to in _joined(fine))


def _joined(fine: list[Known]) -> list[Written]:
    """Values that all do are one suggestion, not several."""
    first = fine[0]
    if first.type in ("boolean", "enumeration"):
        values = frozenset[bool | str]().union(*(known.values for known in fine))
        return [written(Known(first.type, values=values))]
    return [written(known) for known in fine]


def written(known: Known) -> Written:
    """What is known, as a request writes it."""
    if known.type == "region":
        return known.code
    if known.type in ("boolean", "enumeration"):
        values = sorted(known.values, key=str)
        return values[0] if len(values) == 1 else {"any_of": values}
    low, high = (_end(known, end) for end in (known.low, known.high))
    return low if low == high else {"min": low, "max": high}


def _end(known: Known, end: int) -> int | str:
    return end if known.type == "integer" else date.fromordinal(end).isoformat()
