"""Publishing over HTTP: one release or nothing, tried first, and safe to try again."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from anyio import create_task_group, to_thread
from sqlalchemy import Engine, update
from sqlmodel import Session

from app.database import writing
from app.replay import RememberedAnswer
from app.versioning import latest_release
from tests.changes import concept, put, withdrawal
from tests.office import Office, opened, submission

pytestmark = pytest.mark.anyio


def releases(engine: Engine) -> int:
    with Session(engine) as session:
        return latest_release(session)


async def publish(
    office: Office, *documents: Any, base: int = 0, retry: str | None = None, **more: Any
) -> Any:
    return await office.post("/v1/releases", submission(*documents, base=base, **more), "publisher", retry)


async def test_a_changeset_becomes_a_release(empty_engine: Engine) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        answer = await publish(office, concept(), concept(slug="tea", name="茶"))
        assert answer.status_code == 201
        assert answer.json() == {"release": 1, "added": 2, "revised": 0, "withdrawn": 0, "diff": None}
        release = (await office.get(answer.headers["location"])).json()
        assert (release["publisher"], release["message"]) == ("A publisher", "A change")
        assert (await office.get("/v1/concepts/tea")).json()["name"] == "茶"
        ended = [withdrawal("tea", day="2024-01-01", reason="Nobody drinks it.")]
        answer = await office.post(
            "/v1/releases", {"message": "End", "base_release": 1, "withdrawals": ended}, "publisher"
        )
        assert answer.json() == {"release": 2, "added": 0, "revised": 0, "withdrawn": 1, "diff": None}
        assert (await office.get("/v1/concepts/tea")).status_code == 410


async def test_what_changes_nothing_makes_no_release(empty_engine: Engine) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        await publish(office, concept())
        answer = await publish(office, concept(), base=1)
        assert (answer.status_code, answer.json()["release"]) == (200, None)
        assert releases(empty_engine) == 1


async def test_a_dry_run_checks_all_and_changes_nothing(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        answer = await office.post("/v1/releases?dry_run=true", submission(), "editor")
        tried = answer.json()
        assert (answer.status_code, tried["release"], tried["added"]) == (200, None, 1)
        assert [(item["kind"], item["after"][0]["slug"]) for item in tried["diff"]["items"]] == [
            ("concepts", "snow-clearing")
        ]
        assert releases(empty_engine) == 0
        assert (await office.get("/v1/concepts")).json()["total"] == 0
        wrong = await office.post("/v1/releases?dry_run=true", submission(concept(name="")), "editor")
        assert wrong.status_code == 422
        put(empty_engine, concept(name="甲"))
        stale = await office.post("/v1/releases?dry_run=true", submission(concept(name="乙")), "editor")
        assert stale.status_code == 409


async def test_two_pairs_of_eyes_are_needed_unless_the_settings_say_otherwise(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        answer = await publish(office, concept())
        assert answer.status_code == 403
        assert "/v1/proposals" in answer.json()["detail"]


async def test_all_faults_are_named_at_once(empty_engine: Engine) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        answer = await publish(
            office,
            concept(slug="Not A Slug"),
            {"kind": "wishes", "slug": "x"},
            concept(colour="red"),
            concept(slug="b", valid_from="2021-02-30"),
            {"kind": "services", "slug": "c", "valid_from": "2021-01-01"},
            concept(slug="seconds", valid_from=1609459200),
            concept(slug="seconds-as-text", valid_from="1609459200"),
            base=7,
            withdrawals=[
                {"kind": "concepts", "slug": "tea"},
                withdrawal("tea", day="2024-01-01", reason="Why."),
                withdrawal("snow", day="86400", reason="Why."),
            ],
        )
        assert answer.status_code == 422
        pointers = {error["pointer"] for error in answer.json()["errors"]}
        assert pointers >= {
            "/documents/0/slug",
            "/documents/1/kind",
            "/documents/2/colour",
            "/documents/3/valid_from",
            "/documents/4/name",
            "/documents/5/valid_from",
            "/documents/6/valid_from",
            "/withdrawals/0/reason",
            "/withdrawals/1/slug",
            "/withdrawals/2/valid_from",
            "/base_release",
        }
        assert releases(empty_engine) == 0


@pytest.mark.parametrize("path", ["/v1/releases", "/v1/releases?dry_run=true", "/v1/proposals"])
async def test_faults_of_documents_are_named_beside_those_around_them(
    empty_engine: Engine, path: str
) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        sent = submission(concept(slug="X"), withdrawals=[{"kind": "concepts"}]) | {
            "message": "",
            "colour": 1,
        }
        pointers = {
            error["pointer"] for error in (await office.post(path, sent, "publisher")).json()["errors"]
        }
        assert pointers >= {"/message", "/colour", "/documents/0/slug", "/withdrawals/0/reason"}
        half = await office.post(path, {"documents": [concept(slug="X"), 1]}, "publisher")
        assert {e["pointer"] for e in half.json()["errors"]} == {"/message", "/base_release", "/documents/1"}


@pytest.mark.parametrize(
    ("kind", "field", "values"),
    [
        ("standards", "value", ["NaN", "Infinity", "-Infinity"]),
        ("services", "ordinal", [str(2**31), str(2**63), str(2**80)]),
        ("facts", "minimum", [str(-(2**31) - 1), str(-(2**80))]),
    ],
)
async def test_numbers_that_cannot_be_kept_are_refused(
    engine: Engine, kind: str, field: str, values: list[str]
) -> None:
    """What SQLite alone would keep could be restored from no backup."""
    async with opened(engine, direct_publishing=True) as office:
        slug = (await office.get(f"/v1/{kind}?limit=1")).json()["items"][0]["slug"]
        document = (await office.get(f"/v1/documents/{kind}/{slug}")).json() | {field: "THIS"}
        sent = json.dumps(submission(document, base=1))
        headers = office.headers("publisher") | {"Content-Type": "application/json"}
        for value in values:
            body = sent.replace('"THIS"', value)
            answer = await office.client.post("/v1/releases", content=body, headers=headers)
            assert answer.status_code == 422, value
            assert f"/documents/0/{field}" in {error["pointer"] for error in answer.json()["errors"]}
        assert releases(engine) == 1


async def test_what_was_not_sent_as_json_is_told_so(empty_engine: Engine) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        for type_ in ({}, {"Content-Type": "application/x-www-form-urlencoded"}):
            answer = await office.client.post(
                "/v1/releases", content=json.dumps(submission()), headers=office.headers("publisher") | type_
            )
            assert answer.status_code == 422
            assert "Content-Type: application/json" in answer.json()["errors"][0]["detail"]


async def test_no_expression_is_shown_to_people(empty_engine: Engine) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        region = {
            "kind": "regions",
            "slug": "51",
            "valid_from": "0001-01-01",
            "name": "川",
            "level": "province",
        }
        sent = submission(concept(slug="Tea Leaf", name="茶 "), region, message="一行\n又一行")
        answer = await office.post("/v1/releases", sent, "publisher")
        told = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
        assert told.keys() >= {"/message", "/documents/0/slug", "/documents/0/name", "/documents/1/slug"}
        assert not [detail for detail in told.values() if "^" in detail]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"message": "x"}',
        b'{"message": "x", "base_release": 0, "documents": {}}',
        b'{"message": "x", "base_release": 0, "documents": [1]}',
        b'{"message": "x", "base_release": "0x", "documents": []}',
        b'{"message": "x", "base_release": 99999999999999999999}',
        b'{"message": "x\\u0000", "base_release": 0}',
        b'{"message": "x", "base_release": 0, "publisher": "the king"}',
        b'{"message": "x", "base_release": 0, "documents": [{"kind": "concepts", "slug": {"$ne": 1}}]}',
        b"[" * 100_000,
        json.dumps(submission(concept(name="\x00"))).encode(),
        json.dumps(submission(concept(name="\ud800"))).encode(),
        json.dumps(submission(concept(kind=["concepts"]))).encode(),
        json.dumps(submission(concept(aliases=["x"] * 100_000))).encode(),
    ],
)
async def test_a_malformed_changeset_is_refused(empty_engine: Engine, body: bytes) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        headers = office.headers("publisher") | {"Content-Type": "application/json"}
        answer = await office.client.post("/v1/releases", content=body, headers=headers)
        assert answer.status_code == 422, answer.text[:300]
        assert answer.headers["content-type"] == "application/problem+json"
        assert releases(empty_engine) == 0


async def test_a_changeset_that_is_too_large_is_refused(empty_engine: Engine) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        headers = office.headers("publisher") | {"Content-Type": "application/json"}
        body = b'{"message": "' + b"x" * (33 * 1024 * 1024) + b'"}'
        answer = await office.client.post("/v1/releases", content=body, headers=headers)
        assert (answer.status_code, "32 MiB" in answer.json()["detail"]) == (413, True)
        answer = await office.client.post("/v1/webhooks", content=body[: 100 * 1024], headers=headers)
        assert (answer.status_code, "64 KiB" in answer.json()["detail"]) == (413, True)

        async def parts() -> AsyncIterator[bytes]:
            yield body[:20_000_000]
            yield body[20_000_000:]

        answer = await office.client.post("/v1/releases", content=parts(), headers=headers)
        assert (answer.status_code, "32 MiB" in answer.json()["detail"]) == (413, True)


async def test_a_retry_is_answered_as_before_and_does_nothing(empty_engine: Engine) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        first = await publish(office, concept(), retry="once")
        again = await publish(office, concept(), retry="once")
        assert (again.status_code, again.json(), again.headers["location"]) == (
            201,
            first.json(),
            first.headers["location"],
        )
        assert releases(empty_engine) == 1
        # Another key's text is another's.
        other = office.new_key("publisher", "Another publisher")
        answer = await office.post("/v1/releases", submission(concept(name="丙"), base=1), other, "once")
        assert answer.status_code == 201


async def test_one_idempotency_key_is_for_one_request(empty_engine: Engine) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        await publish(office, concept(), retry="once")
        answer = await publish(office, concept(name="丙"), base=1, retry="once")
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "Idempotency-Key")
        assert releases(empty_engine) == 1


async def test_a_failure_is_not_remembered(empty_engine: Engine) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        put(empty_engine, concept(name="甲"))
        assert (await publish(office, concept(name="乙"), retry="once")).status_code == 409
        assert (await publish(office, concept(name="乙"), base=1, retry="once")).status_code == 201


async def test_an_answer_is_remembered_for_seven_days(empty_engine: Engine) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        await publish(office, concept(), retry="once")
        for days, status in ((6, 422), (8, 201)):
            with writing(empty_engine) as session:
                session.execute(update(RememberedAnswer).values(at=datetime.now(UTC) - timedelta(days=days)))
            later = await publish(office, concept(name="丙"), base=1, retry="once")
            assert later.status_code == status


@pytest.mark.parametrize("retry", ["", " ", "a b", "x" * 201, "a\x01", "键".encode()])
async def test_a_malformed_idempotency_key_is_refused(empty_engine: Engine, retry: str | bytes) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        headers: Any = office.headers("publisher") | {"Idempotency-Key": retry}
        answer = await office.client.post("/v1/releases", json=submission(), headers=headers)
        assert answer.status_code == 422
        assert releases(empty_engine) == 0


async def test_one_retry_at_the_same_time_makes_one_release(empty_engine: Engine) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        answers: list[Any] = []

        async def send() -> None:
            answers.append(await publish(office, concept(), retry="once"))

        async with create_task_group() as group:
            for _ in range(8):
                group.start_soon(send)
        assert {answer.status_code for answer in answers} == {201}
        assert {answer.json()["release"] for answer in answers} == {1}
        assert await to_thread.run_sync(releases, empty_engine) == 1


async def test_what_was_changed_since_is_named(empty_engine: Engine) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        await publish(office, concept(), concept(slug="tea", name="茶"))
        await publish(office, concept(slug="tea", name="茶叶"), base=1)
        assert (await publish(office, concept(name="扫雪"), base=1)).status_code == 201
        answer = await publish(office, concept(slug="tea", name="茶水"), base=1)
        assert answer.status_code == 409
        assert answer.json()["changed"] == [{"kind": "concepts", "slug": "tea", "version": 2, "release": 2}]


async def test_a_document_comes_back_as_it_is_published(seeded_url: str, engine: Engine) -> None:
    assert seeded_url
    async with opened(engine, direct_publishing=True) as office:
        for kind in ("regions", "plans", "domains", "concepts", "services", "facts", "rules", "standards",
                     "indicators", "programmes", "discrepancies"):  # fmt: skip
            slug = (await office.get(f"/v1/{kind}?limit=1")).json()["items"][0]["slug"]
            document = (await office.get(f"/v1/documents/{kind}/{slug}")).json()
            assert document["kind"] == kind
            same = await publish(office, document, base=1)
            assert (same.status_code, same.json()["release"]) == (200, None), (kind, same.text)
        assert (await office.get("/v1/documents/concepts/never-was")).status_code == 404
        assert (await office.get("/v1/documents/wishes/x")).status_code == 422
