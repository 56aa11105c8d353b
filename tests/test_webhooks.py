"""Webhooks: told once, in order, signed, again after a failure, and never into our own network."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Event, Thread
from typing import Any

import pytest
from anyio import to_thread
from sqlalchemy import Engine
from sqlmodel import Session
from standardwebhooks import Webhook as Receiver

from app.database import writing
from app.keys.models import revoke
from app.webhooks.delivery import AT_ONCE, Courier, deliver
from app.webhooks.models import Webhook
from app.webhooks.sending import is_public, send
from tests.changes import concept, put
from tests.office import Office, opened
from tests.running import until

pytestmark = pytest.mark.anyio
REGION = {
    "kind": "regions",
    "slug": "510000",
    "valid_from": "0001-01-01",
    "name": "四川省",
    "level": "province",
}
START = datetime(2026, 1, 1, tzinfo=UTC)


class Portal:
    """Somebody who listens on 127.0.0.1: keeps what comes, and answers as told, once it may."""

    def __init__(self) -> None:
        self.may_answer = Event()
        self.may_answer.set()
        self.statuses: list[int] = []
        self.heard: list[tuple[dict[str, str], bytes]] = []
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                portal.heard.append((dict(self.headers), body))
                portal.may_answer.wait(20)
                self.send_response(portal.statuses.pop(0) if portal.statuses else 204)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def releases(self) -> list[int]:
        return [json.loads(body)["data"]["release"] for _, body in self.heard]


@pytest.fixture
def portal() -> Iterator[Portal]:
    made = Portal()
    made.thread.start()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


@pytest.fixture
async def office(empty_engine: Engine) -> AsyncIterator[Office]:
    async with opened(empty_engine) as made:
        yield made


async def subscribe(office: Office, url: str, who: str = "reader", **narrowed: str) -> dict[str, Any]:
    answer = await office.post("/v1/webhooks", {"url": url} | narrowed, who)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def tell(engine: Engine, after: timedelta = timedelta(0), *, private: bool = True) -> None:
    send_what_is_due = partial(deliver, engine, private=private, clock=lambda: START + after)
    while await to_thread.run_sync(send_what_is_due):
        pass


def kept(engine: Engine, id_: str) -> Webhook:
    with Session(engine, expire_on_commit=False) as session:
        return session.get_one(Webhook, id_)


async def test_each_release_is_told_once_in_order_and_signed(office: Office, portal: Portal) -> None:
    put(office.engine, concept(name="甲"))
    made = await subscribe(office, portal.url)
    for name in ("乙", "丙", "丁"):
        put(office.engine, concept(name=name))
    await tell(office.engine)
    await tell(office.engine)
    assert portal.releases() == [2, 3, 4]
    for headers, body in portal.heard:
        told = Receiver(made["secret"]).verify(body, headers)
        assert told["type"] == "release.published"
        assert (await office.get(told["data"]["href"])).json()["message"] == told["data"]["message"]
        assert (await office.get(told["data"]["changes"])).json()["total"] == 1
    assert len({headers["Webhook-Id"] for headers, _ in portal.heard}) == 3


async def test_a_failure_is_tried_again_after_growing_pauses(office: Office, portal: Portal) -> None:
    made = await subscribe(office, portal.url)
    put(office.engine, concept())
    put(office.engine, concept(name="乙"))
    portal.statuses = [500, 302, 503]
    await tell(office.engine)
    assert portal.releases() == [1]
    state = kept(office.engine, made["id"])
    assert (state.attempts, state.failure, state.told_release) == (1, "status 500", 0)
    await tell(office.engine, timedelta(seconds=4))
    assert portal.releases() == [1]
    await tell(office.engine, timedelta(seconds=11))
    assert kept(office.engine, made["id"]).failure == "status 302"
    await tell(office.engine, timedelta(minutes=5))
    await tell(office.engine, timedelta(minutes=10))
    assert portal.releases() == [1, 1, 1, 1, 2]
    assert len({headers["Webhook-Id"] for headers, _ in portal.heard}) == 2
    assert kept(office.engine, made["id"]).attempts == 0


async def test_it_is_given_up_after_three_days_or_when_gone(office: Office, portal: Portal) -> None:
    made = await subscribe(office, portal.url)
    put(office.engine, concept())
    portal.statuses = [500, 500]
    await tell(office.engine)
    await tell(office.engine, timedelta(days=3, hours=1))
    assert kept(office.engine, made["id"]).stopped_at is not None
    await tell(office.engine, timedelta(days=9))
    assert len(portal.heard) == 2
    gone = await subscribe(office, portal.url)
    put(office.engine, concept(name="乙"))
    portal.statuses = [410]
    await tell(office.engine)
    assert kept(office.engine, gone["id"]).stopped_at is not None


async def test_only_what_is_asked_for_is_told(office: Office, portal: Portal) -> None:
    await subscribe(office, portal.url, kind="regions")
    put(office.engine, concept())
    put(office.engine, REGION)
    put(office.engine, concept(name="乙"))
    await tell(office.engine)
    assert portal.releases() == [2]


async def test_who_follows_a_plan_hears_of_what_leaves_it(office: Office, portal: Portal) -> None:
    """As in the feed and the changes of the same plan."""
    put(office.engine, REGION, *(plan(slug) for slug in ("one", "two")), domain("one"))
    await subscribe(office, portal.url, plan="one")
    put(office.engine, concept())
    put(office.engine, domain("two"))
    put(office.engine, plan("two", name="又一规划"))
    await tell(office.engine)
    assert portal.releases() == [3]


def plan(slug: str, name: str = "规划") -> dict[str, Any]:
    source = {"plan": slug, "section": "标题", "quote": name}
    where = {"fields": ["region"], "basis": "derived", "derivation": "A test."}
    return {
        "kind": "plans",
        "slug": slug,
        "valid_from": "2021-01-01",
        "name": name,
        "region": "510000",
        "sources": [source | {"fields": ["name"]}, source | where],
    }


def domain(of: str) -> dict[str, Any]:
    source = {"plan": of, "section": "表1", "quote": "幼有所育", "fields": ["name", "ordinal"]}
    return {
        "kind": "domains",
        "slug": "childcare",
        "valid_from": "2021-01-01",
        "name": "幼有所育",
        "plan": of,
        "ordinal": 1,
        "sources": [source],
    }


async def test_each_key_manages_its_own(office: Office, portal: Portal) -> None:
    made = await subscribe(office, portal.url)
    assert "secret" not in (await office.get("/v1/webhooks", "reader")).json()["items"][0]
    assert (await office.get("/v1/webhooks", "editor")).json()["items"] == []
    path = f"/v1/webhooks/{made['id']}"
    assert (await office.client.delete(path, headers=office.headers("editor"))).status_code == 404
    assert (await office.client.delete(path, headers=office.headers("reader"))).status_code == 204
    put(office.engine, concept())
    await tell(office.engine)
    assert portal.heard == []
    assert (await office.post("/v1/webhooks", {"url": portal.url})).status_code == 401


async def test_a_revoked_key_ends_its_webhooks(office: Office, portal: Portal) -> None:
    await subscribe(office, portal.url)
    await subscribe(office, portal.url, "editor")
    portal.statuses = [500, 500]
    put(office.engine, concept())
    await tell(office.engine)
    assert await failing(office) == 2
    with writing(office.engine) as session:
        revoke(session, office.keys["reader"].split("_")[1])
    assert await failing(office) == 1
    await tell(office.engine, timedelta(seconds=30))
    assert portal.releases() == [1, 1, 1]
    assert await failing(office) == 0


async def failing(office: Office) -> int:
    figures = (await office.get("/metrics")).text
    return int(float(figures.split("\ncatalogue_webhooks_failing ")[1].split()[0]))


async def test_who_is_slow_keeps_nobody_waiting(office: Office, portal: Portal) -> None:
    """Each answers only when the other has heard."""
    made = [await subscribe(office, portal.url) for _ in range(2)]
    portal.may_answer.clear()
    put(office.engine, concept())
    courier = Courier(office.engine, private=True, every=0.01)
    courier.start()
    await to_thread.run_sync(until, lambda: len(portal.heard) == 2)
    portal.may_answer.set()
    await to_thread.run_sync(courier.stop)
    assert [kept(office.engine, one["id"]).attempts for one in made] == [0, 0]


async def test_the_end_is_not_put_off_by_all_who_are_yet_to_be_told(office: Office, portal: Portal) -> None:
    for _ in range(20):
        await subscribe(office, portal.url)
    portal.may_answer.clear()
    put(office.engine, concept())
    courier = Courier(office.engine, private=True, every=0.01)
    courier.start()
    await to_thread.run_sync(until, lambda: portal.heard)
    courier.stopped.set()
    portal.may_answer.set()
    await to_thread.run_sync(courier.stop)
    assert len(portal.heard) <= AT_ONCE


@pytest.mark.parametrize(
    "url",
    ["", "ftp://example.org/", "file:///etc/passwd", "http://", "http:///x", "javascript:alert(1)", "//example.org",
     "http://user:word@example.org/", "http://example.org:99999/", "http://[::1", "http://a b/", "http://例.cn/",
     "http://x/" + "y" * 1000, "http://example.org/\r\nX: y", "http://example.org:0/"],
)  # fmt: skip
async def test_what_is_no_web_address_is_refused(office: Office, url: str) -> None:
    answer = await office.post("/v1/webhooks", {"url": url}, "reader")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/url")


async def test_a_key_has_only_so_many(office: Office) -> None:
    for _ in range(20):
        await subscribe(office, "https://example.org/")
    assert (await office.post("/v1/webhooks", {"url": "https://example.org/"}, "reader")).status_code == 403


async def test_private_addresses_are_not_sent_to(office: Office, portal: Portal) -> None:
    made = [
        await subscribe(office, url)
        for url in (
            portal.url,
            portal.url.replace("127.0.0.1", "localhost"),
            portal.url.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
            portal.url.replace("127.0.0.1", "2130706433"),
            portal.url.replace("127.0.0.1", "0x7f.1"),
            portal.url.replace("127.0.0.1", "0"),
        )
    ]
    put(office.engine, concept())
    await tell(office.engine, private=False)
    assert portal.heard == []
    for one in made:
        assert kept(office.engine, one["id"]).attempts == 1
        assert kept(office.engine, one["id"]).failure in {"the address is not a public one", "no connection"}


@pytest.mark.parametrize(
    ("address", "public"),
    [("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False),
     ("100.64.0.1", False), ("0.0.0.1", False), ("224.0.0.1", False), ("255.255.255.255", False), ("::", False),
     ("::1", False), ("fe80::1", False), ("fc00::1", False), ("ff02::1", False), ("::ffff:10.0.0.1", False),
     ("fec0::1", False), ("::7f00:1", False), ("::ffff:0:7f00:1", False), ("64:ff9b:1::a00:1", False),
     ("64:ff9b::808:808", True), ("64:ff9b::a00:1", False),
     ("2002:a00:1::", False), ("8.8.8.8", True), ("2001:4860:4860::8888", True)],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:  # noqa: FBT001 - a case of a table
    assert is_public(ip_address(address)) is public


def test_who_does_not_answer_is_not_waited_for(portal: Portal) -> None:
    portal.server.shutdown()
    assert send("http://name.invalid/", "whsec_AAAA", "m", "{}", private=True).failure == "no connection"
    assert send("http://127.0.0.1:1/", "whsec_AAAA", "m", "{}", private=True).failure == "no connection"
