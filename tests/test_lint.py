"""What needs looking at: each finding by the history that causes it; the gate, and that it agrees with the report."""

import uuid
from datetime import date
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session
from typer.testing import CliRunner

from app.changesets import Changeset
from app.cli import app
from app.concepts.models import ConceptVersion
from app.errors import Invalid, NotFound
from app.lint.days import EVER, Days, joined, without
from app.lint.findings import CODES, Finding, held_against
from app.lint.gate import Gate
from app.lint.report import lint, of_release
from app.publishing import Published, publish
from app.versioning import At, in_force_by_slug, latest_release
from tests.changes import concept, put, withdrawal
from tests.stores import LIZHOU, statements

START = "2021-01-01"
# Of the plan below: before what happens in 2024, and on a day after.
ON = date(2023, 6, 1)


def say(engine: Engine, *documents: dict[str, Any], gate: Gate = "off", ends: Any = ()) -> Published:
    """Publishes, as a rule past the gate."""
    with Session(engine) as session:
        base = latest_release(session)
    changeset = Changeset(
        message="A test",
        publisher="clerk",
        base_release=base,
        documents=list(documents),
        withdrawals=list(ends),
    )
    return publish(engine, changeset, gate=gate)


def end(kind: str, slug: str, day: str = "2024-01-01") -> dict[str, Any]:
    return withdrawal(slug, day=day, reason="A test.", kind=kind)


def cited(*fields: str, quote: str = "总则", plan: str = "plan") -> dict[str, Any]:
    source: dict[str, Any] = {"plan": plan, "section": "第一章", "quote": quote, "fields": list(fields)}
    return source | {"basis": "derived", "derivation": "A test."}


def region(slug: str = "510802") -> dict[str, Any]:
    return {"kind": "regions", "slug": slug, "valid_from": "0001-01-01", "name": "利州区", "level": "county"}


def plan(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "kind": "plans",
        "slug": "plan",
        "valid_from": START,
        "name": "总则",
        "region": "510802",
    }
    whole |= {"period_start": START, "period_end": "2025-12-31"} | changes
    fields = ("name", "region", "period_start", "period_end")
    return whole | {"sources": [cited(*fields, plan=whole["slug"])]}


def domain(**changes: Any) -> dict[str, Any]:
    whole = {
        "kind": "domains",
        "slug": "domain",
        "valid_from": START,
        "plan": "plan",
        "name": "总则",
        "ordinal": 1,
    }
    return whole | {"sources": [cited("name", "ordinal", "claimed_count")]} | changes


def service(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "kind": "services",
        "slug": "service",
        "valid_from": START,
        "plan": "plan",
        "name": "总则",
    }
    whole |= {"domain": "domain", "concept": "snow-clearing", "listed": True}
    return whole | {"sources": [cited("name", "domain", "listed")]} | changes


def fact(**changes: Any) -> dict[str, Any]:
    whole = {
        "kind": "facts",
        "slug": "age",
        "valid_from": START,
        "name": "年龄",
        "type": "integer",
        "minimum": 0,
    }
    whole |= {
        "maximum": 120,
        "question": "几岁？",
        "about": "person",
        "sensitive": False,
        "changes": "with_time",
    }
    return whole | changes


def rule(condition: Any = None, **changes: Any) -> dict[str, Any]:
    clause = {"fact": "age", "at_least": 60, "quote": "总则"}
    whole: dict[str, Any] = {
        "kind": "rules",
        "slug": "rule",
        "valid_from": START,
        "plan": "plan",
        "service": "service",
    }
    whole |= {"strength": "entitlement", "open_ended": False, "condition": condition or clause}
    return whole | {"sources": [cited("condition", "strength", quote="总则")]} | changes


def standard(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "kind": "standards",
        "slug": "standard",
        "valid_from": START,
        "plan": "plan",
        "name": "总则",
    }
    whole |= {"concept": "snow-clearing", "service": "service", "measure": "count", "comparator": "equal"}
    whole |= {"value_text": "总则", "firmness": "commitment"}
    return whole | {"sources": [cited("name", "value_text", "year")]} | changes


def indicator(slug: str = "indicator", **changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "kind": "indicators",
        "slug": slug,
        "valid_from": START,
        "plan": "plan",
        "name": "总则",
    }
    return whole | {"sources": [cited("name")]} | changes


def discrepancy(*touches: tuple[str, str]) -> dict[str, Any]:
    whole = {
        "kind": "discrepancies",
        "slug": "discrepancy",
        "valid_from": START,
        "plan": "plan",
        "type": "other",
    }
    touched = [{"kind": kind, "slug": slug} for kind, slug in touches]
    return whole | {"explanation": "A test.", "touches": touched, "sources": [cited("explanation")]}


def world() -> list[dict[str, Any]]:
    """One of each, with which nothing is wrong."""
    snow = concept(valid_from="0001-01-01", category="housing")
    return [region(), plan(), domain(claimed_count=1), snow, service(), fact(), rule(), standard()]


def found(engine: Engine, on: date = ON, only: str | None = None) -> list[Finding]:
    with Session(engine) as session:
        findings = lint(session, At(on, latest_release(session)))
    return [finding for finding in findings if only in {None, finding.code}]


def told(engine: Engine, on: date = ON) -> list[tuple[str, str]]:
    return [(finding.code, finding.version.slug) for finding in found(engine, on)]


def days(engine: Engine, code: str, on: date = ON) -> list[tuple[str, str]]:
    """When a finding is so."""
    return [
        (f.days.first.isoformat(), "" if f.days.until == EVER else f.days.until.isoformat())
        for f in found(engine, on, code)
    ]


@pytest.fixture
def small(empty_engine: Engine) -> Engine:
    say(empty_engine, *world(), gate="error")
    return empty_engine


def test_nothing_is_wrong_with_what_is_whole(small: Engine) -> None:
    assert told(small) == []


def test_before_the_first_release_there_is_nothing(empty_engine: Engine) -> None:
    assert told(empty_engine) == []


# Each finding


def test_a_reference_to_what_never_was(small: Engine) -> None:
    say(
        small,
        indicator(part_of="nothing", domain="domain"),
        discrepancy(("services", "none"), ("wishes", "x")),
    )
    assert told(small)[:3] == [
        ("reference-missing", "indicator"),
        ("reference-missing", "discrepancy"),
        ("reference-missing", "discrepancy"),
    ]
    assert found(small)[0].field == "part_of"


def test_a_reference_to_what_begins_later(small: Engine) -> None:
    say(small, indicator(part_of="whole"), indicator("whole", valid_from="2024-01-01"))
    assert days(small, "reference-missing") == [(START, "2024-01-01")]
    assert days(small, "reference-missing", date(2024, 1, 1)) == []


def test_a_plan_withdrawn_under_all_that_stands_on_it(small: Engine) -> None:
    say(small, ends=[end("plans", "plan")])
    codes = {(f.code, f.version.kind, f.field) for f in found(small) if f.severity == "error"}
    kinds = {"domains", "services", "rules", "standards"}
    assert codes == {("ground-withdrawn", kind, field) for kind in kinds for field in ("plan", "sources")}
    assert {f.days for f in found(small, only="ground-withdrawn")} == {Days(date(2024, 1, 1), EVER)}


def test_a_region_withdrawn_under_its_plan(small: Engine) -> None:
    say(small, ends=[end("regions", "510802")])
    assert told(small)[0] == ("ground-withdrawn", "plan")


def test_a_service_whose_concept_or_domain_is_withdrawn(small: Engine) -> None:
    say(small, ends=[end("concepts", "snow-clearing"), end("domains", "domain")])
    assert told(small) == [
        ("reference-withdrawn", "service"),
        ("reference-withdrawn", "standard"),
        ("service-concept-withdrawn", "service"),
    ]
    say(small, ends=[end("services", "service"), end("standards", "standard"), end("rules", "rule")])
    assert told(small) == []


def test_what_refers_to_a_withdrawn_service(small: Engine) -> None:
    say(small, discrepancy(("services", "service")), ends=[end("services", "service", "2023-01-01")])
    codes = [code for code in told(small) if code[0] == "reference-withdrawn"]
    assert codes == [("reference-withdrawn", slug) for slug in ("rule", "standard", "discrepancy")]


def test_chinese_names_things_as_people_do(small: Engine) -> None:
    """Fields by their titles, resources by their names, and slugs only to find them by."""
    say(small, indicator(part_of="whole"), indicator("whole", name="总"), discrepancy(("rules", "rule")))
    ends = [end("services", "service"), end("indicators", "whole"), end("rules", "rule")]
    say(small, indicator("lost", part_of="nothing"), ends=ends)
    assert {f.called.zh: f.said.zh for f in found(small) if f.other} == {
        "发展指标“总则”（lost）": "所属指标所指的发展指标（nothing）自2021-01-01起无效。",
        "服务标准“总则”（standard）": "所指的服务项目“总则”（service）自2024-01-01起已撤销。",
        "发展指标“总则”（indicator）": "所属指标所指的发展指标“总”（whole）自2024-01-01起已撤销。",
        "矛盾“A test.”（discrepancy）": "涉及资源所指的资格规则“总则”（rule）自2024-01-01起已撤销。",
    }


def test_a_rule_whose_fact_is_withdrawn(small: Engine) -> None:
    say(small, ends=[end("facts", "age")])
    assert told(small) == [("rule-fact-withdrawn", "rule")]
    assert days(small, "rule-fact-withdrawn") == [("2024-01-01", "")]
    derived = fact(slug="old", type="boolean", minimum=None, maximum=None)
    derived["derivation"] = {"implies": {"from": "age", "in": [80]}, "value": True}
    say(small, derived)
    assert ("rule-fact-withdrawn", "old") in told(small)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"type": "boolean", "minimum": None, "maximum": None}, "rule-does-not-fit"),
        ({"maximum": 50}, "rule-does-not-fit"),
        ({"minimum": 60}, "rule-always-holds"),
    ],
)
def test_a_rule_whose_fact_changes_on_a_later_day(small: Engine, changes: dict[str, Any], code: str) -> None:
    say(small, fact(valid_from="2024-01-01", **changes))
    assert told(small) == [(code, "rule")]
    assert days(small, code) == [("2024-01-01", "")]
    say(small, rule({"all": []}, valid_from="2025-01-01"))
    assert days(small, code) == [("2024-01-01", "2025-01-01")]
    assert told(small, date(2025, 1, 1)) == []


def test_rules_that_nobody_meets_and_parts_that_say_nothing(small: Engine) -> None:
    """Publishing checks rules; a fact of fewer values makes of them what it would have refused."""
    colours = [{"value": value, "label": value} for value in ("red", "green", "blue")]
    colour = fact(slug="colour", type="enumeration", minimum=None, maximum=None, values=colours)
    is_red = {"fact": "colour", "is": "red", "quote": "总则"}
    is_green = {"fact": "colour", "is": "green", "quote": "总则"}
    neither = {"all": [{"not": is_red}, {"not": is_green}]}
    old = {"fact": "age", "at_least": 60, "quote": "总则"}
    say(small, colour, rule(neither), rule({"any": [old, neither]}, slug="other"), gate="error")
    assert told(small) == []
    say(small, colour | {"values": colours[:2]})
    assert ("rule-never-holds", "rule") in told(small)
    assert ("rule-dead-part", "other") in told(small)
    (dead,) = found(small, only="rule-dead-part")
    assert dead.field.startswith("condition/any/1")


def test_other_readings_are_looked_at_too(small: Engine) -> None:
    other = {"says": "另一读法", "condition": {"fact": "age", "at_least": 100, "quote": "总则"}}
    say(small, rule(other_readings=[other]), gate="error")
    say(small, fact(maximum=90))
    assert [f.field for f in found(small, only="rule-does-not-fit")] == ["other_readings/0/condition"]


def test_an_open_word_makes_no_rule_certain(small: Engine) -> None:
    word = {"undefined": "困难", "quote": "总则", "because": "The plan does not say."}
    say(small, rule({"any": [word, {"fact": "age", "at_least": 60, "quote": "总则"}]}), gate="error")
    assert told(small) == []


def test_gaps_and_versions_that_overtake_each_other(small: Engine) -> None:
    say(small, indicator(), gate="warning")
    say(small, ends=[end("indicators", "indicator", "2022-01-01")])
    say(small, indicator(valid_from="2023-01-01"))
    assert told(small, date(2030, 1, 1))[-1] == ("history-gap", "indicator")
    assert days(small, "history-gap") == [("2022-01-01", "2023-01-01")]
    say(small, indicator(valid_from="2021-06-01", name="总"))
    (overtaken,) = found(small, date(2021, 6, 1), "version-overtaken")
    assert (overtaken.version.version, overtaken.days.first) == (4, date(2022, 1, 1))


def test_a_withdrawal_of_what_has_not_begun(small: Engine) -> None:
    say(small, indicator(valid_from="2024-01-01"))
    say(small, ends=[end("indicators", "indicator", "2023-01-01")])
    assert told(small) == [("withdrawal-without-effect", "indicator")]


def test_a_withdrawal_that_a_version_to_come_undoes(small: Engine) -> None:
    say(small, indicator())
    say(small, indicator(valid_from="2025-01-01", name="总"))
    say(small, ends=[end("indicators", "indicator")])
    assert ("withdrawal-overtaken", "indicator") in told(small)
    assert days(small, "withdrawal-overtaken") == [("2025-01-01", "")]


def test_a_version_that_never_applies(small: Engine) -> None:
    say(small, indicator(), ends=[end("indicators", "indicator", START)])
    assert ("version-never-applies", "indicator") in told(small)
    assert told(small).count(("version-never-applies", "indicator")) == 1
    say(small, indicator("corrected"), gate="warning")
    say(small, indicator("corrected", name="总"), gate="warning")
    assert ("version-never-applies", "corrected") not in told(small)  # at the release before it does


def test_what_begins_before_its_plan_does(small: Engine) -> None:
    say(small, plan(valid_from="2020-01-01"), indicator(valid_from="2020-01-01"))
    assert ("before-plan-period", "indicator") in told(small)
    assert set(days(small, "before-plan-period")) == {("2020-01-01", START)}


def test_a_domain_that_counts_otherwise(small: Engine) -> None:
    say(small, service(slug="second", valid_from="2024-01-01"))
    assert days(small, "domain-miscounted") == [("2024-01-01", "")]
    say(small, service(slug="second", valid_from="2024-01-01", listed=False))
    assert days(small, "domain-miscounted") == []


def test_a_service_that_nothing_says_more_of(small: Engine) -> None:
    say(small, ends=[end("rules", "rule"), end("standards", "standard", "2024-06-01")])
    assert days(small, "service-without-rule") == [("2024-01-01", "")]
    assert days(small, "service-without-standard") == [("2024-06-01", "")]


def test_what_time_passes_by(small: Engine) -> None:
    say(
        small, standard(year=2023), concept(category=None, slug="other"), discrepancy(("services", "service"))
    )
    notices = [("concept-without-category", "other"), ("discrepancy-standing", "discrepancy")]
    assert told(small, date(2023, 12, 31)) == notices
    assert told(small, date(2024, 1, 1)) == [*notices, ("standard-year-passed", "standard")]
    assert ("plan-ended", "plan") not in told(small, date(2025, 12, 31))
    assert told(small, date(2026, 1, 1))[0] == ("plan-ended", "plan")
    later = {"period_start": "2026-01-01", "period_end": "2030-12-31", "valid_from": "2026-03-01"}
    say(small, plan(slug="next", **later))
    assert days(small, "plan-ended", date(2026, 1, 1)) == [("2026-01-01", "2026-03-01")]


def test_every_code_says_what_to_do_in_both_languages() -> None:
    for code in CODES.values():
        assert code.todo.en != code.todo.zh
    assert held_against("error") < held_against("warning")


# The gate


def refused(engine: Engine, *documents: dict[str, Any], gate: Gate = "error", ends: Any = ()) -> list[str]:
    with Session(engine) as session:
        before = latest_release(session)
    with pytest.raises(Invalid) as caught:
        say(engine, *documents, gate=gate, ends=ends)
    with Session(engine) as session:
        assert latest_release(session) == before
    assert all("rule" in f.said.en or "refers" in f.said.en for f in caught.value.faults)
    return sorted(fault.pointer or "" for fault in caught.value.faults)


def test_an_edit_of_a_fact_may_not_break_a_rule_in_force(small: Engine) -> None:
    boolean = fact(type="boolean", minimum=None, maximum=None, valid_from="2026-01-01")
    assert refused(small, concept(slug="else"), boolean) == ["/documents/1"]
    assert refused(small, ends=[end("facts", "age")]) == ["/withdrawals/0"]
    assert say(small, fact(question="多大年纪？"), gate="error").revised == 1
    is_true = rule({"fact": "age", "is": True, "quote": "总则"}, valid_from="2026-01-01")
    assert say(small, boolean, is_true, gate="error").revised == 2


def test_a_broken_reference_is_refused_where_it_stands(small: Engine) -> None:
    assert refused(small, indicator(part_of="nothing")) == ["/documents/0/part_of"]
    assert refused(small, discrepancy(("services", "none"))) == ["/documents/0/touches"]
    pointers = refused(small, ends=[end("plans", "plan")])
    assert set(pointers) == {"/withdrawals/0"}
    assert len(pointers) == 8
    everything = [
        ("domains", "domain"),
        ("services", "service"),
        ("rules", "rule"),
        ("standards", "standard"),
    ]
    all_ends = [end(kind, slug) for kind, slug in [*everything, ("plans", "plan")]]
    assert say(small, gate="error", ends=all_ends).withdrawn == 5


def test_the_gate_can_be_set_higher_or_left_open(small: Engine) -> None:
    gone = [end("concepts", "snow-clearing")]
    assert refused(small, ends=gone, gate="warning") == ["/withdrawals/0", "/withdrawals/0"]
    assert say(small, ends=gone, gate="error").withdrawn == 1
    assert say(small, ends=[end("facts", "age")], gate="off").withdrawn == 1


def test_what_was_wrong_before_is_not_held_against_a_release(small: Engine) -> None:
    say(small, ends=[end("facts", "age")])
    assert say(small, rule(open_ended=True), gate="error").revised == 1
    assert refused(small, ends=[end("facts", "age", "2023-01-01")]) == ["/withdrawals/0"]  # for longer


def test_the_gate_reads_what_a_release_touches_and_not_the_catalogue(engine: Engine) -> None:
    """The same statements, whether the catalogue holds a thousand resources or more; none without a condition."""

    def reads(document: dict[str, Any]) -> list[str]:
        with statements(engine) as asked:
            say(engine, document, gate="error")
        return asked

    few = reads(concept())
    say(engine, *[concept(slug=f"more-{number}") for number in range(600)])
    assert len(reads(concept(name="除雪"))) == len(few)
    versions = [line for line in few if "_version" in line]
    assert versions
    assert all(" IN (" in line or "LIMIT" in line for line in versions)


# The gate and the report agree


def wrong_on(engine: Engine, release: int, looked: list[date], gate: Gate) -> set[tuple[Any, date]]:
    codes = held_against("warning" if gate == "warning" else "error")
    with Session(engine) as session:
        findings = of_release(session, release, None)
    return {
        (f.identity, day)
        for f in findings
        for day in looked
        if f.code in codes and f.days.first <= day < f.days.until
    }


YEARS = [f"{year}-01-01" for year in range(2021, 2025)]
a_day = st.sampled_from(YEARS)
a_condition = st.sampled_from(
    [
        {"fact": "age", "at_least": 60, "quote": "总则"},
        {"fact": "age", "is": True, "quote": "总则"},
        {
            "all": [
                {"fact": "age", "at_least": 60, "quote": "总则"},
                {"fact": "old", "is": True, "quote": "总则"},
            ]
        },
        {"all": []},
    ]
)
old = fact(slug="old", type="boolean", minimum=None, maximum=None)
a_document = st.one_of(
    st.builds(lambda d: fact(valid_from=d), a_day),
    st.builds(lambda d, m: fact(valid_from=d, maximum=m), a_day, st.sampled_from((50, 90))),
    st.builds(lambda d: fact(valid_from=d, type="boolean", minimum=None, maximum=None), a_day),
    st.builds(lambda d: old | {"valid_from": d}, a_day),
    st.builds(lambda d, c: rule(c, valid_from=d), a_day, a_condition),
    st.builds(lambda d, n: service(valid_from=d, slug=f"service{n}"), a_day, st.sampled_from(("", "-b"))),
    st.builds(lambda d, p: indicator(valid_from=d, part_of=p), a_day, st.sampled_from(("whole", "x"))),
    st.builds(lambda d: indicator("whole", valid_from=d), a_day),
    st.builds(lambda d, s: plan(valid_from=d, period_start=s), a_day, a_day),
)
SLUGS = {
    "facts": "age",
    "services": "service",
    "plans": "plan",
    "indicators": "whole",
    "concepts": "snow-clearing",
}
an_end = st.builds(lambda kind, day: end(kind, SLUGS[kind], day), st.sampled_from(sorted(SLUGS)), a_day)
a_changeset = st.tuples(st.lists(a_document, max_size=2), st.lists(an_end, max_size=1))


@pytest.mark.parametrize("gate", ["error", "warning"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(a_changeset, min_size=1, max_size=5))
def test_what_passes_the_gate_adds_nothing_and_what_does_not_would(
    store: Any, gate: Gate, changes: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]]
) -> None:
    from app.database import create

    url = store.copy("empty")
    engine = create(url)
    looked = [date.fromisoformat(day) for day in ["2020-12-31", *YEARS]]
    try:
        say(engine, *world(), gate="error")
        for documents, ends in changes:
            with Session(engine) as session:
                release = latest_release(session)
            before = wrong_on(engine, release, looked, gate)
            try:
                passed = say(engine, *documents, ends=ends, gate=gate).release is not None
                refused_by_gate = False
            except Invalid:
                try:
                    refused_by_gate = say(engine, *documents, ends=ends, gate="off").release is not None
                    passed = False
                except Invalid:
                    continue  # not to be published at all
            new = wrong_on(engine, release + 1, looked, gate) - before
            if passed:
                assert new == set()
            if refused_by_gate:
                assert new
    finally:
        engine.dispose()
        store.drop(url)


# Which version applies when


Written = st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=6)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=Written)
def test_a_history_says_of_every_day_what_a_read_does(
    empty_engine: Engine, history: list[tuple[int, bool]]
) -> None:
    from app.lint.histories import Histories, load

    slug = f"c{uuid.uuid4().hex}"
    say(empty_engine, concept(slug=slug, valid_from="2024-01-03"))
    for number, (day, ends) in enumerate(history):
        valid_from = f"2024-01-0{day}"
        if ends:
            say(empty_engine, ends=[end("concepts", slug, valid_from)])
        else:
            say(empty_engine, concept(slug=slug, valid_from=valid_from, name=f"第{number}"))
    with Session(empty_engine) as session:
        release = latest_release(session)
        histories = Histories(load(session, release, {"concepts": {slug}}))
        for day in range(1, 9):
            on = date(2024, 1, day)
            read = in_force_by_slug(session, ConceptVersion, [slug], At(on, release))
            here = [
                s.version for s in histories.in_force(("concepts", slug)) if s.days.first <= on < s.days.until
            ]
            assert [v.version for v in here] == [row.version for row in read.values()]


stretch = st.tuples(st.integers(1, 20), st.integers(1, 8)).map(
    lambda pair: Days(date(2024, 1, pair[0]), date(2024, 1, pair[0] + pair[1]))
)


@settings(deadline=None)
@given(some=st.lists(stretch, max_size=4), taken=st.lists(stretch, max_size=4))
def test_days_are_taken_away_one_by_one(some: list[Days], taken: list[Days]) -> None:
    def covered(stretches: list[Days]) -> set[int]:
        return {day for s in stretches for day in range(s.first.toordinal(), s.until.toordinal())}

    assert covered(without(some, taken)) == covered(some) - covered(taken)
    assert covered(joined(some)) == covered(some)


# Over HTTP and in the terminal


@pytest.mark.anyio
async def test_the_report_over_http(client: httpx.AsyncClient) -> None:
    pages: list[dict[str, Any]] = []
    url: str | None = "/v1/lint?limit=200&on=2026-06-01"
    while url:
        page = (await client.get(url)).raise_for_status().json()
        pages.append(page)
        url = page["next"]
    items = [item for page in pages for item in page["items"]]
    assert len(items) == pages[0]["total"] > 200
    weights = ["error", "warning", "notice"]
    assert [weights.index(i["severity"]) for i in items] == sorted(
        weights.index(i["severity"]) for i in items
    )
    assert items[0]["code"] == "plan-ended"
    assert (items[0]["from"], items[0]["until"], items[0]["field"]) == ("2026-01-01", None, "period_end")
    for item in (items[0], items[-1]):
        assert (await client.get(item["href"])).status_code == 200
    for name in ("kind", "code", "severity"):
        of_it = [item for item in items if item[name] == items[-1][name]]
        answer = (await client.get("/v1/lint", params={name: items[-1][name], "on": "2026-06-01"})).json()
        assert answer["total"] == len(of_it)
    before = (await client.get("/v1/lint?on=2025-12-31&severity=warning")).json()
    assert before["items"] == []


@pytest.mark.anyio
async def test_a_plans_part_of_the_report_is_what_the_whole_says_of_it(client: httpx.AsyncClient) -> None:
    async def everything(query: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        url: str | None = f"/v1/lint?limit=200&on=2026-06-01{query}"
        while url:
            page = (await client.get(url)).raise_for_status().json()
            items, url = items + page["items"], page["next"]
        return items

    whole, of_plan = await everything(""), await everything(f"&plan={LIZHOU}")
    assert of_plan == [item for item in whole if item["kind"] not in {"concepts", "facts", "regions"}]
    assert await everything("&plan=no-such-plan") == []


@pytest.mark.anyio
async def test_a_report_is_kept_by_release_and_told_by_day(
    own_client: httpx.AsyncClient, engine: Engine
) -> None:
    first = (await own_client.get("/v1/lint?code=concept-without-category")).json()
    put(engine, concept(valid_from="2024-06-02"))
    again = (await own_client.get("/v1/lint?code=concept-without-category")).json()
    assert (again["release"], again["total"]) == (2, first["total"])
    later = (await own_client.get("/v1/lint?code=concept-without-category&on=2024-06-02")).json()
    assert later["total"] == first["total"] + 1
    pinned = await own_client.get("/v1/lint?code=concept-without-category&on=2024-06-02&release=1")
    assert pinned.json()["total"] == first["total"]
    assert "immutable" in pinned.headers["Cache-Control"]
    tag = {"If-None-Match": pinned.headers["ETag"]}
    assert (await own_client.get(str(pinned.request.url), headers=tag)).status_code == 304


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("kind=wishes", "kind"),
        ("code=nonsense", "code"),
        ("severity=fatal", "severity"),
        ("colour=red", "colour"),
        ("plan=A%20B", "plan"),
        ("cursor=eyJvbiI6IjIwMjQtMDYtMDEifQ", "cursor"),
        ("release=99", "release"),
    ],
)
async def test_a_wrong_question_is_told_where(client: httpx.AsyncClient, query: str, parameter: str) -> None:
    answer = await client.get(f"/v1/lint?{query}", headers={"Accept-Language": "zh"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == parameter


@pytest.mark.anyio
async def test_a_cursor_that_counts_too_far_is_refused(client: httpx.AsyncClient) -> None:
    from app.cursor import Cursor

    page = (await client.get("/v1/lint?limit=1")).json()
    given_out = Cursor.model_validate_json(_decoded(page["next"]))
    for after in ([10**9], [-1], ["1"], [1, 1], []):
        bad = given_out.model_copy(update={"after": after}).encoded()
        assert (await client.get("/v1/lint", params={"limit": 1, "cursor": bad})).status_code == 422


def _decoded(url: str) -> bytes:
    import base64

    text = httpx.URL(url).params["cursor"]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture
def terminal(small: Engine, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DATABASE_URL", small.url.render_as_string(hide_password=False))
    return CliRunner()


def test_the_command_exits_with_1_from_a_severity_on(terminal: CliRunner, small: Engine) -> None:
    whole = terminal.invoke(app, ["lint", "--on", "2026-06-01"])
    assert (whole.exit_code, whole.output) == (0, "2026-06-01, release 1: 0 errors, 1 warnings, 0 notices.\n")
    strict = terminal.invoke(app, ["lint", "--on", "2026-06-01", "--severity", "warning"])
    assert strict.exit_code == 1
    assert strict.output.startswith("warning: plans/plan: Its period ended on 2025-12-31")
    say(small, ends=[end("facts", "age")])
    chinese = terminal.invoke(app, ["lint", "--on", "2023-06-01"], env={"LANG": "zh_CN.UTF-8"})
    assert chinese.exit_code == 1
    first, last = chinese.output.splitlines()
    assert first.startswith("错误：资格规则“总则”（rule）：条件所指的事实“年龄”（age）自2024-01-01起已撤销。")
    assert last == "2023-06-01，发布2：错误1项，警告0项，提示0项。"
    before = terminal.invoke(app, ["lint", "--on", "2023-06-01", "--release", "1", "--severity", "notice"])
    assert before.exit_code == 0
    mistyped = terminal.invoke(app, ["lint", "--plan", "other", "--on", "2026-06-01"])
    assert isinstance(mistyped.exception, NotFound)
    assert terminal.invoke(app, ["lint", "--on", "yesterday"]).exit_code == 2
    assert terminal.invoke(app, ["lint", "--release", "77"]).exit_code == 1


def test_the_gate_of_the_command_line_is_a_setting(
    terminal: CliRunner, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = "items:\n- {kind: facts, slug: age, valid_from: 2024-01-01, reason: A test.}\n"
    (tmp_path / "withdrawals.yaml").write_text(ends, encoding="utf-8")
    stopped = terminal.invoke(app, ["publish", str(tmp_path)])
    assert stopped.exit_code == 1
    assert "withdrawals.yaml:2: rules/rule (rule-fact-withdrawn)" in stopped.output
    chinese = terminal.invoke(app, ["publish", str(tmp_path)], env={"LANG": "zh_CN.UTF-8"})
    assert "资格规则“总则”（rule）：条件所指的事实“年龄”（age）自2024-01-01起已撤销。" in chinese.output
    assert "（rule-fact-withdrawn）" in chinese.output
    monkeypatch.setenv("LINT_GATE", "off")
    assert terminal.invoke(app, ["publish", str(tmp_path)]).exit_code == 0
