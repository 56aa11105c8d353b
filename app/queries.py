"""What reads can be asked: the two clocks, pages, words to search for."""

import json
import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)
from pydantic_core import PydanticCustomError

# What a whole list can be had as.
FileFormat = Literal["json", "csv", "ndjson", "xlsx", "parquet"]


def _iso_day(value: object) -> object:
    # Left alone, pydantic would also take a number, of seconds since 1970, for a day.
    if not isinstance(value, date) and not (
        isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII)
    ):
        raise PydanticCustomError(
            "iso_day",
            "Should be a day such as 2024-06-01",
            {"zh": "应为日期，如 2024-06-01"},
        )
    return value


def _iso_moment(value: object) -> object:
    if isinstance(value, str) and not re.match(r"\d{4}-\d{2}-\d{2}[T ]", value):
        raise PydanticCustomError(
            "iso_moment",
            "Should be a time with its zone such as 2024-06-01T08:00:00+08:00 (write + as %2B in a URL)",
            {"zh": "应为带时区的时间，如 2024-06-01T08:00:00+08:00（网址中 + 写作 %2B）"},
        )
    return value


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError(
            "moment_out_of_range", "Should be a time after the year 1", {"zh": "应为公元1年之后的时间"}
        ) from None


Day = Annotated[date, BeforeValidator(_iso_day)]
PointInTime = Annotated[AwareDatetime, BeforeValidator(_iso_moment), AfterValidator(_in_utc)]
ReleaseNumber = Annotated[int, Field(ge=0, le=2**31 - 1)]


def without_nul(value: object) -> object:
    """PostgreSQL takes no NUL, wherever it is kept or compared with."""
    if isinstance(value, str) and "\x00" in value:
        raise PydanticCustomError("nul", "Holds a character that is none: NUL", {"zh": "含有无效字符（NUL）"})
    return value


class NoQuery(BaseModel):
    """For what takes no parameters: an unknown one is an error, not ignored."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def is_text(cls, value: object) -> object:
        return without_nul(value)


class ReadQuery(NoQuery):
    """The two clocks; every read of a resource takes them."""

    on: Day | None = Field(
        None, title="查询日期", description="What applies on this day; default: today in Asia/Shanghai"
    )
    release: ReleaseNumber | None = Field(
        None,
        title="发布号",
        description="Read the catalogue as it stood at this release (0: before the first); default: the latest",
    )
    known_at: PointInTime | None = Field(
        None,
        title="知悉时间",
        description="Read the catalogue as it stood at this time (with its zone); instead of `release`",
    )


class PageQuery(NoQuery):
    """What anything in pages takes."""

    limit: int = Field(50, ge=1, le=200, title="每页条数", description="How many items to answer with")
    cursor: str | None = Field(
        None,
        max_length=2000,
        title="游标",
        description="Where to go on, from the `next` of the page before; it pins `on` and `release`",
    )

    def filters(self) -> dict[str, str]:
        """What was asked for apart from time and place in the list, as it stands in a URL."""
        time_and_place = {"on", "release", "known_at", "limit", "cursor"}
        given = self.model_dump(mode="json", exclude=time_and_place, exclude_none=True, by_alias=True)
        return {name: _in_url(value) for name, value in sorted(given.items())}


class ListQuery(ReadQuery, PageQuery):
    """What every list of resources takes besides its own filters."""


class UntilQuery(NoQuery):
    """A stretch of the catalogue's own time, from release to release."""

    after: ReleaseNumber | None = Field(
        None, title="起始发布号", description="Only what releases after this one brought; 0 for all"
    )
    until: ReleaseNumber | None = Field(
        None,
        title="截止发布号",
        description="Only what releases up to this one brought; default: the latest. Where it is given, the "
        "answer never changes",
    )


class SearchQuery(ListQuery):
    """A list that can be searched."""

    q: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        title="检索词",
        description="Words, all of which must be found, in Chinese (simplified or traditional), full pinyin or "
        "pinyin initials; the best hit comes first and every hit says why (`matched`)",
    )
    format: FileFormat | None = Field(
        None,
        title="格式",
        description="All that the filters match, as one file: json, ndjson and parquet hold the items as they are here; "
        "csv and xlsx the table that can be edited and published again. Left out, the list comes in pages",
    )


def _in_url(value: Any) -> str:  # noqa: ANN401 - any filter's value
    return value if isinstance(value, str) else json.dumps(value)
