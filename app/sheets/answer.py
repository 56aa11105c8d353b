"""A list over HTTP: a page of it, or all of it as a file.

A file is made whole before its first byte goes out: what fails is a problem and never half a file, and no slow
reader holds a connection to the database. It lies in memory while it is small, and on the disk beyond that.
"""

from collections.abc import Callable, Iterator, Sequence
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import IO, TypeVar
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import ColumnElement

from app.errors import Invalid
from app.faults import Fault, Said
from app.paging import Order, Page, listed
from app.queries import SearchQuery
from app.reading import Reading
from app.search import Through
from app.sheets.formats import FORMATS
from app.sheets.tables import chosen, noun
from app.versioning import At, R

T = TypeVar("T", bound=BaseModel)
IN_MEMORY, PIECE = 1 << 20, 1 << 16


def page_or_file(
    reading: Reading,
    at: At,
    query: SearchQuery,
    row: type[R],
    present: Callable[..., list[T]],
    where: Sequence[ColumnElement[bool]] = (),
    order: Order = (),
    through: Sequence[Through] = (),
) -> Page[T] | Response:
    """The page that was asked for; with `format`, everything that the filters match."""
    if query.format is None:
        listing = listed(reading, row, at, query, where, order, through)
        return listing.page(present(reading.session, at, listing.rows))
    _refuse_pages(query)
    asked = query.filters()
    some = chosen(reading.session, at, row, present, where, order, through, query.q, asked)
    made = FORMATS[query.format]
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - it is closed when it has been sent
    try:
        made.write(file, some)
    except BaseException:
        file.close()
        raise
    length = file.seek(0, SEEK_END)
    file.seek(0)
    return StreamingResponse(
        _pieces(file),
        media_type=made.media_type,
        headers=dict(reading.response.headers)
        | {"Content-Length": str(length), "Content-Disposition": disposition(row.kind, at, query.format)},
    )


def _refuse_pages(query: SearchQuery) -> None:
    said = Said(
        "A file holds the whole list: leave this out, or leave `format` out for pages.",
        "文件包含整个列表：请去掉此参数；如需分页，请去掉 format。",
    )
    given = [name for name in ("limit", "cursor") if name in query.model_fields_set]
    if given:
        raise Invalid.of([Fault(said, parameter=name) for name in given])


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def disposition(kind: str, at: At, ending: str) -> str:
    """A name that says what the file holds, in ASCII and in Chinese (RFC 6266)."""
    day = at.on.isoformat()
    plain = f"{kind}-{day}-release-{at.release}.{ending}"
    chinese = quote(f"{noun(kind)}-{day}-发布{at.release}.{ending}")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{chinese}"
