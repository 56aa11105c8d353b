"""CSV out: UTF-8 with its mark, as RFC 4180 says, and no cell that a spreadsheet would take for a formula."""

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from app.sheets.cells import Cell
from app.sheets.tables import Chosen, fill, header, titles_of

# A spreadsheet calculates what begins so; apostrophes before it are counted, so that taking one away is exact.
# The wide forms are what a Chinese keyboard types, and some programs take them for the others.
GUARDED = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def guarded(text: str) -> str:
    """Text that a spreadsheet takes for text."""
    return f"'{text}" if GUARDED.match(text) else text


def unguarded(text: str) -> str:
    """The text back."""
    return text[1:] if text.startswith("'") and GUARDED.match(text) else text


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return str(cell) if isinstance(cell, int | float) else guarded(str(cell))


class Lines:
    """One CSV file that is being written."""

    def __init__(self, file: IO[bytes], titles: Sequence[str]) -> None:
        self.text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
        self.csv: Any = csv.writer(self.text, lineterminator="\r\n")
        self.csv.writerow(titles)

    def line(self, table: str, cells: Sequence[Cell]) -> None:  # noqa: ARG002 - there is but one
        self.csv.writerow([_text(cell) for cell in cells])

    def close(self) -> None:
        self.text.detach()


class Files:
    """A folder of CSV files that are being written, one for each table."""

    def __init__(self, files: dict[str, Lines]) -> None:
        self.files = files

    def line(self, table: str, cells: Sequence[Cell]) -> None:
        self.files[table].line(table, cells)


def write_csv(file: IO[bytes], chosen: Chosen) -> None:
    """Writes one kind as a table that stands alone, its sources in a column."""
    lines = Lines(file, header(chosen.kind, alone=True))
    fill(lines, chosen, alone=True)
    lines.close()


def write_folder(folder: Path, chosen: Sequence[Chosen]) -> list[Path]:
    """Writes a table for each kind, one for the sources and an empty one for withdrawals."""
    titles = titles_of(some.kind for some in chosen)
    files = {name: folder / f"{name}.csv" for name in titles}
    with ExitStack() as stack:
        lines = {
            name: Lines(stack.enter_context(file.open("wb")), titles[name]) for name, file in files.items()
        }
        for some in chosen:
            fill(Files(lines), some)
        for one in lines.values():
            one.close()
    return list(files.values())


def write_zip(file: IO[bytes], chosen: Sequence[Chosen]) -> None:
    """The same files in one."""
    with TemporaryDirectory() as scratch, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for written in write_folder(Path(scratch), chosen):
            archive.write(written, written.name)
