"""A portal written by an outsider stays in step, whatever is published, and whatever it is answered."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine

from app.database import writing
from app.keys.models import create as create_key
from app.webhooks.delivery import deliver
from tests.changes import concept, put, withdrawal
from tests.conftest import TODAY
from tests.outsider import Portal
from tests.running import served
from tests.tellings import REGION, domain, plan
from tests.test_webhooks import Portal as Listener
from tests.test_webhooks import portal as listener  # noqa: F401 - a fixture

DAYS = [date(1, 1, 1), date(2021, 6, 1), TODAY, date(2025, 1, 1), date(2031, 1, 1)]
SNOW = "/v1/concepts/snow-clearing"


@pytest.fixture
def office(empty_url: str, empty_engine: Engine) -> Iterator[Portal]:
    with writing(empty_engine) as session:
        key = create_key(session, "reader", "A portal")[1]
    put(empty_engine, REGION, plan("one", date(2021, 1, 1), "甲"), concept())
    settings = {"writes_limit": "3/second", "webhooks_to_private": True}
    with served(empty_url, **settings) as client:
        yield Portal(client, key)


def test_a_copy_stays_in_step(office: Portal, empty_engine: Engine, listener: Listener) -> None:  # noqa: F811 - pytest's fixtures
    office.catch_up()
    office.subscribe(listener.url)
    first_page = office.get("/v1/concepts?limit=1&on=2024-06-01")
    teas = [concept(slug=f"tea-{n}", name=f"茶{n}") for n in range(5)]
    releases = [
        (teas, []),
        ([concept(name="扫雪", change_note="It was cut short.")], []),  # a correction
        ([concept(name="除冰", valid_from="2030-01-01")], []),  # from a day to come
        ([concept(slug="tea-1", name="旧茶", valid_from="2019-01-01")], []),  # back-dated
        ([], [withdrawal("tea-2", day="2024-01-01", reason="Nobody drinks it.")]),
        ([], [withdrawal("tea-3", day="2024-12-31", reason="Nobody will drink it.")]),
        ([concept(slug="tea-2", name="新茶", valid_from="2024-05-01")], []),  # in force again
        ([domain("one", date(2022, 1, 1), "乙", "one"), plan("one", date(2024, 1, 1), "丙")], []),
        (
            [concept(slug="tea-4", name="茶", aliases=["茗"])],
            [withdrawal("tea-0", day="2021-01-01", reason="Error.")],
        ),
    ]
    for documents, ends in releases:
        put(empty_engine, *documents, withdrawals=ends)
        while deliver(empty_engine, private=True):
            pass
        for heard in listener.heard:
            office.hear(*heard)
        listener.heard.clear()
        assert [different for day in DAYS for different in office.differences(day)] == []
    assert office.release == len(releases) + 1
    office.catch_up()
    assert office.seen[304] > 0  # nothing new was not sent again
    assert first_page["next"] is None


def test_a_copy_that_slept_catches_up(office: Portal, empty_engine: Engine) -> None:
    """It was told nothing for thirty releases, and some came while it was reading."""
    for n in range(30):
        put(empty_engine, concept(name=f"第{n}次"), concept(slug=f"tea-{n}", name="茶"))
    changes = office.changes
    came_between = iter(range(30, 32))

    def changes_while_publishing() -> list[object]:
        found = changes()
        put(empty_engine, concept(name=f"第{next(came_between)}次"))
        return found

    office.changes = changes_while_publishing  # type: ignore[method-assign]  # somebody publishes meanwhile
    office.catch_up()
    assert office.differences(TODAY) == [
        "/v1/concepts/snow-clearing: "
        + str([{"version": v, "name": f"第{v - 2}次", "aliases": []} for v in (31, 32)])
    ]
    office.changes = changes  # type: ignore[method-assign]  # somebody publishes meanwhile
    office.catch_up()
    assert office.differences(TODAY) == []


def test_what_a_portal_is_told_on_its_way(office: Portal, empty_engine: Engine) -> None:
    office.catch_up()
    put(empty_engine, *(concept(slug=f"tea-{n}", name="茶") for n in range(5)))
    first = office.get("/v1/concepts?limit=2")
    put(empty_engine, withdrawals=[withdrawal(day="2024-01-01", reason="No snow.")])
    # A cursor goes on in the list that it began in, however old that has become.
    rest = office.pages(first["next"])
    assert {one["slug"] for one in first["items"] + rest} == {
        "snow-clearing",
        *(f"tea-{n}" for n in range(5)),
    }
    assert {one["as_of_release"] for one in rest} == {2}
    # In another list it is refused, with what to do.
    cursor = first["next"].split("cursor=")[1]
    refused = office.request("GET", f"/v1/plans?cursor={cursor}")
    assert (refused.status_code, refused.json()["errors"][0]["parameter"]) == (422, "cursor")
    # A bookmark that has ended says why, and where its last version is.
    gone = office.request("GET", SNOW)
    assert (gone.status_code, gone.json()["reason"]) == (410, "No snow.")
    assert office.get(gone.json()["last_version"])["name"] == "扫雪除冰"
    office.catch_up()
    assert office.differences(TODAY) == []


def test_a_portal_that_is_too_quick_waits_as_long_as_it_is_told_to(office: Portal) -> None:
    made = [office.subscribe(f"https://portal.example/{n}") for n in range(7)]
    assert office.seen[429] > 0
    assert len(set(made)) == 7
    assert office.call("deleteWebhook", id=made[0]).status_code == 204
    assert office.call("deleteWebhook", id=made[0]).status_code == 404
