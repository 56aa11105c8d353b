"""What all commands share: the terminal, its language, and the database that the settings name."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import Engine

from app.faults import Language, Said
from app.settings import Settings

MOST_LINES = 500

out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


# What a command is handed in to check, compare or publish.
HandedIn = Annotated[
    Path,
    typer.Argument(
        exists=True,
        metavar="FILE|DIR",
        help="Folder of seed files; or a workbook, a CSV file, a folder or an archive of CSV files",
    ),
]


@contextmanager
def database() -> Iterator[Engine]:
    """The engine that the settings name, closed at the end."""
    from app.database import create

    engine = create(Settings().database_url, connections=1)
    try:
        yield engine
    finally:
        engine.dispose()


def language() -> Language:
    return Settings().language


def say(said: Said) -> None:
    out.print(said.to(language()))


def report(lines: Sequence[str]) -> int:
    """Prints what is wrong, as much as anybody reads, and how much it is; the exit code that goes with it."""
    for line in lines[:MOST_LINES]:
        err.print(line)
    n = len(lines)
    if n > MOST_LINES:
        err.print(Said(f"… and {n - MOST_LINES} more.", f"……另有{n - MOST_LINES}处。").to(language()))
    ending = Said(
        f"{n} fault{'s' if n != 1 else ''}; nothing was published.", f"共{n}处错误，未发布任何内容。"
    )
    err.print(ending.to(language()))
    return 1
