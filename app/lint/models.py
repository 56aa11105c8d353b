"""Findings on the wire, and what the report can be filtered by."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.catalogue import KINDS
from app.lint.days import EVER
from app.lint.findings import CODES, Finding, Severity
from app.queries import ListQuery
from app.versioning import Slug


def _one_of(known: list[str]) -> Any:  # noqa: ANN401 - an annotation
    def check(value: str) -> str:
        if value not in known:
            raise PydanticCustomError(
                "one_of",
                "Should be one of: {known}",
                {"known": ", ".join(known), "zh": f"应为以下之一：{'、'.join(known)}"},
            )
        return value

    return Annotated[str, AfterValidator(check), Field(json_schema_extra={"enum": [*known]})]


LintKind = _one_of(list(KINDS))
LintCode = _one_of(list(CODES))


class LinkedResource(BaseModel):
    """A resource that a finding leads to."""

    model_config = ConfigDict(title="相关资源")

    kind: str = Field(title="类别", description="The kind of the resource, as it was written")
    slug: str = Field(title="标识", description="The resource")


class LintFinding(BaseModel):
    """Something about one resource that a person should look at."""

    model_config = ConfigDict(title="检查结果", populate_by_name=True)

    code: str = Field(title="代码", description="What kind of finding it is; stable, listed in docs/lint.md")
    severity: Severity = Field(
        title="严重程度",
        description="error: an answer is wrong or cannot be given; warning: probably a slip; notice: good to know",
    )
    kind: str = Field(title="类别", description="The kind of the resource")
    slug: str = Field(title="标识", description="The resource")
    version: int = Field(title="版本", description="The version that the finding begins with")
    field: str | None = Field(title="字段", description="The part of the resource it is about, else null")
    other: LinkedResource | None = Field(
        title="另一资源", description="The resource at the other end, else null"
    )
    from_: date = Field(alias="from", title="起始日期", description="The first day on which it is so")
    until: date | None = Field(
        title="终止日期",
        description="The first day on which it is no longer so; null if that is not in sight",
    )
    text: str = Field(title="说明（英文）", description="What was found, in English")
    text_zh: str = Field(title="说明", description="The same in Chinese")
    todo: str = Field(title="处理建议（英文）", description="What to do about it, in English")
    todo_zh: str = Field(title="处理建议", description="The same in Chinese")
    href: str = Field(title="网址", description="The version itself")


class LintQuery(ListQuery):
    """What the report can be filtered by."""

    plan: Slug | None = Field(
        None, title="规划", description="Findings about the plan with this slug and what belongs to it"
    )
    kind: LintKind | None = Field(None, title="类别", description="Findings about resources of this kind")  # type: ignore[valid-type]  # choices made from what there is
    severity: Severity | None = Field(None, title="严重程度", description="error, warning or notice")
    code: LintCode | None = Field(None, title="代码", description="Findings with this code")  # type: ignore[valid-type]  # choices made from what there is


def present(finding: Finding) -> LintFinding:
    """A finding as it goes over the wire."""
    version, days = finding.version, finding.days
    todo = CODES[finding.code].todo
    return LintFinding(
        code=finding.code,
        severity=finding.severity,
        kind=version.kind,
        slug=version.slug,
        version=version.version,
        field=finding.field or None,
        other=LinkedResource(kind=finding.other[0], slug=finding.other[1]) if finding.other else None,
        from_=days.first,
        until=None if days.until == EVER else days.until,
        text=finding.said.en,
        text_zh=finding.said.zh,
        todo=todo.en,
        todo_zh=todo.zh,
        href=f"/v1/{version.kind}/{version.slug}/versions/{version.version}",
    )
