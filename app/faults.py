"""Single faults, said in both languages, with the place where each is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pydantic_core import ErrorDetails

Language = Literal["en", "zh"]


class Said(NamedTuple):
    """One message in both languages."""

    en: str
    zh: str

    def to(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and where: a JSON pointer into the body or a query parameter's name."""

    said: Said
    pointer: str | None = None
    parameter: str | None = None

    def to(self, language: Language) -> dict[str, str]:
        where = {"pointer": self.pointer} if self.pointer is not None else {}
        where |= {"parameter": self.parameter} if self.parameter is not None else {}
        return where | {"detail": self.said.to(language)}


# pydantic speaks English only; these are the ways in which a request or a seed document can be wrong.
CHINESE = {
    "missing": "缺少该项",
    "extra_forbidden": "不认识该项，请检查拼写",
    "string_type": "应为文本（数字请加引号）",
    "string_too_long": "文本过长，最多{max_length}个字",
    "string_too_short": "文本过短，至少{min_length}个字",
    "string_pattern_mismatch": "格式应符合 {pattern}",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "date_type": "应为日期，如 2024-06-01",
    "date_parsing": "应为日期，如 2024-06-01",
    "date_from_datetime_parsing": "应为日期，如 2024-06-01",
    "timezone_aware": "时间应带时区，如 2024-06-01T08:00:00+08:00",
    "datetime_parsing": "应为带时区的时间，如 2024-06-01T08:00:00+08:00",
    "datetime_from_date_parsing": "应为带时区的时间，如 2024-06-01T08:00:00+08:00",
    "greater_than_equal": "不得小于 {ge}",
    "less_than_equal": "不得大于 {le}",
    "literal_error": "应为以下之一：{expected}",
    "enum": "应为以下之一：{expected}",
    "list_type": "应为列表",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "too_short": "至少应有{min_length}项",
    "json_invalid": "不是有效的 JSON",
}


def said_by_pydantic(error: ErrorDetails) -> Said:
    """Pydantic's own message, and ours in Chinese; neither repeats the value."""
    context = error.get("ctx", {})
    if error["type"] == "extra_forbidden":
        return Said("Not known here: check the spelling.", CHINESE["extra_forbidden"])
    said_in_both = context.get("zh")
    chinese = (
        str(said_in_both) if said_in_both else CHINESE.get(error["type"], error["msg"]).format(**context)
    )
    return Said(error["msg"], chinese)


def pointer(path: Sequence[str | int]) -> str:
    """RFC 6901."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def fault_of_request(error: ErrorDetails) -> Fault:
    place, *path = error["loc"]
    if place == "body":
        # Where reading stopped is a place in the text, not in what it says.
        return Fault(
            said_by_pydantic(error), pointer="" if error["type"] == "json_invalid" else pointer(path)
        )
    return Fault(said_by_pydantic(error), parameter=str(path[0]) if path else str(place))
