"""Random histories: a catalogue and a plain ledger are told the same, and must say the same ever after."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select
from sqlmodel import col

from app.catalogue import KINDS
from app.changesets import Changeset
from app.database import create, reading, writing
from app.errors import Conflict, Gone, Invalid, NotFound, Problem
from app.keys.models import create as create_key
from app.main import create_app
from app.publishing import publish
from app.sealing import verify
from app.settings import Settings
from app.versioning import At, Release, count_in_force, in_force, in_force_clause
from tests.conftest import TODAY, client_of
from tests.ledger import Change, Key, Ledger, Outcome, Version
from tests.stores import Store
from tests.tellings import (
    DAYS,
    KINDS_TOLD,
    REASONS,
    REGION,
    changesets,
    concept,
    days,
    domain,
    lags,
    names,
    plan,
    reads,
    ways,
)


class Office:
    """One application for all histories; each history has a database of its own behind it."""

    def __init__(self, store: Store, portal: BlockingPortal) -> None:
        self.store, self.portal = store, portal
        settings = Settings(
            database_url=store.empty,
            log_level="error",
            direct_publishing=True,
            writes_limit="",
            lint_gate="off",
            cache_mb=0,  # it knows one database, not one for each history
        )
        self.app: FastAPI = create_app(settings, today=lambda: TODAY)
        self.app.state.engine.dispose()
        self.client = client_of(self.app)
        self.told = {"histories": 0, "published": 0, "nothing": 0, "invalid": 0, "conflict": 0, "reads": 0}

    def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        self.told["reads"] += method == "GET"

        async def send() -> httpx.Response:
            return await self.client.request(method, url, **more)

        return self.portal.call(send)


@contextmanager
def office(store: Store) -> Iterator[Office]:
    with start_blocking_portal() as portal:
        made = Office(store, portal)
        yield made
        portal.call(made.client.aclose)


class Histories(RuleBasedStateMachine):
    """Publishes, corrects, back-dates, future-dates, ends and restores, on time and too late."""

    def __init__(self, place: Office) -> None:
        super().__init__()
        self.place = place
        self.url = place.store.copy("empty")
        self.engine = place.app.state.engine = create(self.url, connections=5)
        self.ledger = Ledger()
        self.looks: list[tuple[date, int]] = []
        place.told["histories"] += 1

    @initialize()
    def begin(self) -> None:
        with writing(self.engine) as session:
            self.key = create_key(session, "publisher", "A clerk")[1]
        self.tell(Change(0, [REGION], []), way="within")

    @rule(changeset=changesets, lag=lags, look=reads, way=ways)
    def publish_anything(self, changeset: Any, lag: int, look: Any, way: str) -> None:
        self.look_at(look)
        self.tell(Change(max(0, self.ledger.releases - lag), *changeset), way=way)

    @precondition(lambda self: len(self.ledger.versions) > 1)
    @rule(data=st.data(), name=names, look=reads, way=ways)
    def correct(self, data: st.DataObject, name: str, look: Any, way: str) -> None:
        """The next version from the same day on."""
        before = self.draw(data)
        self.look_at(look)
        self.tell(self.again(before, before.valid_from, name), way=way)

    @precondition(lambda self: len(self.ledger.versions) > 1)
    @rule(data=st.data(), day=days, reason=st.sampled_from(REASONS), look=reads, way=ways)
    def end(self, data: st.DataObject, day: date, reason: str, look: Any, way: str) -> None:
        said = self.draw(data).said
        self.look_at(look)
        gone = {
            "kind": said["kind"],
            "slug": said["slug"],
            "valid_from": day.isoformat(),
            "reason": reason,
        }
        self.tell(Change(self.ledger.releases, [], [gone]), way=way)

    @precondition(lambda self: any(known[-1].reason for known in self.ledger.versions.values()))
    @rule(data=st.data(), name=names, later=st.integers(0, 3), look=reads, way=ways)
    def restore(self, data: st.DataObject, name: str, later: int, look: Any, way: str) -> None:
        """Brings back what has ended, from the day of its end on or from a later one."""
        ended = self.draw(data, lambda version: version.reason is not None)
        days_after = [day for day in DAYS if day >= ended.valid_from]
        self.look_at(look)
        self.tell(self.again(ended, days_after[min(later, len(days_after) - 1)], name), way=way)

    def draw(self, data: st.DataObject, wanted: Callable[[Version], bool] = lambda _: True) -> Version:
        newest = [v[-1] for key, v in sorted(self.ledger.versions.items()) if key[0] in KINDS_TOLD]
        return data.draw(st.sampled_from([version for version in newest if wanted(version)]))

    def again(self, before: Version, day: date, name: str) -> Change:
        said = before.said
        make: Any = {"concepts": concept, "plans": plan, "domains": domain}[said["kind"]]
        of = [said["plan"]] if said["kind"] == "domains" else []
        return Change(self.ledger.releases, [make(said["slug"], day, name, *of)], [])

    # Telling both

    def tell(self, change: Change, *, way: str) -> None:
        expected = self.ledger.publish(change)
        self.place.told[expected.status] += 1
        became = self.send(change) if way == "over HTTP" else self.publish(change)
        assert became == expected

    def publish(self, change: Change) -> Outcome:
        changeset = Changeset(
            message="A change",
            publisher="A clerk",
            base_release=change.base,
            documents=change.documents,
            withdrawals=change.ends,
        )
        try:
            # What lint holds against a release has tests of its own; the sentence knows nothing of it.
            published = publish(self.engine, changeset, gate="off")
        except Conflict as conflict:
            return Outcome("conflict", touched(conflict.extra["changed"]))
        except Invalid:
            return Outcome("invalid")
        assert published.release in (None, self.ledger.releases)
        return Outcome("published" if published.release else "nothing")

    def send(self, change: Change) -> Outcome:
        body = {"message": "A change", "base_release": change.base}
        body |= {"documents": change.documents, "withdrawals": change.ends}
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = self.place.request("POST", "/v1/releases", json=body, headers=headers)
        said = answer.json()
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
        if answer.status_code == 409:
            return Outcome("conflict", touched(said["changed"]))
        if answer.status_code == 422:
            assert said["errors"]
            return Outcome("invalid")
        assert answer.status_code == (200 if said["release"] is None else 201)
        assert said["release"] in (None, self.ledger.releases)
        return Outcome("published" if said["release"] else "nothing")

    # Asking both

    def look_at(self, look: list[tuple[date, int]]) -> None:
        self.looks = [(day, number % (self.ledger.releases + 2)) for day, number in look]

    @invariant()
    def both_say_the_same(self) -> None:
        for number, (on, release) in enumerate(self.looks):
            at = At(on, min(release, self.ledger.releases))
            for kind in KINDS_TOLD:
                self.compare_lists(kind, [at])
                self.compare_each(kind, at)
            if number == 0:
                self.compare_over_http(KINDS_TOLD[release % 3], at)
        self.looks = []

    def compare_lists(self, kind: str, places: list[At]) -> None:
        row = KINDS[kind].row
        slug, version = col(row.slug), col(row.version)
        with reading(self.engine) as session:
            for at in places:
                listed = self.ledger.list_of(kind, *at)
                found = session.execute(select(slug, version).where(in_force_clause(row, at))).all()
                assert {(one.slug, one.version) for one in found} == {
                    (s, v.number) for s, v in listed.items()
                }
        self.place.told["reads"] += len(places)

    def compare_each(self, kind: str, at: At) -> None:
        row, listed = KINDS[kind].row, self.ledger.list_of(kind, *at)
        with reading(self.engine) as session:
            assert count_in_force(session, row, at) == len(listed)
            for slug in ("one", "two", "three"):
                expected = self.ledger.in_force((kind, slug), *at)
                if expected is not None and expected.reason is None:
                    assert in_force(session, row, slug, at).version == expected.number
                    continue
                with pytest.raises(NotFound if expected is None else Gone) as told:
                    in_force(session, row, slug, at)
                assert told.value.extra.get("reason") == (expected.reason if expected else None)
        self.place.told["reads"] += 4

    def compare_over_http(self, kind: str, at: At) -> None:
        pins = f"on={at.on}&release={at.release}"
        self.compare_list(kind, at, pins)
        for slug in ("one", "two", "three"):
            self.compare_one((kind, slug), at, pins)

    def compare_list(self, kind: str, at: At, pins: str) -> None:
        listed, items, following = self.ledger.list_of(kind, *at), [], f"/v1/{kind}?{pins}&limit=2"
        while following:
            page = self.place.request("GET", following).json()
            assert (page["total"], page["on"], page["release"]) == (len(listed), str(at.on), at.release)
            items += page["items"]
            following = page["next"]
        assert len(items) == len(listed)
        for item in items:
            self.compare_resource(item, listed[item["slug"]], at)

    def compare_one(self, key: Key, at: At, pins: str) -> None:
        kind, slug = key
        answer = self.place.request("GET", f"/v1/{kind}/{slug}?{pins}")
        version = self.ledger.in_force(key, *at)
        body = answer.json()
        if version is None:
            assert answer.status_code == 404
            first = min((v.valid_from for v in self.ledger.history(key, at.release)), default=None)
            assert first is None or f"begins on {first}." in body["detail"]
        elif version.reason is not None:
            assert answer.status_code == 410
            assert (body["reason"], body["withdrawn_from"]) == (version.reason, str(version.valid_from))
            last = self.place.request("GET", body["last_version"]).json()
            assert last["version"] == version.number - 1
        else:
            assert answer.status_code == 200
            self.compare_resource(body, version, at)
        told = self.place.request("GET", f"/v1/{kind}/{slug}/versions?{pins}")
        history = self.ledger.history(key, at.release)
        numbers = [v.number for v in reversed(history)]
        assert told.status_code == (200 if history else 404)
        assert [item["version"] for item in told.json().get("items", [])] == numbers

    def compare_resource(self, item: dict[str, Any], version: Version, at: At) -> None:
        assert (item["version"], item["release"]) == (version.number, version.release)
        assert (item["valid_from"], item["name"]) == (str(version.valid_from), version.said["name"])
        assert (item["on"], item["as_of_release"]) == (str(at.on), at.release)
        if version.said["kind"] == "domains":
            # What it refers to floats: the plan is shown as of the same day and release.
            of = self.ledger.list_of("plans", *at).get(version.said["plan"])
            assert item["plan_name"] == (of.said["name"] if of else None)

    def teardown(self) -> None:
        """Every day at every release once more, and the seals."""
        try:
            places = [At(on, release) for on in DAYS for release in range(self.ledger.releases + 1)]
            for kind in KINDS_TOLD:
                self.compare_lists(kind, places)
            with reading(self.engine) as session:
                numbers = session.scalars(select(col(Release.number)).order_by(col(Release.number))).all()
                assert list(numbers) == list(range(1, self.ledger.releases + 1))
                verified = verify(session)
                assert (verified.broken, len(verified.seals)) == ([], self.ledger.releases)
        except Problem as problem:
            raise AssertionError(problem) from problem
        finally:
            self.engine.dispose()
            self.place.store.drop(self.url)


def touched(changed: Any) -> frozenset[Key]:
    return frozenset((one["kind"], one["slug"]) for one in changed)
