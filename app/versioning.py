"""Versions, releases and the two clocks: what applied on day D, as the catalogue stood at release R.

Knows no kind. `in_force_clause` is the only place that says which version applies.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Annotated, ClassVar, NamedTuple, TypeVar, cast

from pydantic import StringConstraints
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    exists,
    func,
    inspect,
    select,
    tuple_,
)
from sqlmodel import Field, Session, SQLModel, col

from app.database import Moment
from app.errors import Gone, Invalid, NotFound
from app.faults import ANY_SLUG, ONE_LINE, SLUG, Fault, Said
from app.kept import look_up
from app.queries import Day

Slug = Annotated[str, StringConstraints(pattern=SLUG, max_length=120)]
# Facts are named like variables, everything else with hyphens.
AnySlug = Annotated[str, StringConstraints(pattern=ANY_SLUG, max_length=120)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=ONE_LINE)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=ONE_LINE)]

# "Since before anything we know": for what has no start in any plan, such as a region or a concept.
ALWAYS = date(1, 1, 1)


class At(NamedTuple):
    """A place in the catalogue's two times."""

    on: date
    release: int


class Release(SQLModel, table=True):
    """One atomic publication; every version belongs to one."""

    __tablename__ = "release"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    recorded_at: datetime = Field(sa_type=Moment)
    publisher: str
    message: str
    digest: str | None = None


Lookup = Callable[[str, str, date], "Content | None"]


class Content(SQLModel):
    """What people write about one resource; kinds add their own fields.

    `cites` names the fields whose value must be found in a source's quote, `may_cite` those where a source is
    welcome, `coded` those whose value is a code of ours and not the plan's wording; `refers` maps a field to the kind
    it points into; `searched` maps a field to how much a hit in it weighs (less comes first).
    """

    kind: ClassVar[str]
    noun: ClassVar[Said]
    cites: ClassVar[tuple[str, ...]] = ()
    may_cite: ClassVar[tuple[str, ...]] = ()
    coded: ClassVar[tuple[str, ...]] = ()
    refers: ClassVar[dict[str, str]] = {}
    searched: ClassVar[dict[str, int]] = {}

    model_config = {"extra": "forbid"}

    slug: Slug = Field(primary_key=True)
    valid_from: Day = Field(description="The first day on which this version applies")
    change_note: Text | None = Field(None, description="What changed since the version before, and why")

    def faults(self, lookup: Lookup) -> Iterator[Fault]:  # noqa: ARG002 - for kinds with rules of their own
        """What else is wrong with the content; `lookup` finds what it may refer to on a day."""
        yield from ()


class Versioned(SQLModel):
    """What a row has besides its content; rows are only ever inserted."""

    version: int = Field(primary_key=True)
    release: int = Field(foreign_key="release.number", index=True)
    withdrawn: bool = False
    withdrawn_because: str | None = None


class Row(Content, Versioned):
    """The type that all kinds' tables share, for functions that know no kind."""


R = TypeVar("R", bound=Row)


NEWEST = select(func.max(col(Release.number)))
RECORDED = select(col(Release.number), col(Release.recorded_at)).where(
    col(Release.number).in_(bindparam("numbers", expanding=True))
)


def latest_release(session: Session | Connection) -> int:
    """The newest release's number; 0 while nothing has been published."""
    return session.scalar(NEWEST) or 0


def release_known_at(session: Session, moment: datetime) -> int:
    """The release that was current at `moment`; 0 before the first."""
    known = select(func.max(col(Release.number))).where(col(Release.recorded_at) <= moment)
    return session.scalar(known) or 0


def recorded(session: Session, rows: Iterable[Row]) -> dict[int, datetime]:
    """When each of the rows' releases was published."""

    def ask(numbers: list[int]) -> dict[int, datetime]:
        return dict(tuple(line) for line in session.execute(RECORDED, {"numbers": numbers}))

    return look_up(session, Release, (row.release for row in rows), ask)


def visible(row: FromClause, at: At) -> ColumnElement[bool]:
    return and_(row.c.release <= at.release, row.c.valid_from <= at.on)


# To put the clause together takes longer than to ask it, and most reads are of one day at one release.
@lru_cache(maxsize=512)
def in_force_clause(row: type[Row], at: At) -> ColumnElement[bool]:
    """True for the one version of each resource that applies on day `at.on` at release `at.release`.

    Among the versions visible there, the one with the latest `valid_from` and then the highest version
    applies; if that one is withdrawn, none does.
    """
    this, later = _tables(row)
    overtaken = exists().where(
        later.c.slug == this.c.slug,
        visible(later, at),
        tuple_(later.c.valid_from, later.c.version) > tuple_(this.c.valid_from, this.c.version),
    )
    return and_(visible(this, at), ~overtaken, this.c.withdrawn.is_(False))


@cache
def _tables(row: type[Row]) -> tuple[FromClause, FromClause]:
    """The table of a kind, and the same once more to compare its versions with each other."""
    table: FromClause = inspect(row).local_table
    return table, table.alias()


# Stands in a statement for the day and the release that it is asked with.
ASKED = At(cast("date", bindparam("on")), cast("int", bindparam("release")))


@cache
def _newest(row: type[R]) -> Select[R]:
    return (
        select(row)
        .where(col(row.slug) == bindparam("slug"), visible(_tables(row)[0], ASKED))
        .order_by(col(row.valid_from).desc(), col(row.version).desc())
        .limit(1)
    )


@cache
def _in_force_of(row: type[R]) -> Select[R]:
    return select(row).where(
        col(row.slug).in_(bindparam("slugs", expanding=True)), in_force_clause(row, ASKED)
    )


def in_force(session: Session, row: type[R], slug: str, at: At) -> R:
    """The version of one resource that applies.

    Raises `NotFound` for what never was or does not apply yet, `Gone` for what is withdrawn.
    """
    found: R | None = session.scalar(_newest(row), {"slug": slug, **at._asdict()})
    if found is None:
        raise _not_there(session, row, slug, at)
    if found.withdrawn:
        raise Gone(
            f"It is withdrawn from {found.valid_from} on; the last version is kept. Why: {found.withdrawn_because}",
            f"自{found.valid_from}起撤销，最后的版本仍可查阅。原因：{found.withdrawn_because}",
            headers={"Link": f'</v1/{row.kind}/{slug}/versions>; rel="version-history"'},
            withdrawn_from=found.valid_from.isoformat(),
            reason=found.withdrawn_because or "",
            last_version=f"/v1/{row.kind}/{slug}/versions/{found.version - 1}",
        )
    return found


def _not_there(session: Session, row: type[Row], slug: str, at: At) -> NotFound:
    begins = select(func.min(col(row.valid_from))).where(
        col(row.slug) == slug, col(row.release) <= at.release
    )
    first_day = session.scalar(begins)
    if first_day is None:
        return never_was(row, at.release)
    return NotFound(
        f"This {row.noun.en} is not in force on {at.on}: it begins on {first_day}.",
        f"该{row.noun.zh}在{at.on}尚未生效，自{first_day}起有效。",
    )


def never_was(row: type[Row], release: int) -> NotFound:
    return NotFound(
        f"No {row.noun.en} has this slug at release {release}; /v1/{row.kind} lists what there is.",
        f"发布{release}中没有此标识的{row.noun.zh}，可用者见 /v1/{row.kind}。",
    )


def in_force_by_slug(session: Session, row: type[R], slugs: Iterable[str], at: At) -> dict[str, R]:
    """The versions in force of several resources; what is not in force is left out."""

    def ask(wanted: list[str]) -> dict[str, R]:
        rows = session.scalars(_in_force_of(row), {"slugs": wanted, **at._asdict()})
        return {found.slug: found for found in rows}

    return look_up(session, (row, at), slugs, ask)


def pinned(session: Session, row: type[R], slug: str, version: int) -> R:
    """One immutable version."""
    found = session.scalar(select(row).where(col(row.slug) == slug, col(row.version) == version))
    if found is None:
        raise NotFound(
            f"No such version; /v1/{row.kind}/{slug}/versions lists them.",
            f"没有该版本，已有版本见 /v1/{row.kind}/{slug}/versions。",
        )
    return found


def count_in_force(session: Session, row: type[Row], at: At) -> int:
    """How many resources of a kind apply."""
    return session.scalar(select(func.count()).select_from(row).where(in_force_clause(row, at))) or 0


def check_release(session: Session, release: int, parameter: str = "release") -> int:
    """The number back if that release exists; `parameter` is what asked for it."""
    latest = latest_release(session)
    if release > latest:
        raise Invalid.parameter(
            parameter,
            f"There is no release {release} yet; the latest is {latest}.",
            f"尚无发布{release}，最新发布为{latest}。",
        )
    return release
