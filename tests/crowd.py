"""Publishers who all count at once over HTTP: each reads a number, and publishes the next one."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any
from uuid import uuid4

import httpx

from tests.changes import concept
from tests.running import every

COUNTERS = ("first", "second", "third", "fourth")


class Crowd:
    """So many publishers, so many changesets; some answers are lost on the way and asked for again."""

    def __init__(self, servers: Sequence[str], key: str, *, publishers: int, changesets: int) -> None:
        self.servers, self.publishers, self.changesets = servers, publishers, changesets
        self.headers = {"Authorization": f"Bearer {key}"}
        self.begun: Iterator[int] = iter(range(changesets))
        self.lock = Lock()
        # Which release made which counter how high, as the publishers were told.
        self.published: dict[int, tuple[str, int]] = {}
        self.told = Counter(conflicts=0, lost=0)

    def gather(self) -> None:
        with self.client(0) as client:
            begin = [concept(slug=slug, name="0") for slug in COUNTERS]
            answer = client.post("/v1/releases", json=body(0, *begin), headers=self.headers)
            assert answer.status_code == 201, answer.text
        with ThreadPoolExecutor(self.publishers) as threads:
            for done in [threads.submit(self.publish, number) for number in range(self.publishers)]:
                done.result()

    def client(self, number: int) -> httpx.Client:
        server = self.servers[number % len(self.servers)]
        return httpx.Client(base_url=server, trust_env=False, timeout=120)

    def publish(self, number: int) -> None:
        """Counts on, with whatever counter comes, until there is nothing left to do."""
        choose = random.Random(number)  # noqa: S311 - it only mixes them
        with self.client(number) as client, self.client(number + 1) as other:
            while self.another():
                slug = choose.choice(COUNTERS)
                while not self.counted_on(client, other, slug, lose=choose.random() < 0.3):
                    pass

    def another(self) -> bool:
        with self.lock:
            return next(self.begun, None) is not None

    def counted_on(self, client: httpx.Client, other: httpx.Client, slug: str, *, lose: bool) -> bool:
        seen = client.get(f"/v1/concepts/{slug}").raise_for_status().json()
        height, base = int(seen["name"]) + 1, seen["as_of_release"]
        mine = uuid4().hex
        # Two who write the very same do not contradict each other: it is the mark that tells them apart.
        counted = concept(slug=slug, name=str(height), aliases=[mine])
        sent: dict[str, Any] = {
            "json": body(base, counted),
            "headers": self.headers | {"Idempotency-Key": mine},
        }
        if lose:
            self.lose(client, sent)
        answer = (other if lose else client).post("/v1/releases", **sent)
        if answer.status_code == 409:
            self.refused(answer, slug, base)
            return False
        assert answer.status_code == 201, answer.text
        with self.lock:
            release = answer.json()["release"]
            assert release not in self.published
            self.published[release] = (slug, height)
        return True

    def lose(self, client: httpx.Client, sent: dict[str, Any]) -> None:
        """Sends it, and hangs up before the answer comes."""
        try:
            client.post("/v1/releases", **sent, timeout=httpx.Timeout(120, read=0.001))
        except httpx.ReadTimeout:
            with self.lock:
                self.told["lost"] += 1

    def refused(self, answer: httpx.Response, slug: str, base: int) -> None:
        """Every refusal says what came first, and what of ours it changed."""
        said = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert said["type"] == "urn:catalogue:problem:conflict"
        (changed,) = said["changed"]
        assert (changed["kind"], changed["slug"]) == ("concepts", slug)
        assert changed["release"] >= said["release"] > base
        with self.lock:
            self.told["conflicts"] += 1

    def check(self) -> None:
        """No number twice and none left out; every counter went up by one at a time, as often as was published."""
        with self.client(0) as client:
            releases = every(client, "/v1/releases?limit=200")
            assert [one["number"] for one in releases] == list(range(self.changesets + 1, 0, -1))
            assert sorted(self.published) == list(range(2, self.changesets + 2))
            for slug in COUNTERS:
                versions = every(client, f"/v1/concepts/{slug}/versions?limit=200")[::-1]
                assert [int(one["name"]) for one in versions] == list(range(len(versions)))
                heights = {one["release"]: (slug, int(one["name"])) for one in versions[1:]}
                assert heights == {r: told for r, told in self.published.items() if told[0] == slug}


def body(base: int, *documents: dict[str, Any]) -> dict[str, Any]:
    return {"message": "Counting", "base_release": base, "documents": list(documents)}
