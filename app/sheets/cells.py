"""One value in one cell, and back: what is written is read as exactly what it was.

A cell is text, a number, a truth value, a day, or empty. Codes, slugs and days are written as text, so that no
program makes a number of them; a day before 1900 would not fit into Excel's days anyway.
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from app.faults import Said
from app.sheets.words import NO, YES

Cell = str | int | float | bool | date | None
Form = Literal["text", "integer", "number", "boolean", "day", "choice", "lines", "json"]

# White space that no text or name begins or ends with; taken away where somebody typed it.
BLANKS = " \t\r\n\u3000\xa0"
NUMBER = re.compile(r"[+-]?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?")
DAY = re.compile(r"([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})日?")
NUL_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
# Beyond it a spreadsheet's numbers have gaps between whole numbers.
EXACT = 2**53
# The whole numbers that either database keeps.
LARGEST = 2**31 - 1
# Day 60 is a 29 February 1900 that never was; nobody means a day before it.
FIRST_DAY, LAST_DAY, EPOCH = 61, 2_958_465, date(1899, 12, 30)
# More lines than that in a cell are hard to read, and spreadsheets have a limit.
MOST_LINES = 60


class WrongCellError(ValueError):
    """A cell that does not say what its column is for."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.said = Said(en, zh)


def written(form: Form, value: Any, labels: Mapping[str, str]) -> Cell:  # noqa: ANN401, PLR0911 - any field's value
    """The cell for a value that is not null."""
    match form:
        case "boolean":
            return YES if value else NO
        case "day":
            return str(value.isoformat() if isinstance(value, date) else value)
        case "choice":
            return labels.get(str(value), str(value))
        case "lines":
            return "\n".join(labels.get(item, item) for item in value)
        case "json":
            return _pretty(value)
        case "integer":
            return int(value)
        case "number":
            return _shortest(value)
    return str(value)


def _shortest(value: float) -> int | float | str:
    if not math.isfinite(value) or float(f"{value:.16g}") != value:
        return repr(value)  # a spreadsheet keeps sixteen digits
    return int(value) if value == int(value) and abs(value) < EXACT else value


def read(form: Form, cell: Cell, labels: Mapping[str, str]) -> Any:  # noqa: ANN401, PLR0911 - any field's value
    """The value of a cell that is not empty; `WrongCellError` says what to write instead."""
    match form:
        case "boolean":
            return _truth(cell)
        case "day":
            return _day(cell)
        case "integer" | "number":
            return _number(cell, whole=form == "integer")
    text = _text(cell)
    match form:
        case "choice":
            return _choice(text, labels)
        case "lines":
            codes = {label: code for code, label in labels.items()}
            lines = [line.strip(BLANKS) for line in text.split("\n")]
            return [codes.get(line, line) for line in lines if line]
        case "json":
            return _json(text)
    if "\n" in text:
        raise WrongCellError("Write it in one line, without line breaks.", "请写成一行，单元格内不要换行。")
    return text


def is_empty(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip(BLANKS))


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell.strip(BLANKS)
    if isinstance(cell, date):
        raise WrongCellError(
            "The program made a date of it: give the cell the format Text and type it again.",
            "此处应为文字，但被软件转成了日期：请把单元格格式设为“文本”后重新填写。",
        )
    raise WrongCellError(
        "The program made a number of it, which loses leading zeros: give the cell the format Text and type it again.",
        "此处应为文字，但被软件转成了数字（可能丢失开头的0）：请把单元格格式设为“文本”后重新填写。",
    )


def _truth(cell: Cell) -> bool:
    said = cell.strip(BLANKS).lower() if isinstance(cell, str) else cell
    if said is True or said in (YES, "true"):
        return True
    if said is False or said in (NO, "false"):
        return False
    raise WrongCellError(f"Choose {YES} (yes) or {NO} (no).", f"请选择“{YES}”或“{NO}”。")


def _day(cell: Cell) -> date:
    if isinstance(cell, datetime):
        if cell.time() != time():
            raise WrongCellError("Write a day without a time.", "只填日期，不填时刻。")
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        meant = ""
        if FIRST_DAY <= cell <= LAST_DAY:
            meant = str(EPOCH + timedelta(days=int(cell)))
        raise WrongCellError(
            f"This is a number{f', the one that Excel keeps for {meant}' if meant else ''}: "
            "type the day as text such as 2024-06-01, or give the cell a date format.",
            f"此处是数字{f'（Excel 内部用它表示 {meant}）' if meant else ''}："
            "请把日期写成 2024-06-01 这样的文本，或把单元格格式设为日期。",
        )
    found = DAY.fullmatch(cell.strip(BLANKS)) if isinstance(cell, str) else None
    try:
        return date(*(int(part) for part in found.groups())) if found else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> date:
    raise WrongCellError("Write a day such as 2024-06-01.", "应为日期，如 2024-06-01。")


def _number(cell: Cell, *, whole: bool) -> int | float:
    number: int | float | None = None
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        number = cell
    elif isinstance(cell, str) and NUMBER.fullmatch(cell.strip(BLANKS)):
        digits = cell.strip(BLANKS)
        number = int(digits) if digits.lstrip("+-").isdigit() else float(digits)
    if number is not None and math.isfinite(number):
        if not whole:
            return number
        if number == int(number) and abs(number) <= LARGEST:
            return int(number)
    raise WrongCellError(
        f"Write a {'whole ' if whole else ''}number in digits, without unit or separators.",
        f"请用阿拉伯数字填写{'整数' if whole else '数字'}，不带单位、逗号或百分号。",
    )


def _choice(text: str, labels: Mapping[str, str]) -> str:
    codes = {label: code for code, label in labels.items()}
    if text in codes:
        return codes[text]
    if text in labels:
        return text
    known = "、".join(codes)
    raise WrongCellError(f"Choose one of the list: {known}.", f"请从下拉列表中选择：{known}。")


def _json(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError
        return dict(pairs)

    def never(_: str) -> None:
        raise ValueError

    try:
        if NUL_IN_JSON.search(text):
            raise ValueError
        value = json.loads(text, object_pairs_hook=once, parse_constant=never)
        json.dumps(value, ensure_ascii=False).encode()  # half a character cannot be kept
        return value  # noqa: TRY300 - both lines may fail
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise WrongCellError(
            f"Not JSON{f', line {line} of the cell' if line else ''}: quotes must be straight, brackets in pairs, "
            "names not repeated.",
            f"不是有效的 JSON{f'（单元格内第{line}行）' if line else ''}：请用英文半角引号和逗号，括号成对，名称不重复。",
        ) from None


def _pretty(value: Any, depth: int = 0) -> str:  # noqa: ANN401 - whatever JSON holds
    """JSON with each part of a list in a line of its own."""
    text = _spread(value, depth)
    return text if text.count("\n") < MOST_LINES else json.dumps(value, ensure_ascii=False)


def _spread(value: Any, depth: int) -> str:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        parts = (f"{json.dumps(k, ensure_ascii=False)}: {_spread(v, depth)}" for k, v in value.items())
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, list) and any(isinstance(part, dict) for part in value):
        space = "\n" + " " * (depth + 1)
        return "[" + ",".join(space + _spread(part, depth + 1) for part in value) + "\n" + " " * depth + "]"
    return json.dumps(value, ensure_ascii=False)
