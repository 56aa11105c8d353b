"""A portal that keeps a copy of the catalogue in step, by somebody who has read its OpenAPI document and no more.

It holds every version that it was told of, and answers for any day itself: of the versions that had begun by then,
the one with the latest `valid_from`, then the highest `version`; where that one is withdrawn, there is none.
"""

import time
from collections import Counter
from datetime import date
from typing import Any

import httpx
from standardwebhooks import Webhook


class Portal:
    """One office's copy."""

    def __init__(self, client: httpx.Client, key: str) -> None:
        self.client, self.key = client, key
        self.seen = Counter[int]()
        self.etags: dict[str, tuple[str, Any]] = {}
        document = self.get("/openapi.json")
        self.operations = {
            operation["operationId"]: (method.upper(), path)
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
            if "operationId" in operation
        }
        pinned = "/{slug}/versions/{version}"
        self.kinds = [path.removesuffix(pinned) for path in document["paths"] if path.endswith(pinned)]
        self.release = 0
        self.versions: dict[str, dict[str, dict[int, Any]]] = {kind: {} for kind in self.kinds}
        self.secret = ""

    # Asking

    def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        """Asks again as late as it is told to."""
        for _ in range(5):
            answer = self.client.request(method, url, **more)
            self.seen[answer.status_code] += 1
            if answer.status_code != 429:
                return answer
            time.sleep(int(answer.headers["retry-after"]))
        raise AssertionError("told to come back, and refused again")

    def get(self, url: str) -> Any:
        """The body, which is not sent again where it is the same as before."""
        tag, before = self.etags.get(url, ("", None))
        answer = self.request("GET", url, headers={"If-None-Match": tag} if tag else {})
        if answer.status_code == 304:
            return before
        answer.raise_for_status()
        if "etag" in answer.headers:
            self.etags[url] = (answer.headers["etag"], answer.json())
        return answer.json()

    def pages(self, url: str) -> list[Any]:
        items, following = [], url
        while following:
            page = self.get(following)
            items += page["items"]
            following = page["next"]
        return items

    def call(self, operation: str, body: Any = None, **named: Any) -> httpx.Response:
        """An operation that takes a key, by its name."""
        method, path = self.operations[operation]
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.request(method, path.format(**named), json=body, headers=headers)

    # Being told

    def subscribe(self, address: str) -> str:
        answer = self.call("createWebhook", {"url": address}).raise_for_status().json()
        self.secret = answer["secret"]
        return str(answer["id"])

    def hear(self, headers: dict[str, str], body: bytes) -> None:
        """A message that is signed is a reason to look; what is new is read where everybody reads it."""
        told = Webhook(self.secret).verify(body, headers)
        if told["data"]["release"] > self.release:
            self.catch_up()

    # Keeping in step

    def catch_up(self) -> None:
        for change in self.changes():
            version = self.get(change["href"])
            kind = f"/v1/{change['kind']}"
            self.versions[kind].setdefault(change["slug"], {})[change["version"]] = version

    def changes(self) -> list[Any]:
        """What has come since; the newest release stands first in their list."""
        newest = self.get("/v1/releases?limit=1")["release"]
        after, self.release = self.release, newest
        if "listChanges" in self.operations:
            return self.pages(f"{self.operations['listChanges'][1]}?after={after}&until={newest}")
        numbers = range(after + 1, newest + 1)
        return [change for n in numbers for change in self.pages(f"/v1/releases/{n}/changes?limit=2")]

    def on(self, kind: str, day: date) -> dict[str, Any]:
        """What this copy says is in force."""
        found = {}
        for slug, versions in self.versions[kind].items():
            begun = [one for one in versions.values() if one["valid_from"] <= day.isoformat()]
            last = max(begun, key=lambda one: (one["valid_from"], one["version"]), default=None)
            if last is not None and not last["withdrawn"]:
                found[slug] = last
        return found

    def differences(self, day: date) -> list[str]:
        """Where this copy and the catalogue's own lists differ; their texts, too."""
        different = []
        for kind in self.kinds:
            mine = self.on(kind, day)
            theirs = {one["slug"]: one for one in self.pages(f"{kind}?on={day}&limit=3")}
            different += [f"{kind}/{slug}" for slug in mine.keys() ^ theirs.keys()]
            for slug in mine.keys() & theirs.keys():
                said = [
                    {n: one.get(n) for n in ("version", "name", "aliases")}
                    for one in (mine[slug], theirs[slug])
                ]
                if said[0] != said[1]:
                    different.append(f"{kind}/{slug}: {said}")
        return different
