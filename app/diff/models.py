"""Differences on the wire, and how they are asked for."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.changes.models import Change, Scope
from app.queries import Day, PageQuery, ReleaseNumber
from app.versioning import Slug

DifferenceType = Literal[
    "added", "withdrawn", "merged", "split", "moved", "renamed",
    "tightened", "loosened", "reworded",
    "audience_widened", "audience_narrowed", "audience_changed",
    "strength_raised", "strength_lowered", "revised",
]  # fmt: skip


class DiffQuery(Scope, PageQuery):
    """Which two states, and what of them."""

    from_: ReleaseNumber | None = Field(
        None,
        alias="from",
        title="起点发布号",
        description="The catalogue as it stood at this release, before; default: the one of `to`",
    )
    to: ReleaseNumber | None = Field(
        None,
        title="终点发布号",
        description="The catalogue as it stood at this release, after; default: the latest",
    )
    from_on: Day | None = Field(
        None, title="起点日期", description="What applied on this day, before; default: the day of `to_on`"
    )
    to_on: Day | None = Field(
        None, title="终点日期", description="What applies on this day, after; default: today in Asia/Shanghai"
    )
    from_plan: Slug | None = Field(
        None,
        title="原规划",
        description="Compare this plan with `to_plan`, another of the same region, by concepts and names",
    )
    to_plan: Slug | None = Field(None, title="新规划", description="The plan to compare `from_plan` with")
    kept: bool = Field(
        False,  # noqa: FBT003 - a default
        title="列出未变",
        description="true: list also what is in both plans without a difference (two plans only)",
    )
    limit: int = Field(200, ge=1, le=1000, title="每页条数", description="How many items to answer with")
    format: Literal["json", "text"] | None = Field(
        None, title="格式", description="json, or text: a report in Chinese; default: by `Accept`"
    )


class Difference(BaseModel):
    """One thing in which two states of a resource differ, and what kind of thing it is."""

    model_config = ConfigDict(title="差异")

    type: DifferenceType = Field(
        title="差异类型",
        description="added, withdrawn, merged, split, moved, renamed; of standards tightened, loosened, reworded; "
        "of rules audience_widened, audience_narrowed, audience_changed (neither, or it cannot be decided), "
        "strength_raised, strength_lowered; revised: anything else",
    )
    field: str | None = Field(
        title="字段", description="The field; null where it is about the whole resource"
    )
    old: Any = Field(title="原值", description="The value before")
    new: Any = Field(title="新值", description="The value after")
    text: str = Field(title="说明", description="The difference in Chinese, in one sentence")


class DiffSide(BaseModel):
    """A resource as it was before, or as it is after."""

    model_config = ConfigDict(title="一侧")

    slug: str = Field(title="标识", description="The resource")
    name: str | None = Field(
        title="名称", description="Its name; of a rule that of its service; of a discrepancy what it says"
    )
    version: int | None = Field(title="版本", description="Its version; null while it is not published")
    valid_from: date = Field(title="生效日期", description="The first day on which that version applies")
    href: str | None = Field(title="网址", description="That version, for ever the same")


class DiffItem(BaseModel):
    """A resource, or several that became one or came out of one, with all differences."""

    model_config = ConfigDict(title="差异条目")

    kind: str = Field(title="类别", description="The kind of the resource")
    before: list[DiffSide] = Field(
        title="之前", description="Before: none where added, several where merged, else one"
    )
    after: list[DiffSide] = Field(
        title="之后", description="After: none where withdrawn, several where split, else one"
    )
    differences: list[Difference] = Field(
        title="差异", description="What differs; empty where it was kept as it is"
    )


class DiffState(BaseModel):
    """One of the two states."""

    model_config = ConfigDict(title="状态")

    on: date = Field(title="日期", description="The day it is for")
    release: int = Field(title="发布号", description="The release the catalogue was read at")
    plan: str | None = Field(None, title="规划", description="The plan, where two plans are compared")
    plan_name: str | None = Field(None, title="规划标题", description="Title of that plan")


class Diff(BaseModel):
    """What distinguishes two states."""

    model_config = ConfigDict(title="差异比对")

    before: DiffState = Field(title="之前", description="The first state")
    after: DiffState = Field(title="之后", description="The second state")
    summary: dict[str, int] = Field(
        title="汇总",
        description="How many items have a difference of each type; `kept`: those that have none",
    )
    total: int = Field(title="总数", description="How many items there are")
    items: list[DiffItem] = Field(title="条目", description="By kind, then as the plan orders them")
    later: list[Change] = Field(
        title="尚未生效",
        description="What the releases between brought that begins only after the second day; at most 1000",
    )
    next: str | None = Field(None, title="下一页", description="URL of the next page; null on the last one")
