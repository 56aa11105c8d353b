"""Following along: what releases changed, and that whoever applies it all holds what the lists say."""

import json
import random
import re
from datetime import date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from sqlalchemy import Engine

from tests.changes import concept, put, withdrawal
from tests.conftest import application, client_of
from tests.stores import LIZHOU
from tests.test_reads import every

pytestmark = pytest.mark.anyio
NDJSON = {"Accept": "application/x-ndjson"}
REGION = {
    "kind": "regions",
    "slug": "510802",
    "valid_from": "0001-01-01",
    "name": "利州区",
    "level": "county",
}


def plan(slug: str = "plan-a", **changes: Any) -> dict[str, Any]:
    name = changes.pop("name", "甲规划")
    source = {"plan": slug, "section": "一", "quote": name, "fields": ["name", "region"]}
    return {
        "kind": "plans", "slug": slug, "valid_from": "2020-01-01", "name": name, "region": "510802",
        "sources": [source], **changes,
    }  # fmt: skip


def domain(slug: str, name: str, day: str, of: str = "plan-a") -> dict[str, Any]:
    source = {"plan": of, "section": "一", "quote": name, "fields": ["name", "ordinal"]}
    return {
        "kind": "domains", "slug": slug, "valid_from": day, "name": name, "plan": of, "ordinal": 1,
        "sources": [source],
    }  # fmt: skip


class Replica:
    """A copy that knows nothing but the changes, and finds out by itself what applies on a day."""

    def __init__(self) -> None:
        self.changes: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.release = 0

    async def sync(self, client: httpx.AsyncClient, *, lines: bool, limit: int) -> None:
        url: str | None = f"/v1/changes?after={self.release}&documents=true&limit={limit}"
        while url:
            answer = await client.get(url, headers=NDJSON if lines else {})
            if lines:
                items = [json.loads(line) for line in answer.text.splitlines()]
                found = re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["link"])
                links = {relation: target for target, relation in found}
                url, follow = links.get("next"), links["monitor"]
            else:
                page = answer.json()
                items, url, follow = page["items"], page["next"], page["follow"]
            for item in items:
                self.changes.setdefault((item["kind"], item["slug"]), []).append(item)
            self.release = int(httpx.URL(follow).params["after"])

    def state(self, kind: str, on: str, release: int) -> dict[str, dict[str, Any]]:
        found = {}
        for (of_kind, slug), changes in self.changes.items():
            seen = [
                c for c in changes if of_kind == kind and c["release"] <= release and c["valid_from"] <= on
            ]
            best = max(seen, key=lambda c: (c["valid_from"], c["version"]), default=None)
            if best and best["change"] != "withdrawn":
                found[slug] = best["document"] | {"version": best["version"], "release": best["release"]}
        return found

    def list(self, kind: str, on: str, release: int) -> dict[str, dict[str, Any]]:
        """The list of a kind as the catalogue would give it, references looked up."""
        items = self.state(kind, on, release)
        plans = self.state("plans", on, release)
        for item in items.values():
            del item["kind"]
            if kind == "domains":
                item["plan_name"] = plans[item["plan"]]["name"] if item["plan"] in plans else None
        return items


async def lists_agree(client: httpx.AsyncClient, replica: Replica, days: list[str], release: int) -> int:
    """Compares every kind on every day; how many items that were."""
    compared = 0
    for kind in ("regions", "plans", "domains", "concepts"):
        for day in days:
            listed = await every(client, f"/v1/{kind}?on={day}&release={release}&limit=200")
            held = replica.list(kind, day, release)
            assert {item["slug"] for item in listed} == held.keys(), (kind, day, release)
            for item in listed:
                copy = held[item["slug"]]
                if kind == "plans":
                    del copy["text_coverage"]  # it is told of at /coverage
                    copy["region"] = item["region"]  # a code there, and a name with its path here
                assert {field: item[field] for field in copy} == copy, (kind, day, release)
            compared += len(listed)
    return compared


class Walk:
    """Random releases: publish, correct, back-date, future-date, withdraw, restore, rename, move."""

    def __init__(self, engine: Engine, seed: int) -> None:
        self.engine, self.random = engine, random.Random(seed)  # noqa: S311 - a test that can be run again
        put(engine, REGION, plan(), plan("plan-b", name="乙规划"))

    def day(self) -> str:
        return (date(2023, 1, 1) + timedelta(days=self.random.randrange(0, 1500))).isoformat()

    def document(self) -> dict[str, Any]:
        number, name = self.random.randrange(12), self.random.choice(["甲", "乙", "丙", "丁"])
        kind = self.random.choice(["concepts", "concepts", "domains", "plans"])
        if kind == "concepts":
            aliases = self.random.sample(["子", "丑", "寅"], self.random.randrange(3))
            return concept(slug=f"c-{number}", name=name, aliases=aliases, valid_from=self.day())
        if kind == "domains":
            return domain(f"d-{number}", name, self.day(), self.random.choice(["plan-a", "plan-b"]))
        return plan(self.random.choice(["plan-a", "plan-b"]), name=name, valid_from=self.day())

    def step(self, known: set[tuple[str, str]]) -> None:
        documents = {
            (d["kind"], d["slug"]): d for d in (self.document() for _ in range(self.random.randrange(3)))
        }
        ends: list[dict[str, Any]] = []
        endable = sorted((known | documents.keys()) - {("plans", "plan-a"), ("plans", "plan-b")})
        if endable and (not documents or self.random.random() < 0.4):
            kind, slug = self.random.choice(endable)
            ends.append(withdrawal(slug, kind=kind, day=self.day(), reason="Ends."))
        if documents or ends:
            put(self.engine, *documents.values(), withdrawals=ends)
            known |= documents.keys()


async def test_a_copy_that_follows_500_releases_holds_what_the_lists_say(empty_engine: Engine) -> None:
    """Documents and their end may come in one release; days are years back and years ahead."""
    walk, known, replica = Walk(empty_engine, seed=20260101), set[tuple[str, str]](), Replica()
    app = application(empty_engine.url.render_as_string(hide_password=False))
    days = [
        "2019-12-31",
        "2022-12-31",
        "2023-06-01",
        "2024-02-29",
        "2024-06-01",
        "2025-01-01",
        "2026-07-07",
        "2099-01-01",
    ]
    compared = 0
    async with client_of(app) as client:
        while (latest := (await client.get("/v1/releases?limit=1")).json()["release"]) < 500:
            for _ in range(walk.random.randrange(1, 60)):
                walk.step(known)
            lines = walk.random.random() < 0.5
            await replica.sync(client, lines=lines, limit=walk.random.choice([1, 7, 200, 1000]))
            assert replica.release > latest
            compared += await lists_agree(client, replica, walk.random.sample(days, 2), replica.release)
        compared += await lists_agree(client, replica, days, replica.release)
        for release in walk.random.sample(range(1, 500), 3):
            compared += await lists_agree(client, replica, walk.random.sample(days, 2), release)
        # A copy that begins today holds the same as one that has followed all along.
        fresh = Replica()
        await fresh.sync(client, lines=True, limit=1000)
        assert fresh.changes == replica.changes
        await fresh.sync(client, lines=False, limit=1000)
        assert fresh.changes == replica.changes
    app.state.engine.dispose()
    assert compared > 500
    types = {change["change"] for changes in replica.changes.values() for change in changes}
    assert types == {"added", "revised", "renamed", "moved", "withdrawn", "restored"}


async def test_a_change_says_what_it_is_and_what_it_replaces(
    own_client: httpx.AsyncClient, engine: Engine
) -> None:
    put(engine, concept(name="扫雪"))
    put(engine, concept(name="扫雪", aliases=["铲雪"], change_note="People say so."))
    put(engine, concept(name="除雪", aliases=["铲雪"], valid_from="2030-01-01"))
    put(engine, withdrawals=[withdrawal(day="2031-01-01", reason="No snow.")])
    put(engine, concept(name="扫雪除冰", aliases=["铲雪"], valid_from="2020-01-01"))
    put(engine, concept(name="除雪", aliases=["铲雪"], valid_from="2031-02-01"))
    put(engine, domain("snow", "冬季", "2022-01-01", LIZHOU))
    put(engine, plan("plan-b"), domain("snow", "冬天", "2022-01-01", "plan-b"))
    items = await every(own_client, "/v1/changes?after=1")
    assert [(i["release"], i["version"], i["change"], i["fields"], i["replaces"]) for i in items] == [
        (2, 1, "added", [], None),
        (3, 2, "revised", ["aliases"], 1),
        (4, 3, "renamed", ["valid_from", "name"], 2),
        (5, 4, "withdrawn", [], 3),
        # Before the beginning nothing applied: it is held against the version before it.
        (6, 5, "renamed", ["valid_from", "name"], 4),
        (7, 6, "restored", ["valid_from"], 4),
        (8, 1, "added", [], None),
        (9, 1, "added", [], None),
        (9, 2, "moved", ["name", "plan", "sources"], 1),
    ]
    assert (items[1]["note"], items[3]["note"]) == ("People say so.", "No snow.")
    assert [i["kind"] for i in items[-2:]] == ["plans", "domains"]
    for item in items:
        version = (await own_client.get(item["href"])).json()
        assert (version["version"], version["release"]) == (item["version"], item["release"])
    for release in range(2, 10):
        of_release = await every(own_client, f"/v1/releases/{release}/changes")
        assert of_release == [item for item in items if item["release"] == release]


async def test_a_document_in_a_change_is_what_was_published(
    own_client: httpx.AsyncClient, engine: Engine
) -> None:
    written = domain("snow", "冬季", "2022-01-01", LIZHOU)
    put(engine, written)
    document = (await every(own_client, "/v1/changes?after=1&documents=true"))[0]["document"]
    assert {field: document[field] for field in written if field != "sources"} == {
        field: value for field, value in written.items() if field != "sources"
    }
    assert put(engine, document).release is None
    assert "document" not in (await every(own_client, "/v1/changes?after=1"))[0]


async def test_changes_are_narrowed_by_kind_slug_plan_and_region(
    own_client: httpx.AsyncClient, engine: Engine
) -> None:
    put(engine, plan("plan-b", region="510800"), domain("snow", "冬季", "2022-01-01", LIZHOU), concept())
    put(engine, domain("snow", "冬季", "2022-01-01", "plan-b"))

    async def found(query: str) -> list[tuple[str, str, int]]:
        items = await every(own_client, f"/v1/changes?after=1&{query}")
        return [(i["kind"], i["slug"], i["release"]) for i in items]

    snow = [("domains", "snow", 2), ("domains", "snow", 3)]
    assert await found("kind=concepts") == [("concepts", "snow-clearing", 2)]
    assert await found("slug=snow") == snow
    # Who follows the plan that it left hears of its leaving.
    assert await found(f"plan={LIZHOU}") == snow
    assert await found("region=510802&until=2") == snow[:1]
    assert await found("region=510800") == [("plans", "plan-b", 2), *snow]
    assert await found("plan=plan-b&kind=plans") == [("plans", "plan-b", 2)]
    assert await found("plan=no-such-plan") == []
    whole = await every(own_client, f"/v1/changes?limit=1000&plan={LIZHOU}&until=1")
    services = (await own_client.get(f"/v1/services?plan={LIZHOU}")).json()["total"]
    assert sum(item["kind"] == "services" for item in whole) == services
    assert {"regions", "concepts", "facts"}.isdisjoint(item["kind"] for item in whole)


async def test_pages_and_lines_say_the_same(client: httpx.AsyncClient) -> None:
    page = (await client.get("/v1/changes?limit=3&kind=plans")).json()
    whole = await every(client, "/v1/changes?limit=1000&kind=services")
    lines: list[dict[str, Any]] = []
    url: str | None = "/v1/changes?limit=150&kind=services&format=ndjson"
    while url:
        answer = await client.get(url)
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert answer.text.endswith("\n")
        lines += map(json.loads, answer.text.splitlines())
        following = re.search(r'<([^>]+)>; rel="next"', answer.headers["link"])
        url = following[1] if following else None
    assert lines == whole
    assert (page["total"], page["after"], page["until"], page["next"]) == (1, 0, 1, None)
    order = [(i["release"], i["slug"], i["version"]) for i in whole]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("application/x-ndjson", "application/x-ndjson"),
        ("application/json;q=0.5, application/x-ndjson", "application/x-ndjson"),
        ("application/x-ndjson;q=0.1, */*", "application/json"),
        ("text/html", "application/json"),
        ("*/*", "application/json"),
        ("application/x-ndjson;q=x", "application/json"),
        (";;,,=", "application/json"),
    ],
)
async def test_the_form_is_negotiated(client: httpx.AsyncClient, accept: str, form: str) -> None:
    answer = await client.get("/v1/changes?limit=1", headers={"Accept": accept})
    assert answer.headers["content-type"] == form
    assert "Accept" in [name.strip() for name in answer.headers["vary"].split(",")]
    in_url = await client.get("/v1/changes?limit=1&format=json", headers={"Accept": accept})
    assert in_url.headers["content-type"] == "application/json"


async def test_bounded_changes_are_kept_for_ever_and_others_are_asked_for_again(
    own_client: httpx.AsyncClient, engine: Engine
) -> None:
    url = "/v1/changes?after=1"
    first = await own_client.get(url)
    assert "immutable" not in first.headers["cache-control"]
    assert (first.json()["items"], first.json()["follow"][:20]) == ([], "/v1/changes?after=1&")
    tag = {"If-None-Match": first.headers["etag"]}
    assert (await own_client.get(url, headers=tag)).status_code == 304
    assert (await own_client.get(url, headers=tag | NDJSON)).status_code == 200
    put(engine, concept())
    assert (await own_client.get(url, headers=tag)).status_code == 200
    bounded = await own_client.get(f"{url}&until=2")
    assert "immutable" in bounded.headers["cache-control"]
    put(engine, concept(name="除雪"))
    assert (await own_client.get(f"{url}&until=2")).content == bounded.content
    twin = (await own_client.get(url)).headers["content-location"]
    assert (await own_client.get(twin)).json()["total"] == 2


async def test_a_page_stands_still_while_releases_come(own_client: httpx.AsyncClient, engine: Engine) -> None:
    put(engine, concept(slug="a"), concept(slug="b"))
    page = (await own_client.get("/v1/changes?after=1&limit=1")).json()
    put(engine, concept(slug="c"))
    rest = (await own_client.get(page["next"])).json()
    assert (rest["items"][0]["slug"], rest["total"], rest["until"], rest["next"]) == ("b", 2, 2, None)
    later = (await own_client.get(rest["follow"])).json()
    assert [item["slug"] for item in later["items"]] == ["c"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("after=9", "after"), ("until=9", "until"), ("after=1&until=0", "until"), ("kind=people", "kind"),
        ("plan=A%00", "plan"), ("region=5", "region"), ("slug=%FF", "slug"), ("after=-1", "after"),
        ("limit=1001", "limit"), ("format=xml", "format"), ("cursor=W10", "cursor"), ("on=2024-01-01", "on"),
        ("documents=perhaps", "documents"), ("after=99999999999", "after"),
    ],
)  # fmt: skip
async def test_what_cannot_be_asked(client: httpx.AsyncClient, query: str, parameter: str) -> None:
    refused = await client.get(f"/v1/changes?{query}", headers={"Accept-Language": "zh"})
    assert refused.status_code == 422
    assert [error["parameter"] for error in refused.json()["errors"]] == [parameter]


async def test_releases_since_one(own_client: httpx.AsyncClient, engine: Engine) -> None:
    for number in range(3):
        put(engine, concept(slug=f"c-{number}"))
    page = (await own_client.get("/v1/releases?after=2&limit=1")).json()
    assert ([r["number"] for r in page["items"]], page["total"]) == ([4], 2)
    assert [r["number"] for r in (await own_client.get(page["next"])).json()["items"]] == [3]
    assert (await own_client.get("/v1/releases?after=4")).json()["items"] == []
    # A copy that is ahead has followed another catalogue: nothing new would keep it waiting for ever.
    for ahead in ("/v1/releases?after=5", "/v1/changes?after=5", "/v1/releases.atom?after=5"):
        answer = await own_client.get(ahead)
        assert [error["parameter"] for error in answer.json()["errors"]] == ["after"], ahead


def feed_of(answer: httpx.Response) -> Any:
    """The feed as a parser that is not ours reads it; one that it stumbles over fails."""
    import feedparser

    parsed = feedparser.parse(
        answer.content, response_headers={"content-type": answer.headers["content-type"]}
    )
    assert not parsed.bozo, parsed.get("bozo_exception")
    assert parsed.version == "atom10"
    return parsed


ATOM = {"a": "http://www.w3.org/2005/Atom"}


def required_by_rfc_4287(content: bytes) -> None:
    """What the RFC demands of every feed and entry (sections 4.1.1 and 4.1.2)."""
    root = ET.fromstring(content)  # noqa: S314 - it is ours
    entries = root.findall("a:entry", ATOM)
    for part in (root, *entries):
        for name in ("id", "title", "updated"):
            assert len(part.findall(f"a:{name}", ATOM)) == 1, name
        assert part.findall("a:author/a:name", ATOM)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", part.findtext("a:updated", "", ATOM))
        alternates = [e for e in part.findall("a:link", ATOM) if e.get("rel") == "alternate"]
        assert len({(e.get("type"), e.get("hreflang")) for e in alternates}) == len(alternates)
    ids = [entry.findtext("a:id", "", ATOM) for entry in entries]
    assert len(set(ids)) == len(ids)
    assert all(i.startswith(("urn:uuid:", "tag:")) for i in [root.findtext("a:id", "", ATOM), *ids])


async def test_releases_can_be_followed_in_a_feed_reader(
    own_client: httpx.AsyncClient, engine: Engine
) -> None:
    put(engine, concept(name="“雪”", valid_from="0001-01-01"), domain("snow", "冬季", "2022-01-01", LIZHOU))
    put(engine, withdrawals=[withdrawal(day="2031-01-01", reason="No <snow> & no ice.")])
    answer = await own_client.get("/v1/releases.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    required_by_rfc_4287(answer.content)
    parsed = feed_of(answer)
    assert [entry.title for entry in parsed.entries] == [
        "发布3：A change",
        "发布2：A change",
        "发布1：Seed files",
    ]
    assert parsed.entries[0].summary == "共1项变更：撤销1项（服务概念1项）。"
    assert parsed.entries[0].content[0].value == "撤销服务概念“‘雪’”，自2031年1月1日起：No <snow> & no ice."
    assert parsed.entries[1].summary == "共2项变更：新增2项（服务领域1项、服务概念1项）。"
    assert "新增服务概念“‘雪’”。" in parsed.entries[1].content[0].value
    assert parsed.entries[2].content[0].value.splitlines()[-1].startswith("另有")
    for entry in parsed.entries:
        release = (await own_client.get(entry.link)).json()
        assert entry.author == release["publisher"]
        assert datetime.fromisoformat(entry.updated) == datetime.fromisoformat(release["recorded_at"])
        related = next(link.href for link in entry.links if link.rel == "related")
        assert {item["release"] for item in (await own_client.get(related)).json()["items"]} == {
            release["number"]
        }
    own = next(link.href for link in parsed.feed.links if link.rel == "self")
    assert own == "http://catalogue.test/v1/releases.atom"


async def test_a_feed_is_narrowed_and_paged_and_its_ids_stay(
    own_client: httpx.AsyncClient, engine: Engine
) -> None:
    put(engine, concept())
    put(engine, domain("snow", "冬季", "2022-01-01", LIZHOU))

    async def titles(query: str) -> list[str]:
        answer = await own_client.get(f"/v1/releases.atom?{query}")
        required_by_rfc_4287(answer.content)
        return [entry.title.split("：")[0] for entry in feed_of(answer).entries]

    assert await titles("kind=concepts") == ["发布2", "发布1"]
    assert await titles(f"plan={LIZHOU}") == ["发布3", "发布1"]
    assert await titles("region=510802&kind=domains") == ["发布3", "发布1"]
    assert await titles("region=510800") == []
    assert await titles("after=1&until=2") == ["发布2"]
    page = feed_of(await own_client.get("/v1/releases.atom?limit=2"))
    older = next(link.href for link in page.feed.links if link.rel == "next")
    rest = feed_of(await own_client.get(older))
    assert [e.title.split("：")[0] for e in [*page.entries, *rest.entries]] == ["发布3", "发布2", "发布1"]
    ids = {entry.title: entry.id for entry in [*page.entries, *rest.entries]}
    put(engine, concept(name="除雪"))
    later = feed_of(await own_client.get("/v1/releases.atom", headers={"Host": "other.example"}))
    assert later.feed.id == page.feed.id
    assert ids.items() <= {entry.title: entry.id for entry in later.entries}.items()
    # The same release within other filters tells something else: a reader of both must not take it for the same.
    narrowed = feed_of(await own_client.get("/v1/releases.atom?kind=concepts"))
    assert {entry.id for entry in narrowed.entries}.isdisjoint(ids.values())


async def test_a_feed_is_only_sent_when_it_has_changed(own_client: httpx.AsyncClient, engine: Engine) -> None:
    url = "/v1/releases.atom"
    first = await own_client.get(url)
    by_tag = {"If-None-Match": first.headers["etag"]}
    by_time = {"If-Modified-Since": first.headers["last-modified"]}
    assert (await own_client.get(url, headers=by_tag)).status_code == 304
    assert (await own_client.get(url, headers=by_time)).status_code == 304
    for odd in ("yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:00"):
        assert (await own_client.get(url, headers={"If-Modified-Since": odd})).status_code == 200
    put(engine, concept())
    assert (await own_client.get(url, headers=by_tag)).status_code == 200
    assert "immutable" in (await own_client.get(f"{url}?until=1")).headers["cache-control"]


async def test_a_feed_of_nothing_and_of_odd_words_is_still_a_feed(empty_engine: Engine) -> None:
    app = application(empty_engine.url.render_as_string(hide_password=False))
    async with client_of(app) as client:
        empty = await client.get("/v1/releases.atom")
        required_by_rfc_4287(empty.content)
        assert feed_of(empty).entries == []
        put(
            empty_engine,
            concept(name="<b>&\u0001]]>\ufffe雪", change_note="\u200b\U0001f600"),
            publisher="<x>&",
        )
        odd = await client.get("/v1/releases.atom")
        required_by_rfc_4287(odd.content)
        assert "雪" in feed_of(odd).entries[0].content[0].value
    app.state.engine.dispose()
