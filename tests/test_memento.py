"""RFC 7089: what a resource's URL answered at a time, found by date, and with a client that is not ours."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, select, text
from sqlmodel import Session

from app.catalogue import KINDS
from app.clock import CHINA
from app.concepts.models import ConceptVersion
from app.database import writing
from app.mementos.timeline import moment_of, timeline
from app.versioning import At, Release
from tests.conftest import application, client_of
from tests.examples import SLUGS

pytestmark = pytest.mark.anyio
SNOW = "/v1/concepts/snow-clearing"


def recorded(engine: Engine, number: int, moment: str, *rows: dict[str, Any]) -> None:
    """A release that was recorded at a time of the past, as publishing would have written it then."""
    with writing(engine) as session:
        when = datetime.fromisoformat(moment)
        session.add(Release(number=number, recorded_at=when, publisher="clerk", message="Then"))
        session.flush()
        session.add_all(ConceptVersion(release=number, **row) for row in rows)


def version(number: int, name: str, day: str, **more: Any) -> dict[str, Any]:
    content = {"slug": "snow-clearing", "name": name, "valid_from": date.fromisoformat(day), "aliases": []}
    return {**content, "version": number, **more}


@pytest.fixture
def past(empty_engine: Engine) -> Engine:
    """Four releases of the years before TODAY, 2024-06-01."""
    recorded(empty_engine, 1, "2021-03-01T02:00:00.250000+00:00", version(1, "扫雪", "2020-01-01"))
    recorded(
        empty_engine, 2, "2022-05-05T20:30:00+00:00",
        version(2, "除冰", "2023-01-01"), version(3, "扫雪除冰", "2020-01-01"),
    )  # fmt: skip
    ends = {"withdrawn": True, "withdrawn_because": "No snow."}
    recorded(empty_engine, 3, "2023-06-01T00:00:00+00:00", version(4, "除冰", "2023-06-15", **ends))
    recorded(
        empty_engine, 4, "2024-01-10T00:00:00+00:00",
        version(5, "扫雪除冰", "2024-02-01"), version(6, "将来", "2030-01-01"),
    )  # fmt: skip
    return empty_engine


@pytest.fixture
async def then(past: Engine) -> AsyncIterator[httpx.AsyncClient]:
    app = application(past.url.render_as_string(hide_password=False))
    async with client_of(app) as client:
        yield client
    app.state.engine.dispose()


def at(moment: str) -> dict[str, str]:
    return {"Accept-Datetime": format_datetime(datetime.fromisoformat(moment).astimezone(UTC), usegmt=True)}


def links(header: str) -> dict[str, tuple[str, str | None]]:
    """Each relation with its target and time, however many relations one link has."""
    found = re.findall(r'<([^>]+)>; ?rel="([^"]+)"(?:; ?type="[^"]+")?(?:; ?datetime="([^"]+)")?', header)
    return {relation: (target, when or None) for target, rel, when in found for relation in rel.split()}


# What the URL answered when: three recorded changes, two midnights of China, one of them an end.
ANSWERED = [
    ("2021-03-01T02:00:00+00:00", "扫雪", "?on=2021-03-01&release=1"),
    ("2022-05-05T20:29:59+00:00", "扫雪", "?on=2022-05-06&release=1"),
    ("2022-05-05T20:30:00+00:00", "扫雪除冰", "?on=2022-05-06&release=2"),
    ("2022-12-31T15:59:59+00:00", "扫雪除冰", "?on=2022-12-31&release=2"),
    ("2022-12-31T16:00:00+00:00", "除冰", "?on=2023-01-01&release=2"),
    ("2023-06-14T15:59:59+00:00", "除冰", "?on=2023-06-14&release=3"),
    ("2023-06-14T16:00:00+00:00", None, "?on=2023-06-15&release=3"),
    ("2024-01-20T00:00:00+00:00", None, "?on=2024-01-20&release=4"),
    ("2024-02-01T00:00:00+08:00", "扫雪除冰", "?on=2024-02-01&release=4"),
    # Before the first there is only the first, and what has not come yet is now.
    ("1999-01-01T00:00:00+00:00", "扫雪", "?on=2021-03-01&release=1"),
    ("2035-01-01T00:00:00+00:00", "扫雪除冰", "?on=2024-06-01&release=4"),
]


@pytest.mark.parametrize(("moment", "name", "clocks"), ANSWERED)
async def test_a_time_leads_to_what_was_answered_then(
    then: httpx.AsyncClient, moment: str, name: str | None, clocks: str
) -> None:
    redirect = await then.get(SNOW, headers=at(moment))
    assert (redirect.status_code, redirect.headers["location"]) == (302, SNOW + clocks)
    assert "accept-datetime" in redirect.headers["vary"].lower()
    assert "memento-datetime" not in redirect.headers
    memento = await then.get(redirect.headers["location"], headers=at("2001-01-01T00:00:00+00:00"))
    if name is None:
        assert (memento.status_code, memento.json()["reason"]) == (410, "No snow.")
    else:
        assert memento.json()["name"] == name
        assert "immutable" in memento.headers["cache-control"]
    when = parsedate_to_datetime(memento.headers["memento-datetime"])
    if not moment.startswith("1999"):
        assert when <= datetime.fromisoformat(moment)
        # The memento's own time leads to it again.
        again = await then.get(SNOW, headers=at(when.isoformat()))
        assert again.headers["location"] == redirect.headers["location"]
    relations = links(memento.headers["link"])
    assert relations["original"][0] == relations["timegate"][0] == f"http://catalogue.test{SNOW}"


async def test_links_lead_through_the_states(then: httpx.AsyncClient) -> None:
    base = f"http://catalogue.test{SNOW}"
    states = [
        (f"{base}?on=2021-03-01&release=1", "Mon, 01 Mar 2021 02:00:00 GMT"),
        (f"{base}?on=2022-05-06&release=2", "Thu, 05 May 2022 20:30:00 GMT"),
        (f"{base}?on=2023-01-01&release=2", "Sat, 31 Dec 2022 16:00:00 GMT"),
        (f"{base}?on=2024-02-01&release=4", "Wed, 31 Jan 2024 16:00:00 GMT"),
    ]
    middle = links((await then.get(SNOW, headers=at("2022-08-01T00:00:00+00:00"))).headers["link"])
    assert {r: middle[r] for r in ("first", "prev", "next", "last")} == {
        "first": states[0], "prev": states[0], "next": states[2], "last": states[3],
    }  # fmt: skip
    gone = links((await then.get(SNOW, headers=at("2023-08-01T00:00:00+00:00"))).headers["link"])
    assert (gone["prev"], gone["next"]) == (states[2], states[3])
    ended = await then.get(f"{SNOW}?on=2023-08-01&release=3")
    assert (ended.status_code, links(ended.headers["link"])["prev"]) == (410, states[2])
    before = links((await then.get(SNOW, headers=at("1999-01-01T00:00:00+00:00"))).headers["link"])
    assert "prev" not in before
    assert (before["first"], before["next"]) == (states[0], states[1])
    for url, when in states:
        memento = await then.get(url)
        assert memento.headers["memento-datetime"] == when
        own = links(memento.headers["link"])
        # What comes later is no part of an answer that never changes.
        assert own["first"] == states[0]
        assert "next" not in own
    assert own["prev"] == states[2]
    listed = links(
        (await then.get(f"{SNOW}/timemap?format=link")).text.replace(";", "; ").replace(",\n", ", ")
    )
    assert (listed["first"], listed["last"]) == (states[0], states[3])


async def test_the_time_map_lists_every_state_in_both_forms(then: httpx.AsyncClient) -> None:
    whole = (await then.get(f"{SNOW}/timemap")).json()
    assert [(s["version"], s["datetime"]) for s in whole["mementos"]["list"]] == [
        (1, "2021-03-01T02:00:00Z"),
        (3, "2022-05-05T20:30:00Z"),
        (2, "2022-12-31T16:00:00Z"),
        (5, "2024-01-31T16:00:00Z"),
    ]
    for state in whole["mementos"]["list"]:
        assert (await then.get(state["uri"])).json()["version"] == state["version"]
    in_links = await then.get(f"{SNOW}/timemap", headers={"Accept": "application/link-format"})
    assert in_links.headers["content-type"] == "application/link-format"
    assert "Accept" in in_links.headers["vary"]
    for state in whole["mementos"]["list"]:
        assert f"<{state['uri']}>" in in_links.text
    assert (await then.get(f"{SNOW}/timemap?on=2022-01-01&release=2")).json()["mementos"]["list"] == whole[
        "mementos"
    ]["list"][:1]
    assert "immutable" in (await then.get(f"{SNOW}/timemap?on=2022-01-01&release=2")).headers["cache-control"]


async def test_what_was_never_answered_is_no_memento(then: httpx.AsyncClient) -> None:
    """A day before its release was known, or after the next one was: true, but never said unasked."""
    for clocks, known in (
        ("?on=2020-06-01&release=1", False),
        ("?on=2023-01-01&release=1", False),
        ("?on=2022-05-06&release=1", True),
        ("?on=2022-05-05&release=2", False),
        ("?on=2030-01-01&release=4", False),
        ("?on=2024-06-01&release=4", True),
        ("?on=2024-06-01", False),
        ("?release=4", False),
        ("", False),
    ):
        answer = await then.get(SNOW + clocks)
        assert answer.status_code == 200
        assert ("memento-datetime" in answer.headers) is known, clocks


async def test_only_the_url_without_clocks_negotiates(then: httpx.AsyncClient) -> None:
    asked = at("2021-06-01T00:00:00+00:00")
    for clocks in ("?on=2024-01-01", "?release=4", "?known_at=2024-05-01T00:00:00Z"):
        answer = await then.get(SNOW + clocks, headers=asked)
        assert answer.status_code in {200, 410}
        assert "accept-datetime" not in answer.headers.get("vary", "").lower()
    assert "accept-datetime" in (await then.get(SNOW)).headers["vary"].lower()
    same = await then.get(SNOW)
    kept = await then.get(SNOW, headers={"If-None-Match": same.headers["etag"]})
    assert kept.status_code == 304
    assert "accept-datetime" in kept.headers["vary"].lower()


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "yesterday",
        "2021-06-01",
        "Thu, 99 May 2037 20:35:00 GMT",
        "Thu, 31 May 99999 20:35:00 GMT",
        "\xff",
        "0",
    ],
)
async def test_a_time_that_cannot_be_read_is_refused(then: httpx.AsyncClient, wanted: str) -> None:
    headers = [(b"accept-datetime", wanted.encode("latin-1")), (b"accept-language", b"zh")]
    refused = await then.get(SNOW, headers=headers)
    assert (refused.status_code, refused.json()["title"]) == (400, "请求头无法读取")


async def test_any_zone_and_any_year_are_understood(then: httpx.AsyncClient) -> None:
    for wanted, clocks in (
        ("Fri, 06 May 2022 04:30:00 +0800", "?on=2022-05-06&release=2"),
        ("Mon, 01 Jan 0001 00:00:00 GMT", "?on=2021-03-01&release=1"),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("Fri, 31 Dec 9999 15:59:59 GMT", "?on=2024-06-01&release=4"),
        ("Fri, 31 Dec 9999 16:00:00 GMT", None),  # in China the year 10000
    ):
        answer = await then.get(SNOW, headers={"Accept-Datetime": wanted})
        assert answer.headers.get("location") == (clocks and SNOW + clocks), wanted
        assert answer.status_code == (302 if clocks else 400)


async def test_what_never_was_has_no_past(then: httpx.AsyncClient) -> None:
    for url in ("/v1/concepts/nothing", "/v1/concepts/nothing/timemap", "/v1/people/x/timemap"):
        answer = await then.get(url, headers=at("2022-01-01T00:00:00+00:00"))
        assert answer.status_code in {404, 422}, url


async def test_no_other_host_is_written_into_links(then: httpx.AsyncClient) -> None:
    for harmful in ('x>; rel="original', "a b", "x:123456", "x/y", ""):
        answer = await then.get(SNOW, headers={"Host": harmful})
        assert links(answer.headers["link"])["original"][0] == SNOW, harmful
    for proper in ("portal.example:8443", "[::1]:80"):
        answer = await then.get(SNOW, headers={"Host": proper})
        assert links(answer.headers["link"])["original"][0] == f"http://{proper}{SNOW}"


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_is_found_by_time(client: httpx.AsyncClient, kind: str) -> None:
    url = f"/v1/{kind}/{SLUGS[kind]}"
    plain = await client.get(url)
    relations = links(plain.headers["link"])
    assert {"original", "timegate", "timemap"} <= relations.keys()
    assert (await client.get(relations["timemap"][0])).status_code == 200
    now = await client.get(url, headers=at("2099-01-01T00:00:00+00:00"))
    assert now.headers["location"] == plain.headers["content-location"]


def test_states_are_what_the_url_would_have_answered(past: Engine) -> None:
    """Against asking hour by hour around every turn: the list of states tells the whole story."""
    with Session(past) as session:
        states = timeline(session, ConceptVersion, "snow-clearing", At(date(2024, 6, 1), 4))
        assert [state.version for state in states] == [1, 3, 2, 4, 5]
        rows = session.execute(
            text("SELECT version, release, valid_from, withdrawn FROM concept_version")
        ).all()
        times = {release.number: release.recorded_at for release in session.scalars(select(Release))}
        turns = [state.moment for state in states]
        for moment in [t + timedelta(hours=h) for t in turns for h in (-30, -1, 0, 1, 30)]:
            day = moment.astimezone(CHINA).date().isoformat()
            seen = [r for r in rows if times[r.release] <= moment and str(r.valid_from) <= day]
            best = max(seen, key=lambda r: (str(r.valid_from), r.version), default=None)
            told = [state for state in states if state.moment <= moment]
            assert (told[-1].version if told else None) == (best.version if best else None)
        for state in states:
            assert moment_of(session, state.at, date(2024, 6, 1)) == state.moment


def test_a_memento_client_that_is_not_ours_finds_its_way(past: Engine) -> None:
    from memento_client import MementoClient

    from tests.running import served

    with (
        served(past.url.render_as_string(hide_password=False)) as http,
        MementoClient(timegate_uri="") as client,
    ):
        client.session.trust_env = False
        url = f"{http.base_url}{SNOW}".replace("//v1", "/v1")
        found = client.get_memento_info(url, datetime.fromisoformat("2022-08-01T12:00"))
        assert found["original_uri"] == url
        mementos = found["mementos"]
        assert mementos["closest"]["uri"] == [f"{url}?on=2022-08-01&release=2"]
        assert mementos["closest"]["http_status_code"] == 200
        assert mementos["closest"]["datetime"] == datetime.fromisoformat("2022-07-31T16:00")
        assert mementos["first"]["datetime"] == datetime.fromisoformat("2021-03-01T02:00")
        assert mementos["prev"]["uri"] == [f"{url}?on=2021-03-01&release=1"]
        assert mementos["next"]["uri"] == [f"{url}?on=2023-01-01&release=2"]
        assert mementos["last"]["uri"] == [f"{url}?on=2024-02-01&release=4"]
        assert MementoClient.is_memento(mementos["closest"]["uri"][0], session=client.session)
        assert MementoClient.is_timegate(url, session=client.session)
        # From a memento back to the resource, and to another time.
        from_there = client.get_memento_info(
            mementos["first"]["uri"][0], datetime.fromisoformat("2024-03-01T00:00")
        )
        assert from_there["original_uri"] == url
        assert from_there["mementos"]["closest"]["uri"] == [f"{url}?on=2024-03-01&release=4"]
