"""Conditions in plain Chinese and English: the same tree always gives the same sentence."""

from typing import Any, Literal

from app.eligibility.conditions import All, Any_, Clause, Not, Undefined, children, day
from app.eligibility.facts import Fact, Facts

Language = Literal["zh", "en"]

YEARS_OLD = {
    "is": "年龄为{}周岁",
    "in": "年龄为{}周岁",
    "at_least": "年满{}周岁",
    "at_most": "不超过{}周岁",
    "more_than": "超过{}周岁",
    "less_than": "未满{}周岁",
}
NUMBER = {
    "is": "{}为{}",
    "in": "{}为{}",
    "at_least": "{}不少于{}",
    "at_most": "{}不超过{}",
    "more_than": "{}超过{}",
    "less_than": "{}少于{}",
}
DATE = {
    "is": "{}为{}",
    "in": "{}为{}",
    "at_least": "{}不早于{}",
    "at_most": "{}不晚于{}",
    "more_than": "{}晚于{}",
    "less_than": "{}早于{}",
}
ENGLISH = {
    "is": "is",
    "in": "is",
    "at_least": "is at least",
    "at_most": "is at most",
    "more_than": "is more than",
    "less_than": "is less than",
    "within": "is inside region",
}
ENGLISH_DATE = {
    "at_least": "is on or after",
    "at_most": "is on or before",
    "more_than": "is after",
    "less_than": "is before",
}


def in_words(condition: Any, facts: Facts, language: Language) -> str:  # noqa: ANN401 - a condition of any form
    """The whole condition as one sentence."""
    return _sentence(condition, facts, language, inner=False)


def _sentence(node: Any, facts: Facts, language: Language, *, inner: bool) -> str:  # noqa: ANN401 - a condition of any form
    match node:
        case Clause() | Undefined():
            return clause_in_words(node, facts, language)
        case Not(not_=part):
            said = _sentence(part, facts, language, inner=False)
            return f"不符合（{said}）" if language == "zh" else f"not ({said})"
    parts = children(node)
    if not parts:
        return _nobody_or_everyone(node, language)
    if len(parts) == 1:
        return _sentence(parts[0], facts, language, inner=inner)
    link = _link(node, language)
    said = link.join(_sentence(part, facts, language, inner=True) for part in parts)
    if not inner:
        return said
    return f"（{said}）" if language == "zh" else f"({said})"


def _nobody_or_everyone(node: object, language: Language) -> str:
    if isinstance(node, All):
        return "所有人" if language == "zh" else "everyone"
    return "没有人" if language == "zh" else "nobody"


def _link(node: object, language: Language) -> str:
    if isinstance(node, Any_):
        return "，或者" if language == "zh" else " or "
    return "，并且" if language == "zh" else " and "


def clause_in_words(node: object, facts: Facts, language: Language) -> str:
    """One leaf of a condition."""
    if isinstance(node, Undefined):
        if language == "zh":
            return f"“{node.undefined}”（规划未作界定）"
        return f"“{node.undefined}” (the plan does not define it)"
    if not isinstance(node, Clause):
        return _nobody_or_everyone(node, language)
    fact = facts[node.fact]
    return _chinese(node, fact) if language == "zh" else _english(node, fact)


def _chinese(clause: Clause, fact: Fact) -> str:
    listed = [_label(value, fact) for value in clause.operands]
    values = "或".join(("、".join(listed[:-1]), listed[-1])) if len(listed) > 1 else listed[0]
    match fact.type:
        case "integer" if fact.unit == "周岁":
            return YEARS_OLD[clause.op].format(values)
        case "integer":
            return NUMBER[clause.op].format(fact.name, values) + (fact.unit or "")
        case "date":
            return DATE[clause.op].format(fact.name, values)
        case "region":
            return f"{fact.name}在行政区划{values}范围内"
        case "boolean":
            return f"{fact.name}：{values}"
    return f"{fact.name}为{values}"


def _label(value: bool | int | str, fact: Fact) -> str:  # noqa: FBT001 - a value of any type
    if fact.type == "boolean":
        return "是" if value else "否"
    if fact.type == "date" and (found := day(str(value))):
        return f"{found.year}年{found.month}月{found.day}日"
    return next((one.label for one in fact.values if one.value == value), str(value))


def _english(clause: Clause, fact: Fact) -> str:
    name = fact.slug.replace("_", " ")
    values = " or ".join(_plain(value) for value in clause.operands)
    if fact.type == "boolean":
        return f"{name}: {values}"
    if fact.type == "region":
        return f"{name} is inside region {values}"
    said = ENGLISH_DATE.get(clause.op) if fact.type == "date" else None
    return f"{name} {said or ENGLISH[clause.op]} {values}"


def _plain(value: bool | int | str) -> str:  # noqa: FBT001 - a value of any type
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value).replace("_", " ")
