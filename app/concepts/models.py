"""Concepts: the same benefit across regions and plans; its aliases are how people really call it."""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field
from sqlalchemy import JSON, ColumnElement, String
from sqlmodel import Field as Column
from sqlmodel import Session, col

from app.faults import Said
from app.queries import SearchQuery
from app.resource import Resource, envelope
from app.search import Match
from app.versioning import At, Content, Name, Row, recorded

# The national scheme of basic public services (幼有所育 … 文体服务保障); what it has no room for has none.
Category = Literal[
    "childcare", "education", "work", "health", "ageing", "housing", "support", "veterans", "culture"
]


class ConceptContent(Content):
    """What people write about a concept. Its names are words to find it by, not values of a plan."""

    kind: ClassVar[str] = "concepts"
    noun: ClassVar[Said] = Said("concept", "服务概念")
    searched: ClassVar[dict[str, int]] = {"name": 0, "aliases": 1}

    name: Name
    category: Category | None = Column(None, sa_type=String)
    aliases: Annotated[list[Name], Field(max_length=100)] = Column(default_factory=list, sa_type=JSON)


class ConceptVersion(ConceptContent, Row, table=True):
    __tablename__ = "concept_version"


class Concept(Resource):
    """A benefit, whoever offers it."""

    model_config = ConfigDict(title="服务概念")

    name: str = Field(title="名称", description="Its usual official name")
    category: Category | None = Field(
        title="国家分类",
        description="childcare 幼有所育, education 学有所教, work 劳有所得, health 病有所医, ageing 老有所养, "
        "housing 住有所居, support 弱有所扶, veterans 优军服务保障, culture 文体服务保障; null for none of them",
    )
    aliases: list[str] = Field(title="别名", description="Other names that people and older documents use")
    links: dict[str, str] = Field(title="链接", description="What belongs to this concept, as URLs")
    matched: list[Match] | None = Field(
        None, exclude_if=lambda value: value is None, title="命中说明", description="Why `q` found it"
    )


class ConceptQuery(SearchQuery):
    """What the list of concepts can be filtered by."""

    category: Category | None = Field(
        None, title="国家分类", description="Concepts of this category of the national scheme"
    )

    def where(self) -> list[ColumnElement[bool]]:
        return [col(ConceptVersion.category) == self.category] if self.category else []


def present(session: Session, at: At, rows: Iterable[ConceptVersion]) -> list[Concept]:
    rows = list(rows)
    times = recorded(session, rows)
    return [
        Concept(
            **envelope(row, at, times[row.release]),
            name=row.name,
            category=row.category,
            aliases=row.aliases,
            links={
                "self": f"/v1/concepts/{row.slug}",
                "versions": f"/v1/concepts/{row.slug}/versions",
                "services": f"/v1/services?concept={row.slug}",
            },
        )
        for row in rows
    ]
