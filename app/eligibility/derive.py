"""What follows from what is known: derivations that are always true, declared as data with the facts."""

from dataclasses import replace
from datetime import date

from app.eligibility.facts import (
    ORDERED,
    CompletedYears,
    Derivation,
    Fact,
    Facts,
    Implication,
    Knowledge,
    Known,
)
from app.eligibility.findings import Finding, pointer
from app.eligibility.regions import prefix


def derive(facts: Facts, knowledge: Knowledge, on: date) -> tuple[dict[str, Known], list[Finding]]:
    """Knowledge with everything that follows from it on a day; contradictions are findings."""
    known, findings = dict(knowledge), dict[str, Finding]()
    derived = [fact for fact in facts.values() if fact.derivation and _source(fact.derivation) in known]
    changed = True
    while changed:
        changed = False
        for fact in derived:
            if fact.slug in findings or fact.derivation is None:
                continue
            follows = _follows(fact.derivation, known[fact.slug], known, on)
            both = follows and narrowed(known[fact.slug], follows)
            if follows and both is None:
                findings[fact.slug] = _contradiction(fact, known[fact.slug])
            elif both and both != known[fact.slug]:
                known[fact.slug], changed = both, True
    return known, list(findings.values())


def _follows(derivation: Derivation, mine: Known, known: Knowledge, on: date) -> Known | None:
    match derivation:
        case CompletedYears(from_=source):
            birth = known[source]
            years = [completed_years(end, on) for end in (birth.high, birth.low)]
            return replace(mine, low=years[0], high=years[1])
        case Implication(implies=premise, value=value):
            return _just(mine, value) if surely_in(known[premise.from_], premise.in_) else None


def surely_in(known: Known, wanted: tuple[bool | int | str, ...]) -> bool:
    """Whether every value that is left is one of these."""
    if known.type in ORDERED:
        return known.low == known.high and known.low in wanted
    if known.type == "region":
        return any(known.code.startswith(prefix(str(code))) for code in wanted)
    return known.values <= set(wanted)


def _just(mine: Known, value: bool | int | str) -> Known:  # noqa: FBT001 - a value of any type
    if mine.type in ORDERED:
        return replace(mine, low=int(value), high=int(value))
    return replace(mine, values=frozenset((value,)))  # type: ignore[arg-type]  # an enumeration's, which is text


def narrowed(one: Known, other: Known) -> Known | None:
    """What is left when both are true; None if nothing is."""
    if one.type in ORDERED:
        low, high = max(one.low, other.low), min(one.high, other.high)
        return replace(one, low=low, high=high) if low <= high else None
    if one.type == "region":
        inner, outer = sorted((one.code, other.code), key=lambda code: len(prefix(code)), reverse=True)
        return replace(one, code=inner) if inner.startswith(prefix(outer)) else None
    left = one.values & other.values
    return replace(one, values=left) if left else None


def completed_years(birth: int, on: date) -> int:
    """Years completed on a day since a date ; a leap day counts from 1 March elsewhere."""
    born = date.fromordinal(birth)
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _contradiction(fact: Fact, mine: Known) -> Finding:
    source = _source(fact.derivation)
    if mine.given:
        return Finding(
            pointer("facts", fact.slug),
            f"This contradicts what is given for {source}.",
            f"与“{source}”所填的内容矛盾。",
        )
    return Finding(
        pointer("facts", source),
        f"On the day asked about, this leaves no possible value of {fact.slug}.",
        f"按所问日期，这一内容使“{fact.slug}”没有可能的取值。",
    )


def _source(derivation: Derivation | None) -> str:
    if isinstance(derivation, Implication):
        return derivation.implies.from_
    return derivation.from_ if derivation else ""
