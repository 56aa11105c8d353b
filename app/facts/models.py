"""Facts: type, values, the question to ask, and how one follows from another."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field, ValidationError
from sqlalchemy import JSON, ColumnElement, String
from sqlmodel import Field as Column
from sqlmodel import Session, col

from app.eligibility.conditions import FactSlug
from app.eligibility.facts import Fact as EngineFact
from app.eligibility.facts import FactType
from app.faults import Fault, Said, pointer, said_by_pydantic
from app.queries import SearchQuery
from app.resource import Resource, envelope
from app.search import Match
from app.versioning import At, Content, Lookup, Name, Row, Text, recorded

Subject = Literal["person", "household"]
Changes = Literal["with_time", "never", "not_by_choice", "by_choice"]


class FactContent(Content):
    """What people write about a fact. The engine's own model says what a fact may be."""

    kind: ClassVar[str] = "facts"
    noun: ClassVar[Said] = Said("fact", "事实")
    searched: ClassVar[dict[str, int]] = {"name": 0, "question": 40, "help": 50}

    slug: FactSlug = Column(primary_key=True)
    name: Name
    type: FactType = Column(sa_type=String)
    unit: Name | None = None
    minimum: int | None = None
    maximum: int | None = None
    values: list[dict[str, str]] = Column(default_factory=list, sa_type=JSON)
    question: Text
    help: Text | None = None
    about: Subject = Column(sa_type=String)
    sensitive: bool
    changes: Changes = Column(sa_type=String)
    derivation: dict[str, Any] | None = Column(None, sa_type=JSON)

    def faults(self, lookup: Lookup) -> Iterator[Fault]:
        del lookup
        try:
            EngineFact.model_validate(self)
        except ValidationError as error:
            for one in error.errors():
                yield Fault(said_by_pydantic(one), pointer(one["loc"]))


class FactVersion(FactContent, Row, table=True):
    __tablename__ = "fact_version"


class Fact(Resource):
    """A typed thing to know about a person or household."""

    model_config = ConfigDict(title="事实")

    name: str = Field(title="名称", description="What it is, in a few words")
    type: FactType = Field(
        title="类型",
        description="boolean, integer, date (YYYY-MM-DD), enumeration, or region (six-digit code)",
    )
    unit: str | None = Field(title="单位", description="Unit of an integer, else null")
    minimum: int | None = Field(title="最小值", description="Smallest value that makes sense; integers only")
    maximum: int | None = Field(title="最大值", description="Largest value that makes sense; integers only")
    values: list[dict[str, str]] = Field(
        title="可选值",
        description="Values of an enumeration with their Chinese labels; they exclude each other",
    )
    question: str = Field(title="问题", description="How to ask for it, in plain Chinese")
    help: str | None = Field(title="提示", description="What helps to answer")
    about: Subject = Field(title="对象", description="Whether it is about the person or the household")
    sensitive: bool = Field(
        title="敏感", description="Ask with care, and only if needed: illness, poverty, …"
    )
    changes: Changes = Field(
        title="变化方式",
        description="with_time: only time changes it; never; not_by_choice: nobody should be told to change it; "
        "by_choice",
    )
    derivation: dict[str, Any] | None = Field(
        title="推导", description="How it follows from another fact, as data; null where it has to be asked"
    )
    links: dict[str, str] = Field(title="链接", description="What belongs to this fact, as URLs")
    matched: list[Match] | None = Field(
        None, exclude_if=lambda value: value is None, title="命中说明", description="Why `q` found it"
    )


class FactQuery(SearchQuery):
    """What the list of facts can be filtered by."""

    type: FactType | None = Field(None, title="类型", description="Facts of this type")
    about: Subject | None = Field(None, title="对象", description="person or household")
    sensitive: bool | None = Field(None, title="敏感", description="true: only those to ask with care")

    def where(self) -> list[ColumnElement[bool]]:
        return [
            col(getattr(FactVersion, field)) == value
            for field in ("type", "about", "sensitive")
            if (value := getattr(self, field)) is not None
        ]


def present(session: Session, at: At, rows: Iterable[FactVersion]) -> list[Fact]:
    rows = list(rows)
    times = recorded(session, rows)
    return [
        Fact(
            **envelope(row, at, times[row.release]),
            name=row.name,
            type=row.type,
            unit=row.unit,
            minimum=row.minimum,
            maximum=row.maximum,
            values=row.values,
            question=row.question,
            help=row.help,
            about=row.about,
            sensitive=row.sensitive,
            changes=row.changes,
            derivation=row.derivation,
            links={
                "self": f"/v1/facts/{row.slug}",
                "versions": f"/v1/facts/{row.slug}/versions",
                "rules": f"/v1/rules?fact={row.slug}",
            },
        )
        for row in rows
    ]
