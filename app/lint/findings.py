"""The findings there are: each has a code for ever, a severity, and says what to do."""

from typing import Literal, NamedTuple

from app.diff.words import called as called_in_chinese
from app.faults import Said
from app.lint.days import Days
from app.lint.histories import Key, Version

Severity = Literal["error", "warning", "notice"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "notice")
# When a finding is told: on the days on which it is so; before them, too; or whatever the day, as it is about history.
Told = Literal["then", "ahead", "always"]


class Code(NamedTuple):
    """What kind of finding it is."""

    severity: Severity
    told: Told
    todo: Said


class Finding(NamedTuple):
    """Something about one resource, on some days; `other` is the resource at the other end, if there is one.

    `name` is what the resource is called; whoever finds something need not know it.
    """

    code: str
    version: Version
    days: Days
    said: Said
    field: str = ""
    other: Key | None = None
    name: str | None = None

    @property
    def called(self) -> Said:
        """The resource within a sentence."""
        version = self.version
        return Said(
            f"{version.kind}/{version.slug}", called_in_chinese(version.kind, version.slug, self.name)
        )

    @property
    def severity(self) -> Severity:
        return CODES[self.code].severity

    @property
    def identity(self) -> tuple[str, str, str, str, Key | None]:
        """What makes two findings the same one, at two releases or on two days."""
        return self.code, self.version.kind, self.version.slug, self.field, self.other


CODES: dict[str, Code] = {
    "reference-missing": Code(
        "error",
        "ahead",
        Said(
            "Correct the slug, or publish what it names from that day on.",
            "请更正标识，或发布自该日起有效的所指资源。",
        ),
    ),
    "ground-withdrawn": Code(
        "error",
        "ahead",
        Said(
            "Withdraw both in one release, or point to what takes its place.",
            "请在同一发布中一并撤销，或改指接替者。",
        ),
    ),
    "rule-fact-withdrawn": Code(
        "error",
        "ahead",
        Said(
            "Publish a rule without that fact first, or together with it.",
            "请先行或同时发布不用该事实的规则。",
        ),
    ),
    "rule-does-not-fit": Code(
        "error",
        "ahead",
        Said(
            "Publish the rule anew so that it fits the fact as it is then.",
            "请按届时的事实修订该规则并发布。",
        ),
    ),
    "rule-never-holds": Code(
        "error", "ahead", Said("Mend the condition: nobody can meet it.", "请修正条件：没有人能够符合。")
    ),
    "rule-always-holds": Code(
        "warning",
        "ahead",
        Said(
            'Say that it is for everyone: {"all": []}; or mend it.',
            '如面向所有人请写 {"all": []}，否则请修正。',
        ),
    ),
    "rule-dead-part": Code(
        "warning", "ahead", Said("Mend that part, or leave it out.", "请修正或删去该部分。")
    ),
    "service-concept-withdrawn": Code(
        "warning",
        "ahead",
        Said("Give the service another concept, or withdraw it, too.", "请为服务改用其他概念，或一并撤销。"),
    ),
    "reference-withdrawn": Code(
        "warning",
        "ahead",
        Said("Withdraw it, too, or point to what takes its place.", "请一并撤销，或改指接替者。"),
    ),
    "withdrawal-without-effect": Code(
        "warning",
        "always",
        Said("Withdraw from a day on which it is in force.", "请自其有效之日起撤销。"),
    ),
    "withdrawal-overtaken": Code(
        "warning",
        "ahead",
        Said(
            "Withdraw from that later day on, too, if it is to stay ended.",
            "如须一直撤销，请自该较晚日期再次撤销。",
        ),
    ),
    "version-never-applies": Code(
        "warning",
        "always",
        Said("Nothing to mend; publish it anew if it was meant to apply.", "无须处理；如应生效请重新发布。"),
    ),
    "version-overtaken": Code(
        "notice",
        "ahead",
        Said(
            "Correct the later version as well, if it is to apply on.",
            "如须继续适用，请同时更正较晚生效的版本。",
        ),
    ),
    "history-gap": Code(
        "notice",
        "always",
        Said("Nothing to mend if the gap is meant.", "如确应间断则无须处理。"),
    ),
    "before-plan-period": Code(
        "warning",
        "always",
        Said(
            "Check the day: what a plan says begins with its period.", "请核对日期：规划内容自规划期起有效。"
        ),
    ),
    "domain-miscounted": Code(
        "warning",
        "ahead",
        Said(
            "Enter or withdraw services, or correct the claimed number.",
            "请补录或撤销服务，或更正规划所称数目。",
        ),
    ),
    "plan-ended": Code(
        "warning",
        "then",
        Said(
            "Enter the plan that follows, or withdraw what has ended.", "请录入后续规划，或撤销已终止的内容。"
        ),
    ),
    "standard-year-passed": Code(
        "notice", "then", Said("Look for what applies since.", "请查找此后适用的标准。")
    ),
    "service-without-rule": Code(
        "notice",
        "ahead",
        Said("Enter who is entitled, if the plan says so.", "如规划载明对象，请录入资格规则。"),
    ),
    "service-without-standard": Code(
        "notice",
        "ahead",
        Said("Enter what people can expect, if the plan says so.", "如规划载明标准，请录入服务标准。"),
    ),
    "discrepancy-standing": Code(
        "notice",
        "then",
        Said(
            "Ask who issued the plan; withdraw the discrepancy with the answer as its reason.",
            "请向发文机关核实，以答复为由撤销该矛盾。",
        ),
    ),
    "concept-without-category": Code(
        "notice",
        "then",
        Said("Give it its category of the national scheme, if it has one.", "如属国家分类，请填写其分类。"),
    ),
}


def held_against(severity: Severity) -> set[str]:
    """The codes that weigh as much or more and that a release can bring; what comes with time alone, none does."""
    enough = SEVERITIES[: SEVERITIES.index(severity) + 1]
    return {code for code, about in CODES.items() if about.severity in enough and about.told != "then"}
