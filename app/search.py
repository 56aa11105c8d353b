"""Full-text search over names, aliases and texts, exact for Chinese and the same on both databases.

Text is indexed character by character and a word is looked for as a phrase, so a word of one or two
characters is found like any other. Names are indexed a second and a third time in pinyin: from each syllable
on to the end (`yiliaojiuzhu`, `liaojiuzhu`, …) and by initials, to be found by their beginnings.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Subquery,
    and_,
    case,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlmodel import Session, col

from app.errors import Invalid
from app.indexing import entries, plain, words
from app.versioning import At, R, Row, in_force_clause

# What a hit in a part of a text costs more than one that is the whole of it.
PARTIAL = 30
LONGEST = 999

# SQLite's full-text index over `words`; PostgreSQL indexes the column itself.
word_index = table("search_word")


class Match(BaseModel):
    """Why a resource was found."""

    model_config = ConfigDict(title="命中说明")

    kind: str = Field(
        title="类别", description="The kind whose field matched: the resource's own or one it refers to"
    )
    field: str = Field(title="字段", description="The field that matched")
    text: str = Field(title="文本", description="The whole text of that field, or the one alias that matched")
    written: str = Field(title="写法", description="Matched as text, as pinyin or as pinyin initials")


class Through(NamedTuple):
    """A reference that a kind is also found by: a service by its concept's names."""

    column: str
    row: type[Row]
    weight: int


def terms(q: str) -> list[list[str]]:
    """The words of each of the terms that were typed with white space between."""
    found = [words(term) for term in plain(q).split()]
    found = [term for term in found if term][:10]
    if not found:
        raise Invalid.parameter("q", "There is no word in it to search for.", "其中没有可检索的字词。")
    return found


def _has(term: Sequence[str], dialect: str) -> ColumnElement[bool]:
    """True for the entries in which the term's words stand side by side; Latin ones may go on."""
    more = term[-1].isascii()
    if dialect == "postgresql":
        phrase = " <-> ".join(f"'{word}'" for word in term) + (":*" if more else "")
        return entries.c.words.op("@@")(cast(phrase, TSQUERY))
    phrase = '"' + " ".join(term) + '"' + ("*" if more else "")
    found = (
        select(column("rowid", Integer))
        .select_from(word_index)
        .where(literal_column("search_word").op("MATCH")(phrase))
    )
    return entries.c.id.in_(found)


def _rank(term: Sequence[str], found: FromClause) -> ColumnElement[int]:
    """How good a hit is: first what kind of field, whole or in part; then the shorter the text the better."""
    whole = found.c.whole == "".join(term)
    length = func.length(found.c.whole)
    return (found.c.weight + case((whole, 0), else_=PARTIAL)) * 1000 + case(
        (length > LONGEST, LONGEST), else_=length
    )


def search(session: Session, row: type[Row], at: At, q: str, through: Sequence[Through] = ()) -> Subquery:
    """The slugs of a kind in whose version in force every term of `q` is found, each with its rank (less is better)."""
    dialect = session.get_bind().dialect.name
    hits = [
        select(found.c.slug, func.min(found.c.rank).label("rank")).group_by(found.c.slug).subquery()
        for found in (_hits(dialect, row, at, tuple(term), tuple(through)) for term in terms(q))
    ]
    first, *others = hits
    rank: ColumnElement[int] = first.c.rank
    every: FromClause = first
    for other in others:
        every = every.join(other, other.c.slug == first.c.slug)
        rank = rank + other.c.rank
    return select(first.c.slug, rank.label("rank")).select_from(every).subquery("hits")


def matches(
    session: Session, row: type[R], found: Sequence[R], at: At, q: str, through: Sequence[Through] = ()
) -> dict[str, list[Match]]:
    """For each of the resources found: the texts in which each term was found, best first."""
    slugs = [resource.slug for resource in found]
    said: dict[str, list[Match]] = {slug: [] for slug in slugs}
    for term in terms(q):
        hits = _hits(session.get_bind().dialect.name, row, at, tuple(term), tuple(through))
        in_order = (hits.c.rank, hits.c.kind, hits.c.field, hits.c.text, hits.c.written)
        for hit in session.execute(select(hits).where(hits.c.slug.in_(slugs)).order_by(*in_order)):
            match = Match(kind=hit.kind, field=hit.field, text=hit.text, written=hit.written)
            if match not in said[hit.slug]:
                said[hit.slug].append(match)
    return said


# A search needs them twice, and the next one often again: they take longer to write than to ask.
@lru_cache(maxsize=256)
def _hits(
    dialect: str, row: type[Row], at: At, term: tuple[str, ...], through: tuple[Through, ...]
) -> Subquery:
    """Every entry in which one term is found, with the slug of the resource that it speaks for."""
    # Found once for all that it may speak for; a planner left to itself begins with everything of a kind.
    matching = select(entries).where(_has(term, dialect))
    found = matching.cte().prefix_with("MATERIALIZED")
    rank = _rank(term, found)
    entry = (found.c.kind, found.c.field, found.c.text, found.c.written)
    own = select(col(row.slug).label("slug"), rank.label("rank"), *entry).where(
        _speaks_for(row, found), in_force_clause(row, at)
    )
    by_reference = [
        select(col(row.slug), rank + weight * 1000, *entry).where(
            _speaks_for(other, found),
            col(getattr(row, column)) == col(other.slug),
            in_force_clause(other, at),
            in_force_clause(row, at),
        )
        for column, other, weight in through
    ]
    return union_all(own, *by_reference).subquery()


def _speaks_for(row: type[Row], found: FromClause) -> ColumnElement[bool]:
    return and_(found.c.kind == row.kind, found.c.slug == col(row.slug), found.c.version == col(row.version))
