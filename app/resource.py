"""What every resource says about itself on the wire, whatever its kind."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel
from pydantic import Field as WireField

from app.versioning import At, Row


class Resource(BaseModel):
    """What every single resource says about itself on the wire."""

    slug: str = WireField(title="标识", description="Stable identifier, for ever the same")
    version: int = WireField(title="版本", description="Number of this immutable state, from 1")
    release: int = WireField(title="发布号", description="The release that published this version")
    recorded_at: datetime = WireField(title="发布时间", description="When that release was published (UTC)")
    valid_from: date = WireField(
        title="生效日期",
        description="The first day on which this version applies; 0001-01-01 where no start is known",
    )
    change_note: str | None = WireField(
        title="变更说明", description="What changed since the version before, and why"
    )
    on: date = WireField(title="查询日期", description="The day this answer is for")
    as_of_release: int = WireField(title="查询发布号", description="The release the catalogue was read at")
    withdrawn: bool = WireField(
        title="已撤销", description="True in a history where the version ends the resource"
    )
    withdrawn_because: str | None = WireField(title="撤销原因", description="Why it was withdrawn, else null")


def envelope(row: Row, at: At, recorded_at: datetime) -> dict[str, Any]:
    """The members of `Resource`, for a kind to add its own to."""
    return {
        "slug": row.slug,
        "version": row.version,
        "release": row.release,
        "recorded_at": recorded_at,
        "valid_from": row.valid_from,
        "change_note": row.change_note,
        "on": at.on,
        "as_of_release": at.release,
        "withdrawn": row.withdrawn,
        "withdrawn_because": row.withdrawn_because,
    }
