"""The catalogue as named tables of lines: the same in a workbook, in a folder of CSV files and in a single one."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from sqlalchemy import ColumnElement
from sqlmodel import Session

from app.catalogue import KINDS
from app.faults import Said
from app.paging import Listing, Order, all_wanted
from app.resource import Resource
from app.search import Through, matches
from app.sheets.cells import Cell
from app.sheets.columns import columns_of, columns_of_sources, has_sources
from app.sheets.kinds import SHOWN
from app.sheets.lines import cells_of, sources_cell, sources_of
from app.sheets.words import (
    COLUMN,
    DAY,
    KIND,
    LONG_TEXTS,
    NAME,
    NUMBER,
    ON,
    REASON,
    RELEASE,
    SLUG,
    SOURCES,
    TEXT,
    WITHDRAWALS,
)
from app.versioning import At, Row

# Rows that are held in memory at once, however long the list is.
CHUNK = 500

HEADERS = {
    SOURCES: [KIND, SLUG, NUMBER, *(column.title for column in columns_of_sources()), NAME],
    WITHDRAWALS: [KIND, SLUG, DAY, REASON],
    LONG_TEXTS: [KIND, SLUG, COLUMN, NUMBER, TEXT],
}
WITHDRAWAL_FIELDS = {KIND: "kind", SLUG: "slug", DAY: "valid_from", REASON: "reason"}


def noun(kind: str) -> str:
    """What a kind's table is called."""
    return KINDS[kind].content.noun.zh


def kinds_by_noun() -> dict[str, str]:
    return {noun(kind): kind for kind in KINDS}


def header(kind: str, *, alone: bool = False) -> list[str]:
    """The titles of a kind's columns; alone, a table holds its sources itself."""
    titles = [column.title for column in columns_of(kind)]
    return [
        *titles,
        *([SOURCES] if alone and has_sources(kind) else []),
        ON,
        RELEASE,
        *references(kind).values(),
    ]


@cache
def references(kind: str) -> dict[str, str]:
    """The fields that only help to read a line, such as the name behind a slug, and what they are called."""
    fields = SHOWN[kind].resource.model_fields
    written = KINDS[kind].content.model_fields
    return {n: info.title or n for n, info in fields.items() if n.endswith("_name") and n not in written}


@dataclass(frozen=True)
class Chosen:
    """All resources of one kind that are to be written out, a few at a time."""

    kind: str
    at: At
    chunks: Callable[[], Iterator[Listing[Any]]]
    present: Callable[[Sequence[Any]], Sequence[Any]]
    asked: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> Iterator[tuple[Row, Any]]:
        """The rows, each with the resource that it is on the wire where its line shows more than the row holds."""
        for chunk in self.chunks():
            shown = self.present(chunk.rows) if references(self.kind) else chunk.rows
            yield from zip(chunk.rows, shown, strict=True)

    def items(self) -> Iterator[Resource]:
        """The resources as they go over the wire."""
        for chunk in self.chunks():
            yield from chunk.page(list(self.present(chunk.rows))).items


def chosen(
    session: Session,
    at: At,
    row: type[Row],
    present: Callable[..., Sequence[Any]],
    where: Sequence[ColumnElement[bool]] = (),
    order: Order = (),
    through: Sequence[Through] = (),
    q: str | None = None,
    asked: Mapping[str, str] | None = None,
) -> Chosen:
    """What a list holds, without its pages."""

    def chunks() -> Iterator[Listing[Any]]:
        wanted, sorted_by = all_wanted(session, row, at, where, order, through, q)
        found = session.scalars(wanted.order_by(*sorted_by).execution_options(yield_per=CHUNK))
        for rows in found.partitions():
            matched = None if q is None else matches(session, row, rows, at, q, through)
            yield Listing(at, rows, 0, None, matched)

    return Chosen(row.kind, at, chunks, lambda rows: present(session, at, rows), asked or {})


class Sink(Protocol):
    """Where lines go."""

    def line(self, table: str, cells: Sequence[Cell]) -> None: ...


def fill(sink: Sink, some: Chosen, *, alone: bool = False) -> None:
    """Writes one kind into a sink: a line for each resource, and lines for its sources."""
    columns, name = columns_of(some.kind), noun(some.kind)
    day, release = some.at.on.isoformat(), some.at.release
    for row, item in some.rows():
        named = [getattr(item, field, None) for field in references(some.kind)]
        own = [sources_cell(row)] if alone and has_sources(some.kind) else []
        sink.line(name, [*cells_of(columns, row), *own, day, release, *named])
        if not alone:
            for number, cells in enumerate(sources_of(some.kind, row), 1):
                called = getattr(row, "name", None) or getattr(item, "service_name", None)
                sink.line(SOURCES, [name, row.slug, number, *cells, called])


def titles_of(kinds: Iterable[str]) -> dict[str, list[str]]:
    """The tables of a package and their headers."""
    return {noun(kind): header(kind) for kind in kinds} | {
        name: HEADERS[name] for name in (SOURCES, WITHDRAWALS)
    }


TOO_LONG = Said(
    "That is more rows than a worksheet holds: ask for less, or for csv or parquet.",
    "行数超过工作表的上限：请缩小范围，或改用 csv、parquet。",
)
