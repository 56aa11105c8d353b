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


SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
ANY_SLUG = r"^[a-z0-9]+([-_][a-z0-9]+)*$"
CODE = r"^[1-9]\d{5}$"
ONE_LINE = r"^\S(.*\S)?$"
# An expression says nothing to most people.
PATTERNS = {
    SLUG: Said(
        "Should be lower-case letters and digits, in words with a hyphen between, such as snow-clearing.",
        "应为小写字母和数字，单词间用一个连字符，如 snow-clearing。",
    ),
    ANY_SLUG: Said(
        "Should be lower-case letters and digits, in words with a hyphen or, of a fact, an underscore between.",
        "应为小写字母和数字，单词间用一个连字符（事实用下划线）。",
    ),
    CODE: Said("Should be the six digits of a region, such as 510802.", "应为六位行政区划代码，如 510802。"),
    ONE_LINE: Said(
        "Should be text on one line, without a blank at its beginning or end.",
        "应为单行文字，首尾不留空格、不换行。",
    ),
}

# pydantic speaks English only; these are the ways in which a request or a seed document can be wrong.
CHINESE = {
    "missing": "缺少该项",
    "extra_forbidden": "不认识该项，请检查拼写",
    "string_type": "应为文本（数字请加引号）",
    "string_unicode": "含有无效字符（不完整的字符）",
    "string_too_long": "文本过长，最多{max_length}个字",
    "string_too_short": "文本过短，至少{min_length}个字",
    "string_pattern_mismatch": "格式应符合 {pattern}",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "int_parsing_size": "整数过大",
    "finite_number": "应为有限的数",
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


NO_BODY = Said(
    "A body is missing: send a JSON object, {} where there is nothing to say.",
    "缺少请求正文：请发送 JSON 对象，无内容时发送 {}。",
)
BROKEN_JSON = Said(
    "The body is not JSON that can be read: check quotes, commas and brackets.",
    "请求正文不是可读取的 JSON：请检查引号、逗号和括号。",
)
# The framework reads a body as what its header says it is.
NOT_JSON = Said(
    "The body was not sent as JSON: add the header Content-Type: application/json.",
    "请求正文未标明为 JSON：请加请求头 Content-Type: application/json。",
)


def said_by_pydantic(error: ErrorDetails) -> Said:
    """Pydantic's own message, and ours in Chinese; neither repeats the value."""
    context = error.get("ctx", {})
    if error["type"] == "extra_forbidden":
        return Said("Not known here: check the spelling.", CHINESE["extra_forbidden"])
    if context.get("pattern") in PATTERNS:
        return PATTERNS[context["pattern"]]
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
    if place == "body" and not path:
        if error["type"] == "missing":
            return Fault(NO_BODY, pointer="")
        if isinstance(error["input"], bytes):
            return Fault(NOT_JSON, pointer="")
    if error["type"] == "json_invalid":
        # Where reading stopped is a place in the text, not in what it says.
        return Fault(BROKEN_JSON, pointer="")
    if place == "body":
        return Fault(said_by_pydantic(error), pointer=pointer(path))
    return Fault(said_by_pydantic(error), parameter=str(path[0]) if path else str(place))
