"""Releases on the wire, and what each of them changed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, Subquery, literal, select, union_all
from sqlmodel import Session, col

from app.catalogue import KINDS
from app.errors import NotFound
from app.proposals.history import signed
from app.sealing import seals_of
from app.versioning import Release


class ReleaseDocument(BaseModel):
    """One atomic publication."""

    model_config = ConfigDict(title="发布")

    number: int = Field(title="发布号", description="Number of the release, from 1, without gaps")
    recorded_at: datetime = Field(title="发布时间", description="When it was published (UTC)")
    publisher: str = Field(title="发布者", description="Who published it")
    message: str = Field(title="说明", description="What it is about, in the publisher's words")
    author: str | None = Field(
        title="拟稿人",
        description="Who drafted it, where it was a proposal; null where it was published directly",
    )
    approver: str | None = Field(title="审核人", description="Who approved it, where it was a proposal")
    seal: str | None = Field(
        title="封存值",
        description="SHA-256 over this release and the seal before it: keep it, and tampering with what came "
        "before shows (`catalogue verify --seal`)",
    )
    links: dict[str, str] = Field(title="链接", description="This release and its changes, as URLs")


class Change(BaseModel):
    """One version that a release brought."""

    model_config = ConfigDict(title="变更")

    kind: str = Field(title="类别", description="The kind of the resource")
    slug: str = Field(title="标识", description="The resource")
    version: int = Field(title="版本", description="The version that the release brought")
    change: Literal["added", "revised", "withdrawn"] = Field(
        title="变更类型", description="added: its first version; revised: a further one; withdrawn: its end"
    )
    valid_from: date = Field(title="生效日期", description="The first day on which the version applies")
    note: str | None = Field(
        title="变更说明", description="Why it changed or was withdrawn, where it was said"
    )
    href: str = Field(title="网址", description="The version itself")


NEWEST_FIRST = (-col(Release.number),)


def find(session: Session, number: int) -> Release:
    """One release; `NotFound` if it has not come yet."""
    release = session.get(Release, number)
    if release is None:
        raise NotFound(
            "There is no release with this number; /v1/releases lists them.",
            "没有该发布号，已有发布见 /v1/releases。",
        )
    return release


def up_to(number: int) -> Select[Any]:
    """All releases up to one."""
    return select(Release).where(col(Release.number) <= number)


def brought_by(number: int) -> Subquery:
    """The versions of all kinds that one release brought."""
    per_kind: list[Any] = [
        select(
            literal(place).label("place"),
            literal(kind).label("kind"),
            col(row.slug).label("slug"),
            col(row.version).label("version"),
            col(row.withdrawn).label("withdrawn"),
            col(row.valid_from).label("valid_from"),
            col(row.withdrawn_because).label("withdrawn_because"),
            col(row.change_note).label("change_note"),
        ).where(col(row.release) == number)
        for place, (kind, (_, row)) in enumerate(KINDS.items())
    ]
    return union_all(*per_kind).subquery("change")


def present(session: Session, releases: Sequence[Release]) -> list[ReleaseDocument]:
    numbers = [release.number for release in releases]
    by, seals = signed(session, numbers), seals_of(session, numbers)
    return [
        ReleaseDocument(
            number=release.number,
            recorded_at=release.recorded_at,
            publisher=release.publisher,
            message=release.message,
            author=by[release.number][0] if release.number in by else None,
            approver=by[release.number][1] if release.number in by else None,
            seal=seals.get(release.number),
            links={
                "self": f"/v1/releases/{release.number}",
                "changes": f"/v1/releases/{release.number}/changes",
            },
        )
        for release in releases
    ]
