"""`kill -9` at any moment of a command's work: what it leaves is what was before, or all that was to come."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import ClassVar, Literal

import anyio
import httpx
from sqlalchemy import func, select
from sqlmodel import Session, SQLModel

from app.backup import backup
from app.database import create, writing
from app.keys.models import Key
from app.keys.models import create as create_key
from app.main import create_app
from app.restoring import restore
from app.settings import Settings
from tests.changes import concept, put
from tests.conftest import client_of
from tests.rooms import Room
from tests.running import answers, free_port, until
from tests.stores import Store

MANY = 200  # what is published at once
BASE = 3  # releases there are before
End = Literal["before", "after"]


class Kind:
    """A command to kill: what it needs, and what it may leave."""

    name: ClassVar[str]
    empty: ClassVar[bool] = False  # whether it works on an empty database

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.base = store.copy("empty")
        engine = create(self.base, connections=2)
        with writing(engine) as session:
            self.key = create_key(session, "publisher", "A clerk")[1]
        for release in range(BASE):
            put(engine, *(concept(slug=f"old-{release}-{n}", name=f"旧{n}") for n in range(100)))
        engine.dispose()

    @contextmanager
    def room(self) -> Iterator[Room]:
        url = self.store.copy("empty" if self.empty else self.base)
        engine = create(url, connections=4)
        try:
            with TemporaryDirectory() as folder:
                yield Room(url, engine, Path(folder))
        finally:
            engine.dispose()
            self.store.drop(url)

    def attempt(self, room: Room, after: float | None) -> int:
        """Runs it, and kills it so many seconds after; its exit code."""
        command = room.start(*self.arguments(room))
        if after is not None:
            time.sleep(after)
            command.kill()
        return command.finished()[0]

    def arguments(self, room: Room) -> tuple[str, ...]:
        raise NotImplementedError

    def check(self, room: Room) -> End:
        raise NotImplementedError


def release_is_whole_or_not_there(room: Room) -> End:
    release = room.releases()
    assert release in (BASE, BASE + 1)
    for table in ("concept_version", "release", "release_seal"):
        column = "number" if table == "release" else "release"
        expected = MANY if table == "concept_version" else 1
        assert room.rows(table, f"{column} > {BASE}") == (expected if release > BASE else 0)
    assert room.found("new-%") == (MANY if release > BASE else 0)
    room.seal()
    return "after" if release > BASE else "before"


class Publish(Kind):
    name = "catalogue publish"

    def arguments(self, room: Room) -> tuple[str, ...]:
        lines = [f"- {{slug: new-{n}, name: 新{n}}}\n" for n in range(MANY)]
        (room.folder / "concepts.yaml").write_text("items:\n" + "".join(lines), encoding="utf-8")
        return ("publish", str(room.folder))

    def check(self, room: Room) -> End:
        end = release_is_whole_or_not_there(room)
        assert self.attempt(room, None) == 0
        assert release_is_whole_or_not_there(room) == "after"
        room.goes_on()
        return end


class Import(Publish):
    """The same as a table that was exported and edited."""

    name = "catalogue publish concepts.csv"

    def arguments(self, room: Room) -> tuple[str, ...]:
        header = "标识,名称,国家分类,别名,生效日期,变更说明,查询日期,查询发布号\n"
        lines = [f"new-{n},新{n},,,0001-01-01,,2024-06-01,{BASE}\n" for n in range(MANY)]
        file = room.folder / "concepts.csv"
        file.write_text(header + "".join(lines), encoding="utf-8-sig")
        return ("publish", str(file))


class PublishOverHttp(Kind):
    name = "POST /v1/releases"
    took = 0.0

    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(store, folder)
        # On a quick machine more than sixty come to ask again within a minute.
        settings = Settings(
            database_url=self.base, log_level="error", direct_publishing=True, writes_limit=""
        )
        self.app = create_app(settings)
        self.app.state.engine.dispose()
        documents = [concept(slug=f"new-{n}", name=f"新{n}") for n in range(MANY)]
        self.body = {"message": "Many", "base_release": BASE, "documents": documents}
        self.headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": "many"}

    def attempt(self, room: Room, after: float | None) -> int:
        """Kills the server while it publishes; what it answered must be so."""
        port = free_port()
        settings = {"port": port, "direct_publishing": True, "writes_limit": "", "log_level": "error"}
        server = room.start("serve", **settings)
        until(lambda: answers(port))
        with ThreadPoolExecutor(1) as thread:
            answer = thread.submit(self.send, port)
            began = time.monotonic()
            if after is None:
                answer.result()
                self.took = time.monotonic() - began
            else:
                time.sleep(after)
            server.kill()
            code = 0 if answer.result() is not None else -9
        if code == 0:
            assert answer.result() == BASE + 1
            room.alone()
            assert room.releases() == BASE + 1
        return code

    def send(self, port: int) -> int | None:
        address = f"http://127.0.0.1:{port}/v1/releases"
        try:
            answer = httpx.post(address, json=self.body, headers=self.headers, trust_env=False, timeout=60)
        except httpx.TransportError:
            return None
        assert answer.status_code == 201, answer.text
        release: int = answer.json()["release"]
        return release

    async def ask_again(self, room: Room) -> httpx.Response:
        """The same request, to a program that runs."""
        self.app.state.engine = room.engine
        async with client_of(self.app) as client:
            return await client.post("/v1/releases", json=self.body, headers=self.headers)

    def check(self, room: Room) -> End:
        end = release_is_whole_or_not_there(room)
        # Whoever got no answer asks again, and it is published once.
        answer = anyio.run(self.ask_again, room)
        assert (answer.status_code, answer.json().get("release")) == (201, BASE + 1), answer.text
        assert release_is_whole_or_not_there(room) == "after"
        room.goes_on()
        return end


class Backup(Kind):
    name = "catalogue backup"

    def arguments(self, room: Room) -> tuple[str, ...]:
        return ("backup", str(room.folder / "catalogue.backup"))

    def check(self, room: Room) -> End:
        file = room.folder / "catalogue.backup"
        end: End = "after" if file.exists() else "before"
        if end == "before":
            assert self.attempt(room, None) == 0
        url = self.store.copy("empty")
        engine = create(url, connections=2)
        restore(engine, file)
        assert Room(url, engine, room.folder).seal() == room.seal()
        engine.dispose()
        self.store.drop(url)
        room.goes_on()
        return end


class Restore(Kind):
    name = "catalogue restore"
    empty = True

    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(store, folder)
        engine = create(self.base, connections=2)
        self.file = folder / f"{store.name}.backup"
        self.seal = backup(engine, self.file).seal
        engine.dispose()

    def arguments(self, room: Room) -> tuple[str, ...]:  # noqa: ARG002 - as every kind is asked
        return ("restore", str(self.file))

    def check(self, room: Room) -> End:
        end: End = "after" if room.releases() else "before"
        if end == "before":
            with Session(room.engine) as session:
                for table in SQLModel.metadata.tables.values():
                    assert session.scalar(select(func.count()).select_from(table)) == 0, table.name
                assert session.scalars(select(Key)).all() == []
            assert self.attempt(room, None) == 0
        assert room.seal() == self.seal
        assert room.found("old-%") == BASE * 100
        assert room.rows("api_key") == 1
        room.goes_on()
        return end


KINDS: tuple[Callable[[Store, Path], Kind], ...] = (Publish, Import, PublishOverHttp, Backup, Restore)


@dataclass
class Told:
    """What became of all attempts."""

    took: float
    ends: Counter[End] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)


def kill_again_and_again(kind: Kind, times: int, seed: int = 0) -> Told:
    """Kills it at moments that are spread over the time that it takes when nobody disturbs it."""
    choose = random.Random(seed)  # noqa: S311 - it only spreads them
    told = Told(median(undisturbed(kind) for _ in range(3)))
    for number in range(times):
        moment = told.took * (number + choose.random()) / times
        with kind.room() as room:
            code = kind.attempt(room, moment)
            # A busy machine is now quicker, now slower: most kills are to come before the end.
            told.took *= 0.95 if code == 0 else 1.01
            told.codes[code] += 1
            room.alone()
            told.ends[kind.check(room)] += 1
    return told


def undisturbed(kind: Kind) -> float:
    with kind.room() as room:
        began = time.monotonic()
        assert kind.attempt(room, None) == 0
        took = time.monotonic() - began
    # A server takes its time to start, which is no part of the work.
    return kind.took if isinstance(kind, PublishOverHttp) else took
