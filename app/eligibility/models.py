"""What is asked and answered about eligibility over HTTP. Nothing here is ever stored."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.queries import Day, NoQuery, ReleaseNumber
from app.regions.models import Code, RegionRef
from app.versioning import Slug

Answer = Literal["eligible", "not_eligible", "undetermined"]
Slugs = Annotated[list[Slug], Field(max_length=500)]


class Asking(BaseModel):
    """Who asks, and for which day."""

    model_config = ConfigDict(extra="forbid", title="资格查询")

    region: Code = Field(
        title="居住地", description="Six-digit code of where the person habitually lives (常住地)"
    )
    on: Day | None = Field(
        None, title="查询日期", description="The day to decide for; default: today in China"
    )
    release: ReleaseNumber | None = Field(
        None, title="发布号", description="Decide by the catalogue as of this release; default: the latest"
    )
    facts: dict[str, Any] = Field(
        default_factory=dict,
        title="已知事实",
        description="What is known, by fact slug: a value, a band {min, max}, a set {any_of}, or null for unknown",
    )
    services: Slugs | None = Field(None, title="服务项目", description="Only these services; default: all")
    domains: Slugs | None = Field(None, title="服务领域", description="Only services of these domains")
    concepts: Slugs | None = Field(None, title="服务概念", description="Only services of these concepts")


class EligibilityRequest(Asking):
    """What is known about a person, and how much of the reasoning to show."""

    declined: Annotated[list[str], Field(max_length=500)] = Field(
        default_factory=list, title="不愿回答", description="Facts that are not to be asked for again"
    )
    explain: Literal["none", "brief", "full"] = Field(
        "brief",
        title="说明程度",
        description="none; brief: the clauses that decide; full: every clause of every rule",
    )


class BatchQuery(NoQuery):
    """What holds for every line of a batch."""

    on: Day | None = Field(
        None, title="查询日期", description="The day to decide for; default: today in China"
    )
    release: ReleaseNumber | None = Field(
        None, title="发布号", description="Decide by the catalogue as of this release; default: the latest"
    )
    explain: Literal["none", "brief", "full"] = Field(
        "none", title="说明程度", description="How much of the reasoning to show on every line"
    )


class RuleRef(BaseModel):
    """The version of a rule that decided."""

    model_config = ConfigDict(title="适用规则")

    slug: str = Field(title="标识", description="Slug of the rule")
    version: int = Field(title="版本", description="Its version")


class ClauseSource(BaseModel):
    """Where the words of a clause stand."""

    model_config = ConfigDict(title="条款出处")

    plan: str = Field(title="规划", description="Slug of the plan")
    section: str = Field(title="章节", description="Path of headings as printed")
    quote: str = Field(title="原文", description="The plan's words for this clause")
    basis: str = Field(title="依据", description="stated, named, defined or derived")


class ReasonDocument(BaseModel):
    """One clause, and whether it holds."""

    model_config = ConfigDict(title="理由")

    rule: str | None = Field(title="规则", description="Slug of the rule; null where the plan states none")
    clause: str = Field(title="条款位置", description="JSON pointer into the rule's condition")
    text: str = Field(title="中文说明", description="The clause in plain Chinese")
    text_en: str = Field(title="英文说明", description="The clause in plain English")
    holds: bool | None = Field(title="是否成立", description="true, false, or null for unknown")
    facts: list[str] = Field(title="所用事实", description="The facts it looks at")
    source: ClauseSource | None = Field(
        title="出处", description="The plan's words, where the clause has some"
    )


class OutcomeDocument(BaseModel):
    """The answer for one service."""

    model_config = ConfigDict(title="结论")

    service: str = Field(title="服务项目", description="Slug of the service")
    name: str = Field(title="名称", description="Its name as printed")
    concept: str = Field(title="服务概念", description="Slug of its concept")
    domain: str = Field(title="服务领域", description="Slug of its domain")
    outcome: Answer = Field(title="结论", description="eligible, not_eligible or undetermined")
    strength: Literal["entitlement", "target_group", "pilot"] | None = Field(
        title="约束力",
        description="How firmly the plan commits itself in the deciding rule; null without one",
    )
    rule: RuleRef | None = Field(title="适用规则", description="The rule that decided; null without one")
    missing: list[str] = Field(title="待补事实", description="Facts that could still change an open outcome")
    reasons: list[ReasonDocument] = Field(title="理由", description="As much of the why as was asked for")


class Summary(BaseModel):
    """How many services have which outcome."""

    model_config = ConfigDict(title="汇总")

    eligible: int = Field(title="符合", description="Services the person is eligible for")
    not_eligible: int = Field(title="不符合", description="Services the person is not eligible for")
    undetermined: int = Field(title="未定", description="Services for which more has to be known, or is open")


class NextQuestion(BaseModel):
    """The one question worth asking next."""

    model_config = ConfigDict(title="下一个问题")

    fact: str = Field(title="事实", description="Slug of the fact")
    question: str = Field(title="问题", description="How to ask for it")
    help: str | None = Field(title="提示", description="What helps to answer")
    type: str = Field(title="类型", description="Type of the answer")
    unit: str | None = Field(title="单位", description="Unit of an integer")
    minimum: int | None = Field(title="最小值", description="Smallest integer that makes sense")
    maximum: int | None = Field(title="最大值", description="Largest integer that makes sense")
    values: list[dict[str, str]] = Field(title="可选值", description="Values of an enumeration, with labels")
    sensitive: bool = Field(title="敏感", description="Ask with care")
    settles: float = Field(title="预计解决", description="Services that an answer settles on average")


class Receipt(BaseModel):
    """What to keep in order to check later that this was the answer. It holds no facts."""

    model_config = ConfigDict(extra="forbid", title="回执")

    release: ReleaseNumber = Field(title="发布号", description="The release the answer was given by")
    on: date = Field(title="日期", description="The day the answer is for")
    digest: str = Field(title="摘要", pattern=r"^sha256:[0-9a-f]{64}$", description="SHA-256 of the outcomes")


class EligibilityAnswer(BaseModel):
    """Who gets what, why, and what to ask next."""

    model_config = ConfigDict(title="资格结论")

    on: date = Field(title="查询日期", description="The day this answer is for")
    release: int = Field(title="查询发布号", description="The release the catalogue was read at")
    region: RegionRef = Field(title="居住地", description="Where the person lives")
    summary: Summary = Field(title="结论汇总", description="Counts of outcomes")
    outcomes: list[OutcomeDocument] = Field(title="结论", description="One per service, in the plans' order")
    next_question: NextQuestion | None = Field(
        title="下一个问题", description="The most useful question; null once nothing can change any more"
    )
    receipt: Receipt = Field(title="判定回执", description="To check the answer by later")
