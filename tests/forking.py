"""A process that has imported the program already: `python -m tests.forking` forks a command for each line it reads.

Starting Python and importing takes longer than most commands do. A command that begins as a copy of this process
spends all of its time on its work, which is where a test wants to kill it.
"""

import importlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGKILL
from subprocess import PIPE, Popen
from typing import Any

PROJECT = Path(__file__).parent.parent
# What the commands under test import when they run.
WORK = (
    "app.cli",
    "app.main",
    "app.restoring",
    "app.migrating",
    "app.publishing",
    "app.seed",
    "uvicorn",
    "psycopg",
)


class Forker:
    """The other end: starts one command at a time, and may kill it."""

    def __init__(self, process: Popen[str]) -> None:
        self.process = process
        self.pid = 0

    def start(self, *arguments: str, environment: dict[str, str]) -> None:
        self._say({"arguments": arguments, "environment": environment})
        self.pid = int(self._hear())

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, SIGKILL)

    def ended(self) -> int:
        """Waits for its end: the exit code, or the signal as a negative number."""
        return int(self._hear())

    def run(self, *arguments: str, environment: dict[str, str]) -> int:
        self.start(*arguments, environment=environment)
        return self.ended()

    def _say(self, told: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()

    def _hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@contextmanager
def forking() -> Iterator[Forker]:
    process = Popen([sys.executable, "-m", __name__], cwd=PROJECT, stdin=PIPE, stdout=PIPE, text=True)
    try:
        yield Forker(process)
    finally:
        process.communicate()  # it ends with its input


def become(arguments: list[str], environment: dict[str, str]) -> None:
    """The forked process: runs one command, and ends."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.environ.update(environment)
    sys.argv = ["catalogue", *arguments]
    code: Any = 1
    try:
        from app.cli import main

        main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        os._exit(int(code))


def fork_for_each_line() -> None:
    for module in WORK:
        importlib.import_module(module)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            become(**json.loads(line))
        for told in (pid, None):
            said = told or os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            sys.stdout.write(f"{said}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    fork_for_each_line()
