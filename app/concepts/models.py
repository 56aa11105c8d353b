"""Concepts: the same benefit across regions and plans; its aliases are how people really call it."""

from collections.abc import Iterable
from typing import ClassVar

from pydantic import ConfigDict, Field
from sqlalchemy import JSON
from sqlmodel import Field as Column
from sqlmodel import Session

from app.errors import Said
from app.search import Match
from app.versioning import At, Content, Name, Resource, Row, envelope, recorded


class ConceptContent(Content):
    """What people write about a concept. Its names are words to find it by, not values of a plan."""

    kind: ClassVar[str] = "concepts"
    noun: ClassVar[Said] = Said("concept", "服务概念")
    searched: ClassVar[dict[str, int]] = {"name": 0, "aliases": 1}

    name: Name
    aliases: list[Name] = Column(default_factory=list, sa_type=JSON)


class ConceptVersion(ConceptContent, Row, table=True):
    __tablename__ = "concept_version"


class Concept(Resource):
    """A benefit, whoever offers it."""

    model_config = ConfigDict(title="服务概念")

    name: str = Field(title="名称", description="Its usual official name")
    aliases: list[str] = Field(title="别名", description="Other names that people and older documents use")
    links: dict[str, str] = Field(title="链接", description="What belongs to this concept, as URLs")
    matched: list[Match] | None = Field(
        None, exclude_if=lambda value: value is None, title="命中说明", description="Why `q` found it"
    )


def present(session: Session, at: At, rows: Iterable[ConceptVersion]) -> list[Concept]:
    rows = list(rows)
    times = recorded(session, rows)
    return [
        Concept(
            **envelope(row, at, times[row.release]),
            name=row.name,
            aliases=row.aliases,
            links={
                "self": f"/v1/concepts/{row.slug}",
                "versions": f"/v1/concepts/{row.slug}/versions",
                "services": f"/v1/services?concept={row.slug}",
            },
        )
        for row in rows
    ]
