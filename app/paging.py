"""Lists in pages that stay consistent: a cursor pins `(on, release)` and the place after which to go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar, cast
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Integer, Select, SQLColumnExpression, func, select, tuple_
from sqlmodel import Session, col

from app.cursor import Cursor, bad_cursor
from app.kept import look_up
from app.queries import ListQuery, PageQuery
from app.reading import Reading
from app.search import Match, Through, matches, search
from app.versioning import At, R, in_force_clause, never_was

T = TypeVar("T", bound=BaseModel)
# What a list is sorted by; mapped columns are no ColumnElement to a type checker.
Order = Sequence[SQLColumnExpression[Any]]


class Page(BaseModel, Generic[T]):
    """One page of a list, and where the next one is."""

    model_config = ConfigDict(
        title="列表", json_schema_extra={"description": "One page of a list, and where the next one is."}
    )

    items: list[T] = Field(title="条目", description="The items of this page")
    total: int = Field(title="总数", description="How many items the whole list has")
    on: date = Field(title="查询日期", description="The day this answer is for")
    release: int = Field(title="查询发布号", description="The release the catalogue was read at")
    next: str | None = Field(title="下一页", description="URL of the next page; null on the last one")


@dataclass(frozen=True)
class Listing(Generic[R]):
    """The rows of one page, and why they were found where they were searched for."""

    at: At
    rows: Sequence[R]
    total: int
    next: str | None
    matched: Mapping[str, list[Match]] | None = None

    def page(self, items: list[T]) -> Page[T]:
        """The page to answer with; `items` are the rows as they go over the wire."""
        if self.matched is not None:
            for row, item in zip(self.rows, items, strict=True):
                setattr(item, "matched", self.matched[row.slug])  # noqa: B010 - every kind has it, `Resource` has not
        return Page(items=items, total=self.total, on=self.at.on, release=self.at.release, next=self.next)


def listed(
    reading: Reading,
    row: type[R],
    at: At,
    query: ListQuery,
    where: Sequence[ColumnElement[bool]] = (),
    order: Order = (),
    through: Sequence[Through] = (),
) -> Listing[R]:
    """One page of the resources of a kind that are in force, filtered and searched.

    Found by `q`, the best hit comes first; else the order is `order` and then the slug.
    """
    q = getattr(query, "q", None)
    wanted, order = all_wanted(reading.session, row, at, where, order, through, q)
    lines, total, following = cut(reading, wanted, order, at, query, still=True)
    found = [line[0] for line in lines]
    matched = None if q is None else matches(reading.session, row, found, at, q, through)
    return Listing(at, found, total, following, matched)


def all_wanted(
    session: Session,
    row: type[R],
    at: At,
    where: Sequence[ColumnElement[bool]] = (),
    order: Order = (),
    through: Sequence[Through] = (),
    q: str | None = None,
) -> tuple[Select[Any], Order]:
    """Everything that a list holds, and the order it goes in."""
    wanted = select(row).where(in_force_clause(row, at), *where)
    if q is not None:
        hits = search(session, row, at, q, through)
        wanted = wanted.join(hits, hits.c.slug == col(row.slug))
        order = [hits.c.rank]
    return wanted, [*order, col(row.slug)]


def history(reading: Reading, row: type[R], slug: str, at: At, query: ListQuery) -> Listing[R]:
    """One page of all versions of a resource up to a release, newest first."""
    versions = select(row).where(col(row.slug) == slug, col(row.release) <= at.release)
    lines, total, following = cut(reading, versions, [-col(row.version)], at, query)
    if total == 0:
        raise never_was(row, at.release)
    return Listing(at, [line[0] for line in lines], total, following)


def cut(
    reading: Reading,
    wanted: Select[*tuple[Any, ...]],
    order: Order,
    at: At,
    query: PageQuery,
    *,
    still: bool = False,
) -> tuple[Sequence[Any], int, str | None]:
    """The page of `wanted` that the query's cursor stands before, the total, and the next page's URL.

    `order` must tell any two lines apart and hold no null; a list that never changes at `at` stands `still`.
    """
    place: list[Any] = [expression.label(f"place_{number}") for number, expression in enumerate(order)]
    page = wanted.add_columns(*place).order_by(*place).limit(query.limit + 1)
    cursor = reading.place(query)
    if cursor is None:
        total = _total(reading, wanted, at if still else None, query)
        page = page.where(*_from_the_start(order))
    else:
        total = cursor.total
        page = page.where(tuple_(*order) > tuple_(*_after(cursor, order)))
    lines = reading.session.execute(page).all()
    following = None
    if len(lines) > query.limit:
        lines = lines[: query.limit]
        following = _following(reading, at, query, list(lines[-1][-len(order) :]), total)
    return lines, total, following


def sliced(reading: Reading, items: Sequence[T], at: At, query: PageQuery) -> Page[T]:
    """The page of a whole list that does not come from one query; its cursor counts."""
    cursor, start = reading.place(query), 0
    if cursor is not None:
        match cursor.after:
            case [int(counted)] if 0 <= counted <= len(items):
                start = counted
            case _:
                raise bad_cursor()
    end = start + query.limit
    following = _following(reading, at, query, [end], len(items)) if end < len(items) else None
    return Page(items=list(items[start:end]), total=len(items), on=at.on, release=at.release, next=following)


def _following(reading: Reading, at: At, query: PageQuery, after: list[Any], total: int) -> str:
    """The URL of the next page, and the answer's link to it."""
    on, of = at.on.isoformat(), reading.fingerprint(query)
    cursor = Cursor(on=on, release=at.release, of=of, total=total, after=after)
    asked = query.filters() | {"limit": str(query.limit), "cursor": cursor.encoded()}
    following = f"{reading.request.url.path}?{urlencode(asked)}"
    reading.link("next", following)
    return following


def _total(reading: Reading, wanted: Select[*tuple[Any, ...]], at: At | None, query: PageQuery) -> int:
    def ask(lists: list[str]) -> dict[str, int]:
        counted = reading.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
        return dict.fromkeys(lists, counted)

    this_list = f"{reading.request.url.path}?{urlencode(query.filters())}"
    return (
        ask([this_list])[this_list]
        if at is None
        else look_up(reading.session, at, [this_list], ask)[this_list]
    )


def _from_the_start(order: Order) -> list[ColumnElement[bool]]:
    """Always true, and tells SQLite to walk the first column's index rather than to sort the whole list."""
    first = cast("ColumnElement[Any]", order[0])
    return [] if isinstance(first.type, Integer) else [first >= ""]


def _after(cursor: Cursor, order: Order) -> list[str | int]:
    columns = [cast("ColumnElement[Any]", expression) for expression in order]
    types = [int if isinstance(column.type, Integer) else str for column in columns]
    if [type(value) for value in cursor.after] != types:
        raise bad_cursor()
    return cursor.after
