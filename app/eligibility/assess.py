"""From a rulebook and what is known about a person to the answer: pure, and the same bytes for ever."""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import date

from app.eligibility.derive import derive
from app.eligibility.evaluate import CompiledService, Outcome, outcomes
from app.eligibility.explain import Reason, service_reasons
from app.eligibility.facts import Known, parse
from app.eligibility.findings import Finding
from app.eligibility.models import (
    Asking,
    ClauseSource,
    NextQuestion,
    OutcomeDocument,
    ReasonDocument,
    Receipt,
    RuleRef,
    Summary,
)
from app.eligibility.outlooks import OutcomeChange
from app.eligibility.questions import next_question
from app.eligibility.rulebook import Rulebook
from app.errors import Invalid
from app.faults import Fault, Said

Knowledge = dict[str, Known]
NO_RULE = ReasonDocument(
    rule=None,
    clause="",
    text="规划没有写明谁可以享有。",
    text_en="The plan does not say who is entitled.",
    holds=None,
    facts=[],
    source=None,
)


def understood(book: Rulebook, facts: Mapping[str, object]) -> Knowledge:
    """What a request says about each fact, not yet derived. Raises `Invalid` with every pointer."""
    knowledge, findings = parse(book.facts, facts)
    refuse(findings)
    return knowledge


def derived(book: Rulebook, knowledge: Knowledge, on: date) -> Knowledge:
    """With what follows on the day. Raises `Invalid` for facts that contradict each other."""
    known, findings = derive(book.facts, knowledge, on)
    refuse(findings)
    return known


def refuse(findings: Collection[Finding]) -> None:
    if findings:
        raise Invalid.of([Fault(Said(f.en, f.zh), f.pointer) for f in findings])


def chosen(book: Rulebook, asking: Asking) -> dict[str, CompiledService]:
    """The services that are asked about. Raises `Invalid` for ones that are not there."""
    for name, known in (
        ("services", set(book.offers)),
        ("domains", {offer.domain for offer in book.offers.values()}),
        ("concepts", {offer.concept for offer in book.offers.values()}),
    ):
        refuse(
            [
                Finding(
                    f"/{name}/{place}",
                    "Not offered to people of this region on this day.",
                    "该地区当日没有此项。",
                )
                for place, slug in enumerate(getattr(asking, name) or [])
                if slug not in known
            ]
        )
    return {
        slug: service
        for slug, service in book.services.items()
        if (asking.services is None or slug in asking.services)
        and (asking.domains is None or book.offers[slug].domain in asking.domains)
        and (asking.concepts is None or book.offers[slug].concept in asking.concepts)
    }


def documents(
    book: Rulebook,
    services: Mapping[str, CompiledService],
    known: Knowledge,
    answers: Mapping[str, Outcome],
    explain: str,
) -> list[OutcomeDocument]:
    """The answers as they go over the wire, in the order of the plans' lists."""
    return [
        OutcomeDocument(
            service=slug,
            name=book.offers[slug].name,
            concept=book.offers[slug].concept,
            domain=book.offers[slug].domain,
            outcome=answers[slug].outcome,
            strength=answers[slug].strength,
            rule=_rule_ref(book, answers[slug].rule),
            missing=list(answers[slug].missing),
            reasons=[] if explain == "none" else why(book, service, known, full=explain == "full"),
        )
        for slug, service in services.items()
    ]


def _rule_ref(book: Rulebook, slug: str | None) -> RuleRef | None:
    return None if slug is None else RuleRef(slug=slug, version=book.entries[slug].version)


def why(book: Rulebook, service: CompiledService, known: Knowledge, *, full: bool) -> list[ReasonDocument]:
    """The clauses behind an answer, each with the plan's words."""
    if not service.rules:
        return [NO_RULE]
    by_rule = service_reasons(service, book.facts, known, full=full)
    return [_reason(book, rule, reason) for rule, found in by_rule.items() for reason in found]


def _reason(book: Rulebook, rule: str, reason: Reason) -> ReasonDocument:
    source = book.entries[rule].source_of(reason.quote)
    return ReasonDocument(
        rule=rule,
        clause=reason.clause,
        text=reason.text,
        text_en=reason.text_en,
        holds=reason.holds,
        facts=list(reason.facts),
        source=source
        and ClauseSource(
            plan=source.plan, section=source.section, quote=reason.quote or source.quote, basis=source.basis
        ),
    )


def summary(answers: Mapping[str, Outcome]) -> Summary:
    found = [answer.outcome for answer in answers.values()]
    return Summary(
        eligible=found.count("eligible"),
        not_eligible=found.count("not_eligible"),
        undetermined=found.count("undetermined"),
    )


def receipt(book: Rulebook, region: str, on: date, release: int, answers: Mapping[str, Outcome]) -> Receipt:
    """A digest of what was decided by which rules; what was known about the person is not in it."""
    decided = [
        [
            slug,
            answer.outcome,
            answer.strength,
            answer.rule,
            answer.rule and book.entries[answer.rule].version,
        ]
        for slug, answer in sorted(answers.items())
    ]
    canonical = json.dumps(
        [region, on.isoformat(), release, decided], ensure_ascii=True, separators=(",", ":")
    )
    return Receipt(release=release, on=on, digest=f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}")


def question(  # everything the choice depends on
    book: Rulebook,
    services: Mapping[str, CompiledService],
    known: Knowledge,
    declined: Collection[str],
    on: date,
    answers: Mapping[str, Outcome],
) -> NextQuestion | None:
    """The most useful question with its words; None once no answer can change anything."""
    best = next_question(services, book.facts, known, declined, on, answers=answers)
    if best is None:
        return None
    fact = book.facts[best.fact]
    return NextQuestion(
        fact=fact.slug,
        question=fact.question,
        help=fact.help,
        type=fact.type,
        unit=fact.unit,
        minimum=fact.minimum,
        maximum=fact.maximum,
        values=[{"value": one.value, "label": one.label} for one in fact.values],
        sensitive=fact.sensitive,
        settles=best.settles,
    )


def changes(before: tuple[Rulebook, Knowledge], after: tuple[Rulebook, Knowledge]) -> list[OutcomeChange]:
    """What two editions decide differently about the same person, with the deciding clauses of each."""
    answers = [outcomes(book.services, known) for book, known in (before, after)]
    found = []
    for slug in {**before[0].services, **after[0].services}:
        old, new = (side[slug].outcome if slug in side else None for side in answers)
        if old != new:
            book = after[0] if slug in after[0].offers else before[0]
            found.append(
                OutcomeChange(
                    service=slug,
                    name=book.offers[slug].name,
                    before=old,
                    after=new,
                    reasons_before=_why_if_there(before, slug),
                    reasons_after=_why_if_there(after, slug),
                )
            )
    return found


def _why_if_there(edition: tuple[Rulebook, Knowledge], slug: str) -> list[ReasonDocument]:
    book, known = edition
    return why(book, book.services[slug], known, full=False) if slug in book.services else []
