"""Releases on the wire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, select
from sqlmodel import Session, col

from app.errors import NotFound
from app.proposals.history import signed
from app.queries import ListQuery, ReleaseNumber
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


class ReleaseQuery(ListQuery):
    """Which releases."""

    after: ReleaseNumber | None = Field(
        None, title="起始发布号", description="Only releases after this one: what has come since"
    )


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


def up_to(number: int, after: int = 0) -> Select[Any]:
    """All releases up to one, and after another."""
    return select(Release).where(col(Release.number) <= number, col(Release.number) > after)


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
