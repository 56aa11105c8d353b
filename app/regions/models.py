"""Regions: six-digit codes of GB/T 2260, whose ancestors follow from the code itself."""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import ColumnElement, String
from sqlmodel import Field as Column
from sqlmodel import Session, col

from app.errors import Invalid
from app.faults import CODE, Said
from app.queries import SearchQuery
from app.resource import Resource, envelope
from app.search import Match
from app.versioning import At, Content, Name, Row, in_force_by_slug, recorded

Code = Annotated[str, StringConstraints(pattern=CODE)]
Level = Literal["province", "prefecture", "county"]


class RegionContent(Content):
    """What the national list says about one region; its slug is its code."""

    kind: ClassVar[str] = "regions"
    noun: ClassVar[Said] = Said("region", "行政区划")
    searched: ClassVar[dict[str, int]] = {"name": 0}

    slug: Code = Column(primary_key=True)
    name: Name
    level: Level = Column(sa_type=String)


class RegionVersion(RegionContent, Row, table=True):
    __tablename__ = "region_version"


class RegionName(BaseModel):
    """One step of a path."""

    model_config = ConfigDict(title="区划名称")

    code: str = Field(title="代码", description="Six-digit code of GB/T 2260")
    name: str = Field(title="名称", description="Name as the national list prints it")


class RegionRef(RegionName):
    """A region as other resources show it."""

    model_config = ConfigDict(title="所属区划")

    path: list[RegionName] = Field(
        title="路径", description="From the province down to this region; a municipality stands in it once"
    )


class Region(Resource):
    """An administrative region."""

    model_config = ConfigDict(title="行政区划")

    code: str = Field(title="代码", description="Six-digit code of GB/T 2260; the same as the slug")
    name: str = Field(title="名称", description="Name as the national list prints it")
    level: Level = Field(title="级别", description="province 省级, prefecture 地级 or county 县级")
    path: list[RegionName] = Field(
        title="路径", description="From the province down to this region; a municipality stands in it once"
    )
    links: dict[str, str] = Field(title="链接", description="What belongs to this region, as URLs")
    matched: list[Match] | None = Field(
        None, exclude_if=lambda value: value is None, title="命中说明", description="Why `q` found it"
    )


class RegionQuery(SearchQuery):
    """What the list of regions can be filtered by."""

    level: Level | None = Field(None, title="级别", description="province, prefecture or county")
    within: Code | None = Field(None, title="上级区划", description="Regions below the one with this code")

    def where(self, session: Session, at: At) -> list[ColumnElement[bool]]:
        conditions = []
        if self.level:
            conditions.append(col(RegionVersion.level) == self.level)
        if self.within:
            check_region(session, "within", self.within, at)
            prefix = self.within[:2] if self.within.endswith("0000") else self.within.removesuffix("00")
            conditions.append(col(RegionVersion.slug).startswith(prefix))
            conditions.append(col(RegionVersion.slug) != self.within)
        return conditions


def ancestors(code: str) -> list[str]:
    """The codes above one, from the province down; GB/T 2260 keeps them in the first two and four digits."""
    above = [f"{code[:2]}0000", f"{code[:4]}00"]
    return [ancestor for ancestor in dict.fromkeys(above) if ancestor != code]


def refs(session: Session, codes: Iterable[str], at: At) -> dict[str, RegionRef]:
    """Each code with its name and path as of `at`; a code that is not in force there is left out."""
    wanted = set(codes)
    named = in_force_by_slug(
        session, RegionVersion, wanted | {above for code in wanted for above in ancestors(code)}, at
    )
    return {
        code: RegionRef(code=code, name=named[code].name, path=_path(code, named))
        for code in wanted
        if code in named
    }


def _path(code: str, named: dict[str, RegionVersion]) -> list[RegionName]:
    path: list[RegionName] = []
    for step in [*ancestors(code), code]:
        # A municipality stands in the list twice, as province and as prefecture of the same name.
        if step in named and not (path and path[-1].name == named[step].name and step != code):
            path.append(RegionName(code=step, name=named[step].name))
    return path


def check_region(session: Session, parameter: str, code: str, at: At) -> None:
    """Raises `Invalid` for a code that the list does not hold."""
    if code not in in_force_by_slug(session, RegionVersion, [code], at):
        raise Invalid.parameter(
            parameter,
            "The national list has no region with this code; /v1/regions?q= finds it by its name.",
            "全国行政区划表中没有该代码，可用 /v1/regions?q=名称 查找。",
        )


def present(session: Session, at: At, rows: Iterable[RegionVersion]) -> list[Region]:
    rows = list(rows)
    times = recorded(session, rows)
    known = refs(session, [row.slug for row in rows], at)
    return [
        Region(
            **envelope(row, at, times[row.release]),
            code=row.slug,
            name=row.name,
            level=row.level,
            path=known[row.slug].path if row.slug in known else [RegionName(code=row.slug, name=row.name)],
            links={
                "self": f"/v1/regions/{row.slug}",
                "versions": f"/v1/regions/{row.slug}/versions",
                "plans": f"/v1/plans?region={row.slug}",
                "services": f"/v1/services?region={row.slug}",
                "services_of_residents": f"/v1/services?resident_of={row.slug}",
            },
        )
        for row in rows
    ]
