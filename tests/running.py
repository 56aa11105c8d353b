"""Real programs under test: the `catalogue` command as a process of its own, and a server on a free port."""

import errno
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import httpx
import uvicorn

from app.cli import main
from tests.conftest import application

PROJECT = Path(__file__).parent.parent
T = TypeVar("T")


def until(condition: Callable[[], T], *, seconds: float = 60, pause: float = 0.005) -> T:
    """Waits for a condition, and fails where it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(pause)
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(url: str, **settings: Any) -> dict[str, str]:
    """What the program is told by its environment."""
    given = {name.upper(): str(value) for name, value in settings.items()}
    return os.environ | {"DATABASE_URL": url, "LANG": "en_GB.UTF-8"} | given


def started(*arguments: str, url: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """`catalogue …` as somebody starts it; `before` is what goes before it on the command line."""
    return subprocess.Popen(
        [*before, sys.executable, "-m", "app", *arguments],
        cwd=PROJECT,
        env=environment(url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# A program of its own takes a second to import what it needs; from a process that has done so it begins at once.
FORKSERVER = get_context("forkserver")
WORK = "cli main publishing restoring seed sheets.reading"
FORKSERVER.set_forkserver_preload(
    [*(f"app.{room}" for room in WORK.split()), "uvicorn", "psycopg", "pypinyin", "opencc"]
)


class Started:
    """`catalogue …` as a process of its own, which can be killed like any other."""

    def __init__(self, folder: Path, *arguments: str, url: str, **settings: Any) -> None:
        self.said = [folder / f"{uuid.uuid4().hex}.{name}" for name in ("out", "err")]
        for file in self.said:
            file.touch()  # it may be killed before it says anything
        told = (self.said, arguments, environment(url, **settings))
        self.process = FORKSERVER.Process(target=_catalogue, args=told)
        self.process.start()

    def ended(self) -> bool:
        return not self.process.is_alive()

    def kill(self) -> None:
        """Ends it at once, with no chance to tidy up."""
        self.process.kill()
        self.process.join()

    def finished(self) -> tuple[int, str, str]:
        """Its exit code, and what it said, as soon as it is done."""
        self.process.join(timeout=60)
        assert self.process.exitcode is not None, "it does not end"
        said, complaint = (file.read_text() for file in self.said)
        return self.process.exitcode, said, complaint


def _catalogue(said: list[Path], arguments: tuple[str, ...], told: dict[str, str]) -> None:
    """In the new process: what the interpreter does for `python -m app …`."""
    for descriptor, file in enumerate(said, start=1):
        os.dup2(os.open(file, os.O_WRONLY), descriptor)
    os.chdir(PROJECT)
    os.environ |= told
    sys.argv = ["catalogue", *arguments]
    main()


@contextmanager
def serving(url: str, log: Path | None = None, **settings: Any) -> Iterator[str]:
    """`catalogue serve` as a process of its own: its address. Its log goes to a file, where one is given."""
    port = free_port()
    with (log or Path(os.devnull)).open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=PROJECT,
            env=environment(url, port=port, **settings),
            stdout=subprocess.DEVNULL,
            stderr=sink,
        )
        try:
            until(lambda: answers(port) or process.poll() is not None)
            assert process.poll() is None, "the server ended by itself"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    """Whether a server listens on a port, and says that it is alive."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def served(url: str, **settings: Any) -> Iterator[httpx.Client]:
    """The application on a port of its own, in a thread, and a client for it."""
    config = uvicorn.Config(
        application(url, **settings), host="127.0.0.1", port=0, ws="none", log_config=None
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


def every(client: httpx.Client, url: str) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    items: list[dict[str, Any]] = []
    following: str | None = url
    while following:
        page = client.get(following).raise_for_status().json()
        items += page["items"]
        following = page["next"]
    return items


class Gate:
    """A seed file that holds up whoever reads it until it is opened.

    The command asks for the latest release, then reads its folder: at the gate it knows the one and has not
    begun to publish the other.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "regions" / "regions-gate.json"
        self.path.parent.mkdir(parents=True)
        os.mkfifo(self.path)
        self.end: int | None = None

    def reached(self) -> bool:
        """Whether somebody stands before it; they go on once it is opened."""
        if self.end is None:
            try:
                self.end = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
        return self.end is not None

    def open(self) -> None:
        """Lets through who stands there; whoever comes later finds an ordinary file."""
        assert self.end is not None
        ordinary = self.path.with_suffix(".open")
        ordinary.write_text("[]")
        ordinary.replace(self.path)
        os.write(self.end, b"[]")
        os.close(self.end)
        self.end = None
