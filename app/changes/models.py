"""Changes on the wire, and how they are asked for."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.catalogue import KINDS
from app.changes.what import ChangeType
from app.queries import NoQuery, PageQuery, UntilQuery
from app.regions.models import Code
from app.versioning import AnySlug, Slug


def _known(kind: str) -> str:
    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise PydanticCustomError(
            "kind", "Should be one of: {known}", {"known": known, "zh": f"应为以下之一：{known}"}
        )
    return kind


KindName = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": list(KINDS)})]


class Scope(NoQuery):
    """Which resources it is about; filters are combined with AND."""

    kind: KindName | None = Field(None, title="类别", description="Only resources of this kind")
    slug: AnySlug | None = Field(None, title="标识", description="Only resources with this slug")
    plan: Slug | None = Field(
        None,
        title="规划",
        description="Only this plan and what belongs to it, or did at any time up to the release",
    )
    region: Code | None = Field(
        None, title="行政区划", description="Only plans of exactly this region and what belongs to them"
    )


class ChangeQuery(Scope, UntilQuery, PageQuery):
    """Which changes, and how much of each."""

    limit: int = Field(200, ge=1, le=1000, title="每页条数", description="How many changes to answer with")
    documents: bool = Field(
        False,  # noqa: FBT003 - a default
        title="附内容",
        description="true: with each change the whole document that the version holds",
    )
    format: Literal["json", "ndjson"] | None = Field(
        None,
        title="格式",
        description="json: a page; ndjson: one change a line, the next page in `Link`; default: by `Accept`",
    )


class Change(BaseModel):
    """One version that a release brought, beside the one whose place it takes."""

    model_config = ConfigDict(title="变更")

    kind: str = Field(title="类别", description="The kind of the resource")
    slug: str = Field(title="标识", description="The resource")
    name: str | None = Field(
        title="名称",
        description="Its name in this version; of a rule that of its service; of a discrepancy what it says; null if none",
    )
    version: int = Field(title="版本", description="The version that the release brought")
    release: int = Field(title="发布号", description="The release that brought it")
    change: ChangeType = Field(
        title="变更类型",
        description="added: its first version; withdrawn: its end; restored: in force again after its end; "
        "moved: belongs elsewhere (plan, domain, concept, service, region, parent); renamed: another name; "
        "revised: anything else. The first that fits of withdrawn, added, restored, moved, renamed, revised",
    )
    valid_from: date = Field(title="生效日期", description="The first day on which the version applies")
    fields: list[str] = Field(
        title="变更字段",
        description="Fields that differ from the version it takes the place of; empty where added or withdrawn",
    )
    replaces: int | None = Field(
        title="取代版本",
        description="The version that applied on its first day until then, else the version before; "
        "null where added",
    )
    note: str | None = Field(
        title="变更说明", description="Why it changed or was withdrawn, where it was said"
    )
    href: str = Field(title="网址", description="The version itself, for ever the same")
    document: dict[str, Any] | None = Field(
        None,
        exclude_if=lambda value: value is None,
        title="内容",
        description="With `documents=true`: what people wrote, as it can be published elsewhere; "
        "not there where withdrawn",
    )


class ChangesSince(BaseModel):
    """One page of the changes between two releases."""

    model_config = ConfigDict(title="变更列表")

    items: list[Change] = Field(title="条目", description="By release, then kind, slug and version")
    total: int = Field(title="总数", description="How many changes there are between the two releases")
    after: int = Field(title="起始发布号", description="The release after which they begin")
    until: int = Field(title="截止发布号", description="The last release that was looked at")
    next: str | None = Field(title="下一页", description="URL of the next page; null on the last one")
    follow: str = Field(
        title="后续变更", description="URL to ask later, once all pages are read, for what has come since"
    )
