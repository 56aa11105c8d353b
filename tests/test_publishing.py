"""One changeset, one release or nothing."""

from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from app import database
from app.errors import Conflict, Invalid, StorageUnavailable
from app.seed import load
from app.versioning import Release, latest_release
from tests.changes import concept, put, withdrawal
from tests.stores import LIZHOU, publish_folder, small_seed


def releases(engine: Engine) -> int:
    with Session(engine) as session:
        return latest_release(session)


def service(**changes: Any) -> dict[str, Any]:
    quote = {"plan": LIZHOU, "section": "表2", "quote": "医疗救助"}
    return {
        "kind": "services",
        "slug": "lizhou-2021-test",
        "valid_from": "2021-01-01",
        "name": "医疗救助",
        "plan": LIZHOU,
        "domain": "lizhou-2021-health",
        "concept": "medical-assistance",
        "listed": False,
        "sources": [{**quote, "fields": ["name", "domain", "listed"]}],
    } | changes


def faults_of(engine: Engine, *documents: dict[str, Any], **more: Any) -> list[str]:
    before = releases(engine)
    with pytest.raises(Invalid) as caught:
        put(engine, *documents, **more)
    assert releases(engine) == before
    return sorted(fault.pointer or "" for fault in caught.value.faults)


def test_the_same_seed_again_makes_no_release(engine: Engine) -> None:
    assert publish_folder(engine).release is None
    assert releases(engine) == 1


def test_the_same_document_again_makes_no_release(engine: Engine) -> None:
    assert put(engine, concept()).release == 2
    assert put(engine, concept(change_note="Only the note differs.")).release is None
    assert put(engine, service()).release == 3
    assert put(engine, service()).release is None


def test_a_correction_by_somebody_else_survives_the_seed(engine: Engine) -> None:
    put(engine, concept(slug="medical-assistance", valid_from="0001-01-01", name="医疗救助（改）"))
    assert publish_folder(engine).release is None
    put(engine, withdrawals=[withdrawal("legal-aid", day="2024-01-01", reason="A test.")])
    assert publish_folder(engine).release is None


def test_an_edited_seed_document_becomes_the_next_version(engine: Engine) -> None:
    changeset = load(small_seed()).changeset(message="Edited", publisher="seed", base_release=1)
    edited = next(d for d in changeset.documents if d["slug"] == "medical-assistance")
    edited["aliases"] = [*edited["aliases"], "看病救助"]
    from app.publishing import publish

    published = publish(engine, changeset)
    assert (published.release, published.added, published.revised) == (2, 0, 1)
    assert publish(engine, changeset).release is None


def test_a_release_says_who_and_what(engine: Engine) -> None:
    put(engine, concept(), publisher="民政局")
    with Session(engine) as session:
        release = session.get_one(Release, 2)
    assert (release.publisher, release.message) == ("民政局", "A change")
    assert release.recorded_at.tzinfo is not None


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"concept": "no-such-concept"}, ["/documents/0/concept"]),
        ({"domain": "nowhere", "plan": "none"}, ["/documents/0/domain", "/documents/0/plan"]),
        (
            {"valid_from": "2020-12-31"},
            ["/documents/0/domain", "/documents/0/plan", "/documents/0/sources/0/plan"],
        ),
        ({"slug": "Not A Slug"}, ["/documents/0/slug"]),
        ({"name": None, "listed": "maybe"}, ["/documents/0/listed", "/documents/0/name"]),
        ({"colour": "red"}, ["/documents/0/colour"]),
        ({"kind": "wishes"}, ["/documents/0/kind"]),
        ({"audience": "老年人"}, ["/documents/0/audience"]),
        ({"name": "医疗救助金"}, ["/documents/0/name"]),
        ({"sources": []}, ["/documents/0/domain", "/documents/0/name"]),
        ({"ordinal": 0}, ["/documents/0/ordinal"]),
        (
            {"listed": True, "sources": []},
            ["/documents/0/domain", "/documents/0/listed", "/documents/0/name"],
        ),
    ],
)
def test_every_fault_has_its_pointer(engine: Engine, changes: dict[str, Any], pointers: list[str]) -> None:
    assert faults_of(engine, service(**changes)) == pointers


def test_a_fact_with_an_underscore_in_its_slug_can_be_withdrawn(engine: Engine) -> None:
    ends = [withdrawal("years_of_service", kind="facts", day="2031-01-01", reason="A test.")]
    fact = {
        "kind": "facts", "slug": "years_of_service", "valid_from": "2021-01-01", "name": "服役年限", "type": "boolean",
        "question": "？", "about": "person", "sensitive": False, "changes": "never",
    }  # fmt: skip
    assert put(engine, fact).release == 2
    assert put(engine, withdrawals=ends).withdrawn == 1
    assert faults_of(engine, withdrawals=[ends[0] | {"slug": "Not A Slug"}]) == ["/withdrawals/0/slug"]


def test_chinese_names_kinds_and_what_somebody_else_changed(engine: Engine) -> None:
    with pytest.raises(Invalid) as dangling:
        put(engine, service(concept="no-such-concept"))
    assert [fault.said.zh for fault in dangling.value.faults] == ["2021-01-01没有有效的服务概念使用该标识。"]
    with pytest.raises(Invalid) as unknown:
        put(engine, service(kind="wishes"))
    assert "services（服务项目）" in unknown.value.faults[0].said.zh
    put(engine, concept(name="扫雪"))
    with pytest.raises(Conflict) as overtaken:
        put(engine, concept(name="除冰"), base=1)
    assert "已先行更改其中1项：服务概念“扫雪”（snow-clearing）。" in overtaken.value.detail.zh


def test_a_value_must_stand_in_a_quote_that_names_it(engine: Engine) -> None:
    quote = {"plan": LIZHOU, "section": "表2", "quote": "为老年人提供"}
    named = service(audience="老年人")
    named["sources"] = [*named["sources"], {**quote, "fields": ["content"]}]
    assert faults_of(engine, named) == ["/documents/0/audience"]
    named["sources"][1]["fields"] = ["audience"]
    assert put(engine, named).release == 2


def test_a_derived_value_says_how(engine: Engine) -> None:
    quote = {"plan": LIZHOU, "section": "表2", "quote": "为老年人提供", "fields": ["audience"]}
    derived = service(audience="60岁以上的人")
    derived["sources"] = [*derived["sources"], {**quote, "basis": "derived"}]
    assert faults_of(engine, derived) == ["/documents/0/sources/1/derivation"]
    derived["sources"][1]["derivation"] = "A test."
    assert put(engine, derived).release == 2


def test_all_faults_of_all_documents_are_said_at_once(engine: Engine) -> None:
    found = faults_of(
        engine,
        service(slug="a", concept="none"),
        service(slug="b", ordinal=-1),
        concept(),
        concept(),
        withdrawals=[withdrawal("nothing-there", day="2024-01-01", reason="A test.")],
    )
    assert found == [
        "/documents/0/concept",
        "/documents/1/ordinal",
        "/documents/3/slug",
        "/withdrawals/0/slug",
    ]


def test_what_hangs_on_a_document_with_a_fault_has_none_of_its_own(engine: Engine) -> None:
    """One slip in a plan is one fault, and not one of each thing in it."""
    fact = {
        "kind": "facts",
        "slug": "shoe_size",
        "valid_from": "2021-01-01",
        "name": "鞋码",
        "type": "number",
    }
    found = faults_of(engine, service(concept="snow-clearing"), concept(colour="red"), fact, rule())
    assert "/documents/2/type" in found
    assert {pointer.split("/")[2] for pointer in found} == {"1", "2"}


def rule() -> dict[str, Any]:
    return {
        "kind": "rules",
        "slug": "a-rule",
        "valid_from": "2021-01-01",
        "plan": LIZHOU,
        "service": "lizhou-2021-health-medical-assistance",
        "strength": "entitlement",
        "open_ended": False,
        "condition": {"fact": "shoe_size", "at_least": 40, "quote": "大鞋"},
        "sources": [
            {"plan": LIZHOU, "section": "表2", "quote": "大鞋", "fields": ["condition", "strength"]},
        ],
    }


@pytest.mark.parametrize(
    "day", [0, 86400, 20210101, 0.0, True, "0", "86400", "20210101", "2021-01-01T00:00:00"]
)
def test_a_day_is_written_as_one(engine: Engine, day: object) -> None:
    """And is not counted in seconds since 1970."""
    assert faults_of(engine, concept(valid_from=day)) == ["/documents/0/valid_from"]
    ended = withdrawal("legal-aid", day="2024-01-01", reason="A test.") | {"valid_from": day}
    assert faults_of(engine, withdrawals=[ended]) == ["/withdrawals/0/valid_from"]


def test_references_may_be_published_together(engine: Engine) -> None:
    published = put(engine, service(concept="snow-clearing"), concept())
    assert published.added == 2
    late = service(slug="late", concept="new-concept", valid_from="2021-01-01")
    assert faults_of(engine, late, concept(slug="new-concept", valid_from="2022-01-01")) == [
        "/documents/0/concept"
    ]


def test_an_older_base_is_accepted_unless_it_touches_what_changed(engine: Engine) -> None:
    put(engine, concept(name="甲"), publisher="first")
    assert put(engine, concept(slug="something-else"), base=1).release == 3
    with pytest.raises(Conflict) as caught:
        put(engine, concept(name="乙"), base=1)
    changed = {"kind": "concepts", "slug": "snow-clearing", "version": 1, "release": 2}
    assert caught.value.extra == {"release": 2, "changed": [changed]}
    assert "first" in caught.value.detail.en
    assert releases(engine) == 3


def test_a_resource_may_come_and_end_in_one_release(engine: Engine) -> None:
    published = put(engine, concept(), withdrawals=[withdrawal(day="2024-05-01", reason="A test.")])
    assert (published.added, published.withdrawn) == (1, 1)


def test_a_withdrawal_again_makes_no_release(engine: Engine) -> None:
    put(engine, concept())
    ended = withdrawal(day="2024-05-01", reason="A test.")
    assert put(engine, withdrawals=[ended]).withdrawn == 1
    assert put(engine, withdrawals=[ended]).release is None


def test_what_was_said_of_a_day_says_nothing_again_however_much_was_said_of_later_ones(
    engine: Engine,
) -> None:
    gone = withdrawal(day="2025-01-01", reason="No snow.")
    put(engine, concept())
    put(engine, concept(valid_from="2023-01-01", name="除雪"))
    put(engine, withdrawals=[gone])
    put(engine, concept(valid_from="2027-01-01", name="再除雪"))
    before = releases(engine)
    again = [concept(), concept(valid_from="2023-01-01", name="除雪")]
    for document in again:
        assert put(engine, document).release is None
    assert put(engine, withdrawals=[gone]).release is None
    assert releases(engine) == before
    # Of the very day of the end it says something else: that there is no end.
    assert put(engine, concept(valid_from="2025-01-01")).revised == 1
    assert put(engine, withdrawals=[gone]).withdrawn == 1


def test_a_writer_waits_for_another_only_so_long(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that wait would take the threads away from those who read."""
    monkeypatch.setattr(database, "PATIENCE", 0.1)
    engine = database.create(empty_url)
    with database.writing(engine) as session:
        latest_release(session)  # SQLite takes the lock with the first statement
        with pytest.raises(StorageUnavailable, match="locked"):
            put(engine, concept())
        assert releases(engine) == 0
    assert put(engine, concept()).release == 1
    engine.dispose()
