"""Releases on the wire."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, select
from sqlmodel import Session, col

from app.errors import NotFound
from app.reading import ListQuery, ReleaseNumber
from app.versioning import Release


class ReleaseDocument(BaseModel):
    """One atomic publication."""

    model_config = ConfigDict(title="发布")

    number: int = Field(title="发布号", description="Number of the release, from 1, without gaps")
    recorded_at: datetime = Field(title="发布时间", description="When it was published (UTC)")
    publisher: str = Field(title="发布者", description="Who published it")
    message: str = Field(title="说明", description="What it is about, in the publisher's words")
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


def present(release: Release) -> ReleaseDocument:
    return ReleaseDocument(
        number=release.number,
        recorded_at=release.recorded_at,
        publisher=release.publisher,
        message=release.message,
        links={"self": f"/v1/releases/{release.number}", "changes": f"/v1/releases/{release.number}/changes"},
    )
