"""How fields and values are called in Chinese."""

import re
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from app.catalogue import KINDS
from app.chinese import quoted
from app.eligibility.conditions import clauses, read
from app.eligibility.facts import Fact
from app.eligibility.words import in_words

CODES = {
    "strength": {"entitlement": "明确保障", "target_group": "重点对象", "pilot": "试点"},
    "firmness": {"commitment": "承诺", "aim": "力争", "encouragement": "鼓励", "pilot": "试点"},
    "nature": {"binding": "约束性", "expected": "预期性"},
    "level": {"province": "省级", "prefecture": "地级", "county": "县级"},
    "period": {"annual": "年度", "five_years": "五年"},
    "comparator": {
        "equal": "等于", "at_least": "不少于", "more_than": "多于", "at_most": "不超过", "less_than": "少于",
        "about": "约", "range": "区间",
    },
}  # fmt: skip
# Told of by name only: nobody wants to read them twice in a sentence.
TOO_LONG = {"sources", "text_coverage", "derivation", "values"}


class World(NamedTuple):
    """What documents are seen with: the facts that conditions ask for, and the names of what is referred to."""

    facts_before: Mapping[str, Fact]
    facts_after: Mapping[str, Fact]
    names: Mapping[tuple[str, str], str]


@cache
def title(kind: str, field: str) -> str:
    """A field's Chinese title, as it goes over the wire; a kind's wire model stands beside its row."""
    row = KINDS[kind].row
    wire = getattr(sys.modules[row.__module__], row.__name__.removesuffix("Version"), None)
    found = wire.model_fields.get(field) if wire and issubclass(wire, BaseModel) else None
    return (found.title if found else None) or OTHER_TITLES.get(field, field)


OTHER_TITLES = {"text_coverage": "原文覆盖", "slug": "标识"}


@cache
def targets(kind: str) -> dict[str, str]:
    """The fields of a kind that hold slugs, alone or in a list, each with the kind they point into."""
    content = KINDS[kind].content
    loose = {"domain": "domains", "part_of": kind, "services": "services", "indicators": "indicators"}
    return {**{f: target for f, target in loose.items() if f in content.model_fields}, **content.refers}


def noun(kind: str) -> str:
    return KINDS[kind].content.noun.zh


def called(kind: str, slug: str, name: str | None) -> str:
    """A resource within a sentence: what it is, its name if that is known, and the slug to find it by."""
    what = noun(kind) if kind in KINDS else kind
    return f"{what}{quoted(name) if name else ''}（{slug}）"


def shown(kind: str, field: str, value: Any, world: World) -> str:  # noqa: ANN401 - whatever a field holds
    """A value for people: names instead of slugs, labels instead of codes, nothing longer than a few lines."""
    target = KINDS[kind].content.refers.get(field) or {
        "services": "services",
        "indicators": "indicators",
    }.get(field)
    if target and isinstance(value, str):
        name = world.names.get((target, value))
        return quoted(name) if name else value
    if isinstance(value, list):
        return "、".join(shown(kind, field, part, world) for part in value) or "无"
    return _plain(field, value)


def _plain(field: str, value: Any) -> str:  # noqa: ANN401 - whatever a field holds
    if value is None:
        return "（未载明）"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        text = value.get("text") or "，".join(f"{k}：{v}" for k, v in value.items() if v is not None)
        return quoted(text)
    if isinstance(value, str):
        label = CODES.get(field, {}).get(value)
        return label or quoted(value)
    return str(value)


# How standards are counted: per person and month …
PER = {
    "person": "人",
    "household": "户",
    "month": "月",
    "year": "年",
    "event": "次",
    "day": "日",
    "week": "周",
}


def in_chinese(converted: str) -> str:
    """A conversion with its codes in words: 元/person_month is 元/人·月."""
    return re.sub(
        r"[a-z]+(_[a-z]+)*", lambda code: "·".join(PER.get(w, w) for w in code[0].split("_")), converted
    )


def condition_in_words(raw: Any, facts: Mapping[str, Fact]) -> str:  # noqa: ANN401 - not yet read
    """A condition as a sentence; as it stands where a fact that it asks for is not known."""
    try:
        condition, _ = read(raw)
    except ValidationError:
        condition = None
    if condition is None or any(clause.fact not in facts for clause in clauses(condition)):
        return quoted(str(raw))
    return quoted(in_words(condition, facts, "zh"))
