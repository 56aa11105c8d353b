"""What is asked and answered about other times and other facts: replay, comparison, forecast, what-if."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.eligibility.models import Answer, Asking, ReasonDocument, Receipt
from app.queries import Day, ReleaseNumber
from app.regions.models import Code


class ReplayRequest(Asking):
    """A receipt, and the same facts again."""

    receipt: Receipt = Field(title="判定回执", description="As it was handed out")


class OutcomeChange(BaseModel):
    """A service whose outcome differs between two editions, with the clauses that made it differ."""

    model_config = ConfigDict(title="结论变化")

    service: str = Field(title="服务项目", description="Slug of the service")
    name: str = Field(title="名称", description="Its name as printed, in the later edition if it is there")
    before: Answer | None = Field(title="此前", description="The outcome before; null if it was not offered")
    after: Answer | None = Field(
        title="此后", description="The outcome after; null if it is no longer offered"
    )
    reasons_before: list[ReasonDocument] = Field(title="此前理由", description="The deciding clauses before")
    reasons_after: list[ReasonDocument] = Field(title="此后理由", description="The deciding clauses after")


class ReplayAnswer(BaseModel):
    """Whether the receipt is of this answer, and what would be answered otherwise today."""

    model_config = ConfigDict(title="回执核验")

    valid: bool = Field(title="是否相符", description="The same facts give the receipt's outcomes again")
    on: date = Field(title="今日", description="The day that changes were looked up for")
    release: int = Field(title="最新发布号", description="The latest release")
    changes: list[OutcomeChange] = Field(title="此后变化", description="Outcomes that differ by now")


class Edition(BaseModel):
    """A place in the catalogue's two times."""

    model_config = ConfigDict(extra="forbid", title="版本时点")

    on: Day | None = Field(None, title="日期", description="The day; default: today in China")
    release: ReleaseNumber | None = Field(
        None, title="发布号", description="The release; default: the latest"
    )


class ComparisonRequest(BaseModel):
    """One person at two editions."""

    model_config = ConfigDict(extra="forbid", title="两版对比")

    region: Code = Field(title="居住地", description="Six-digit code of where the person habitually lives")
    facts: dict[str, Any] = Field(
        default_factory=dict, title="已知事实", description="As in an eligibility request"
    )
    before: Edition = Field(title="此前", description="The first edition")
    after: Edition = Field(default_factory=Edition, title="此后", description="The second; default: now")


class Comparison(BaseModel):
    """What the two editions decide differently."""

    model_config = ConfigDict(title="对比结果")

    before: Edition = Field(title="此前", description="The first edition, as it was used")
    after: Edition = Field(title="此后", description="The second edition, as it was used")
    changes: list[OutcomeChange] = Field(title="变化", description="Outcomes that differ, with their reasons")


class ForecastRequest(Asking):
    """How far to look ahead."""

    until: Day | None = Field(
        None, title="截止日期", description="Last day to look at; default: ten years on"
    )


class TurningDay(BaseModel):
    """When an outcome turns because time passes."""

    model_config = ConfigDict(title="转变日期")

    service: str = Field(title="服务项目", description="Slug of the service")
    name: str = Field(title="名称", description="Its name as printed")
    before: Answer = Field(title="此前", description="The outcome now")
    after: Answer = Field(title="此后", description="The outcome from then on")
    earliest: date = Field(title="最早", description="The first day on which it may turn")
    latest: date | None = Field(
        title="最晚",
        description="The day by which it has turned; the same where the day is sure, null where it may not turn",
    )


class ForecastAnswer(BaseModel):
    """What time alone will change."""

    model_config = ConfigDict(title="未来变化")

    on: date = Field(title="起始日期", description="The day it starts from")
    until: date = Field(title="截止日期", description="The last day looked at")
    release: int = Field(title="发布号", description="The release the catalogue was read at")
    turning_days: list[TurningDay] = Field(title="转变日期", description="First turns, soonest first")


class ChangeOfFact(BaseModel):
    """One fact, and what it would have to be."""

    model_config = ConfigDict(title="改变")

    fact: str = Field(title="事实", description="Slug of the fact")
    name: str = Field(title="名称", description="Its name")
    to: Any = Field(
        title="改为", description="A value, a band {min, max} or a set {any_of} of which any will do"
    )


class WayIn(BaseModel):
    """The smallest changes that would make the person eligible for a service."""

    model_config = ConfigDict(title="可行改变")

    service: str = Field(title="服务项目", description="Slug of the service")
    name: str = Field(title="名称", description="Its name as printed")
    changes: list[list[ChangeOfFact]] = Field(title="改变", description="Alternatives; each alone is enough")


class WhatIfRequest(Asking):
    """A person, and what the smallest changes are sought for."""


class WhatIfAnswer(BaseModel):
    """What people can choose to change, and to what effect."""

    model_config = ConfigDict(title="假设分析")

    on: date = Field(title="查询日期", description="The day this answer is for")
    release: int = Field(title="发布号", description="The release the catalogue was read at")
    ways: list[WayIn] = Field(title="途径", description="Services that a change of choice would open")
