"""Eligibility over HTTP: answers, receipts, editions, batches, hostile input, and that nothing personal stays."""

import json
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, inspect, text

from tests.changes import put
from tests.stores import LIZHOU

pytestmark = pytest.mark.anyio

URL = "/v1/eligibility"
HOUSING = "lizhou-2021-housing-public-rental-housing"
HOME_CARE = "lizhou-2021-ageing-home-care"
PERSON = {
    "region": "510802",
    "on": "2024-06-01",
    "facts": {"age": 67, "hukou_type": "rural", "household_support": {"any_of": ["dibao", "low_income"]}},
}


async def ask(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await client.post(URL, json=PERSON | changes)).raise_for_status().json()
    return answer


async def test_the_whole_list_is_answered_in_the_plans_order(client: httpx.AsyncClient) -> None:
    answer = await ask(client)
    services: list[str] = []
    following: str | None = "/v1/services?resident_of=510802&on=2024-06-01&limit=200"
    while following:
        page = (await client.get(following)).json()
        services += [service["slug"] for service in page["items"]]
        following = page["next"]
    assert [outcome["service"] for outcome in answer["outcomes"]] == services
    counts = [outcome["outcome"] for outcome in answer["outcomes"]]
    assert answer["summary"] == {name: counts.count(name) for name in answer["summary"]}
    assert (answer["on"], answer["release"], answer["region"]["name"]) == ("2024-06-01", 1, "利州区")


async def test_every_reason_that_decides_carries_the_plans_words(client: httpx.AsyncClient) -> None:
    for outcome in (await ask(client))["outcomes"]:
        assert outcome["reasons"]
        for reason in outcome["reasons"]:
            if reason["rule"] is None:  # the plan names no one
                assert (outcome["outcome"], reason["source"]) == ("undetermined", None)
                continue
            assert reason["source"]["quote"]
            assert reason["source"]["plan"] == LIZHOU
        if outcome["outcome"] != "undetermined":
            assert outcome["missing"] == []


async def test_who_lives_elsewhere_is_offered_other_services(client: httpx.AsyncClient) -> None:
    assert (await ask(client, region="620602"))["outcomes"] == []
    assert (await ask(client, region="510800"))["outcomes"] == []


@pytest.mark.parametrize("about", ["", "/replay", "/compare", "/forecast", "/what-if", "/batch"])
async def test_a_parameter_that_nobody_knows_is_refused_and_not_repeated(
    client: httpx.AsyncClient, about: str
) -> None:
    """Whoever puts a fact into the URL by mistake is told so."""
    answer = await client.post(f"{URL}{about}?age=4711", json={"region": "510802"})
    assert answer.status_code == 422
    assert "age" in [error.get("parameter") for error in answer.json()["errors"]]
    assert "4711" not in answer.text


async def test_facts_may_be_values_bands_sets_or_unknown(client: httpx.AsyncClient) -> None:
    async def outcome(**facts: Any) -> str:
        answer = await ask(client, facts=facts, services=[HOME_CARE])
        found: str = answer["outcomes"][0]["outcome"]
        return found

    alone = {"household_support": "low_income", "living_arrangement": "alone"}
    facts = (await client.get("/v1/facts?limit=200")).json()["items"]
    known = {fact["slug"] for fact in facts}
    person = {slug: value for slug, value in alone.items() if slug in known}
    in_band = [
        await outcome(age={"min": low, "max": high}, **person) for low, high in ((80, 90), (75, 85), (20, 40))
    ]
    points = {age: await outcome(age=age, **person) for age in (20, 40, 75, 79, 80, 85, 90)}
    assert in_band[0] == points[80] == points[90]
    assert in_band[2] == points[20] == points[40]
    assert in_band[1] == (points[79] if points[79] == points[80] else "undetermined")
    assert await outcome(age=None, **person) == await outcome(**person)


async def test_the_same_request_gives_the_same_bytes_and_a_receipt_that_holds(
    own_client: httpx.AsyncClient, engine: Engine
) -> None:
    pinned = PERSON | {"release": 1}
    first = await own_client.post(URL, json=pinned)
    rule = next(iter((await own_client.get(f"/v1/rules?service={HOUSING}")).json()["items"]))
    content = {
        field: rule[field] for field in ("slug", "valid_from", "plan", "service", "strength", "sources")
    }
    everyone = {"kind": "rules", **content, "condition": {"all": []}, "change_note": "A test."}
    put(engine, everyone)
    again = await own_client.post(URL, json=pinned)
    assert again.content == first.content
    asked = {"region": "510802", "facts": PERSON["facts"], "receipt": first.json()["receipt"]}
    replayed = (await own_client.post(f"{URL}/replay", json=asked)).json()
    assert replayed["valid"] is True
    assert [(c["service"], c["after"]) for c in replayed["changes"]] == [(HOUSING, "eligible")]
    assert replayed["changes"][0]["reasons_after"][0]["text"] == "所有人"
    forged = {**asked, "facts": {"age": 1}}
    assert (await own_client.post(f"{URL}/replay", json=forged)).json()["valid"] is False


async def test_two_editions_differ_by_their_clauses(own_client: httpx.AsyncClient, engine: Engine) -> None:
    rule = next(iter((await own_client.get(f"/v1/rules?service={HOUSING}")).json()["items"]))
    kept = {
        field: rule[field] for field in ("slug", "plan", "service", "strength", "sources", "other_readings")
    }
    narrower = {"fact": "household_support", "is": "low_income", "quote": "低收入家庭"}
    changed = {
        "kind": "rules",
        **kept,
        "valid_from": "2024-07-01",
        "condition": narrower,
        "other_readings": [],
    }
    put(engine, changed)
    asked = {
        "region": "510802",
        "facts": {"hukou_type": "urban", "household_support": "dibao"},
        "before": {"on": "2024-06-30"},
        "after": {"on": "2024-07-01"},
    }
    compared = (await own_client.post(f"{URL}/compare", json=asked)).json()
    (change,) = compared["changes"]
    assert (change["service"], change["before"], change["after"]) == (HOUSING, "eligible", "not_eligible")
    assert change["reasons_before"]
    assert change["reasons_after"]


async def test_questions_end_and_are_never_asked_twice(client: httpx.AsyncClient) -> None:
    facts: dict[str, Any] = {}
    declined: list[str] = []
    asked: list[str] = []
    for number in range(100):
        answer = await ask(client, facts=facts, declined=declined, explain="none")
        question = answer["next_question"]
        if question is None:
            break
        assert question["fact"] not in asked
        asked.append(question["fact"])
        if number % 3 == 0:
            declined.append(question["fact"])
        elif question["type"] == "boolean":
            facts[question["fact"]] = number % 2 == 0
        elif question["type"] == "integer":
            facts[question["fact"]] = max(question["minimum"], min(67, question["maximum"]))
        elif question["type"] == "enumeration":
            facts[question["fact"]] = question["values"][-1]["value"]
        else:
            facts[question["fact"]] = "510802" if question["type"] == "region" else "1957-03-01"
    else:
        pytest.fail("The questions do not end.")


async def test_time_turns_outcomes_on_the_birthday(client: httpx.AsyncClient) -> None:
    asked = {
        **PERSON,
        "facts": {"birth_date": "1944-07-03", "household_support": "low_income", "care_setting": "home"},
        "services": [HOME_CARE],
    }
    known = {fact["slug"] for fact in (await client.get("/v1/facts?limit=200")).json()["items"]}
    asked["facts"] = {slug: value for slug, value in asked["facts"].items() if slug in known}  # type: ignore[attr-defined]  # facts by their slugs
    turns = (await client.post(f"{URL}/forecast", json=asked)).json()["turning_days"]
    for turn in turns:
        day_before = await ask(client, on="2024-07-02", facts=asked["facts"], services=[HOME_CARE])
        that_day = await ask(client, on=turn["earliest"], facts=asked["facts"], services=[HOME_CARE])
        assert day_before["outcomes"][0]["outcome"] == turn["before"]
        assert that_day["outcomes"][0]["outcome"] == turn["after"]


async def test_what_if_suggests_only_what_can_be_chosen(client: httpx.AsyncClient) -> None:
    facts = {fact["slug"]: fact for fact in (await client.get("/v1/facts?limit=200")).json()["items"]}
    ways = (await client.post(f"{URL}/what-if", json=PERSON)).json()["ways"]
    assert ways
    for way in ways:
        for change in way["changes"]:
            assert {facts[one["fact"]]["changes"] for one in change} == {"by_choice"}
            given = PERSON["facts"] | {one["fact"]: one["to"] for one in change}  # type: ignore[operator]  # facts by their slugs
            answer = await ask(client, facts=given, services=[way["service"]])
            assert answer["outcomes"][0]["outcome"] == "eligible"


async def test_a_batch_answers_line_by_line_and_one_bad_line_spoils_nothing(
    client: httpx.AsyncClient,
) -> None:
    person = {"region": "510802", "facts": {"age": 67}, "services": [HOME_CARE]}
    lines = [
        json.dumps({"id": "a", **person}),
        "{nope",
        "",
        json.dumps({"id": "b", **person, "facts": {"age": "old"}}),
        json.dumps({"id": "c", **person, "facts": {"nothing": 1}}),
        json.dumps({"id": "d", **person, "region": "990000"}),
        "[" * 50_000,
        '{"id":"x","facts":"' + "y" * 70_000 + '"}',
        json.dumps({"id": "e", **person}),
    ]
    answer = await client.post(f"{URL}/batch?on=2024-06-01&release=1", content="\n".join(lines).encode())
    assert answer.headers["content-type"] == "application/x-ndjson"
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert [(one["line"], one["id"], one["error"] is None) for one in found] == [
        (1, "a", True), (2, None, False), (4, "b", False), (5, "c", False), (6, "d", False), (7, None, False),
        (8, None, False), (9, "e", True),
    ]  # fmt: skip
    assert found[2]["error"]["errors"][0]["pointer"] == "/facts/age"
    single = await ask(client, **person, release=1, explain="none")
    assert found[0]["outcomes"] == single["outcomes"] == found[-1]["outcomes"]
    assert found[0]["receipt"] == single["receipt"]


async def test_a_batch_holds_more_people_than_are_decided_at_once(client: httpx.AsyncClient) -> None:
    people = [
        {"id": str(n), "region": "510802", "facts": {"age": n % 100}, "services": [HOME_CARE]}
        for n in range(257)
    ]
    body = "\n".join(json.dumps(person) for person in people)
    answer = await client.post(f"{URL}/batch?on=2024-06-01", content=body.encode())
    assert [json.loads(line)["id"] for line in answer.text.splitlines()] == [str(n) for n in range(257)]


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        (b"[" * 100_000 + b"]" * 100_000, 422, [""]),
        (b'{"region":"510802","facts":{"age":NaN}}', 422, ["/facts/age"]),
        (b'{"region":"510802","facts":{"age":1e999}}', 422, ["/facts/age"]),
        (b'{"region":"510802","facts":{"age":' + b"9" * 5_000 + b"}}", 422, [""]),
        (b'{"region":"510802","facts":{"age":99999999999999999999}}', 422, ["/facts/age"]),
        (b'{"region":"510802","facts":{"age":67.0}}', 422, ["/facts/age"]),
        (b'{"region":"510802","facts":{"age":true}}', 422, ["/facts/age"]),
        (b'{"region":"510802","facts":{"age":{"min":70,"max":60}}}', 422, ["/facts/age"]),
        (b'{"region":"510802","facts":{"hukou_type":{"any_of":[]}}}', 422, ["/facts/hukou_type"]),
        (b'{"region":"510802","facts":{"hukou_type":"martian","no/such~fact":1}}', 422,
         ["/facts/hukou_type", "/facts/no~1such~0fact"]),
        (b'{"region":"510802","facts":[]}', 422, ["/facts"]),
        (b'{"region":"510802","facts":{"age":60,"birth_date":"2020-01-01"}}', 422, ["/facts/age"]),
        (b'{"region":"510802","services":["no-such-service"]}', 422, ["/services/0"]),
        (b'{"facts":{}}', 422, ["/region"]),
        (b'{"region":"510802","on":"soon","explain":"loudly","wish":1}', 422, ["/explain", "/on", "/wish"]),
        (b"", 422, [""]),
        (b"\xff\xfe", 422, [""]),
        (b'{"region":"510802","facts":{' + b",".join(b'"f%d":1' % n for n in range(40_000)) + b"}}", 413, None),
    ],
)  # fmt: skip
async def test_hostile_input_costs_nothing(
    client: httpx.AsyncClient, body: bytes, status: int, pointers: list[str] | None
) -> None:
    answer = await client.post(URL, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.content) < 10_000
    if pointers is not None:
        assert sorted(error.get("pointer", "") for error in answer.json()["errors"]) == pointers


SECRETS = {"age": 61, "birth_date": "1963-05-17", "hukou_place": "511321"}


async def test_no_fact_is_ever_kept_or_logged(
    own_client: httpx.AsyncClient,
    engine: Engine,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The values are looked for in everything that is written, and in every answer but the one that is asked for."""
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    caplog.set_level(logging.DEBUG)
    person = {
        "region": "510802",
        "facts": {"birth_date": "1963-05-17", "hukou_place": "511321"},
        "on": "2024-06-01",
    }
    told: list[str] = []
    for path in ("", "/forecast", "/what-if"):
        answer = await own_client.post(URL + path, json=person)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        told += [str(answer.url), str(answer.headers)]
    for wrong in (
        {**person, "facts": {**person["facts"], "age": "1963-05-17"}},  # type: ignore[dict-item]  # facts by their slugs
        {**person, "facts": {"hukou_place": ["511321"], "birth_date": "1963-05-17T00:00"}},
        {**person, "facts": "1963-05-17 511321"},
        {**person, "1963-05": "511321"} | {"region": "51132x"},
    ):
        answer = await own_client.post(URL, json=wrong)
        assert answer.status_code == 422
        told.append(answer.text.replace("/1963-05", ""))
    with engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            if table not in {"region_version", "search_entry"} and not table.startswith("search_word"):
                told += [str(row) for row in connection.execute(text(f'SELECT * FROM "{table}"'))]
    captured = capfd.readouterr()
    told += [captured.out, captured.err, caplog.text]
    assert any("/v1/eligibility" in line for line in told)
    for line in told:
        for value in ("1963-05-17", "511321", "1963-05-17T00:00", "51132x"):
            assert value not in line


def test_the_engine_knows_nothing_of_the_world_outside() -> None:
    """Conditions, evaluation, explanation and questions: no framework, no session, no clock, no settings."""
    folder = Path(__file__).parent.parent / "app" / "eligibility"
    outer = {"router.py", "desk.py", "models.py", "batch.py", "assess.py", "__init__.py"}
    for file in folder.glob("*.py"):
        if file.name not in outer:
            source = file.read_text(encoding="utf-8")
            for word in (
                "fastapi",
                "sqlmodel",
                "sqlalchemy",
                "datetime.now",
                "date.today",
                "app.settings",
                "import time",
            ):
                assert word not in source, (file.name, word)


async def test_the_examples_can_be_sent_as_they_are(client: httpx.AsyncClient) -> None:
    files = sorted((Path(__file__).parent.parent / "examples").glob("*.json"))
    assert files
    for file in files:
        answer = await client.post(
            URL, content=file.read_bytes(), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 200, file.name
        assert answer.json()["next_question"]
