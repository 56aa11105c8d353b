"""Opening what a clerk hands in: a workbook, a folder or an archive of CSV files, or one CSV file, as raw tables."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from app.errors import Invalid
from app.faults import Said
from app.sheets.cells import Cell
from app.sheets.csvs import unguarded
from app.sheets.guards import (
    LARGEST_FILE,
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_ROWS,
    Worn,
    check_file,
    check_workbook,
    members_of,
    open_archive,
    refused,
)

# Characters that XML cannot hold are written so in a workbook.
ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
# The longest cell is a condition of two hundred clauses, each with its quote.
LONGEST_CELL = 4_000_000


@dataclass
class Raw:
    """One table as it was handed in: lines with their number, and what was wrong with its cells."""

    name: str
    lines: list[tuple[int, list[Cell]]]
    wrong: list[tuple[str, Said]] = field(default_factory=list)


def open_tables(path: Path) -> list[Raw]:
    """All tables; raises `Invalid` for what cannot or must not be read."""
    ending = path.suffix.lower()
    if path.is_dir():
        return [_csv_file(file) for file in sorted(path.glob("*.csv"))]
    if ending == ".csv":
        return [_csv_file(path)]
    if ending == ".zip":
        with open_archive(path) as archive:
            members = members_of(archive, ".csv")
            return [_csv(PurePosixPath(m.filename).stem, archive.read(m)) for m in members]
    if ending in (".xlsm", ".xltm", ".xlsb"):
        raise refused(
            f"Workbooks of the kind {ending} may hold macros: save it as .xlsx.",
            f"{ending} 工作簿可能含有宏，请另存为“Excel 工作簿（.xlsx）”。",
        )
    return list(_workbook(path))


def _workbook(path: Path) -> Iterator[Raw]:
    from openpyxl import load_workbook

    with open_archive(path) as archive:
        worn = check_workbook(archive)
    try:
        book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
        try:
            for sheet in book.worksheets:
                yield _sheet(sheet, worn[str(getattr(sheet, "_worksheet_path", ""))])
        finally:
            book.close()
    except Exception as error:
        if isinstance(error, Invalid):
            raise
        # What a damaged workbook makes of it, openpyxl says in many ways.
        raise refused(
            "The workbook cannot be read: open it in Excel or WPS and save it as .xlsx.",
            "无法读取工作簿，请在 Excel 或 WPS 中打开后另存为 .xlsx。",
        ) from error


def _sheet(sheet: Any, worn: Worn) -> Raw:  # noqa: ANN401 - openpyxl's own
    raw = Raw(str(sheet.title), [])
    for place in worn.formulas:
        raw.wrong.append((place, Said(
            "A formula: copy it and paste its value.", "含有公式：请复制后“选择性粘贴”为数值。"
        )))  # fmt: skip
    for place in worn.merged:
        raw.wrong.append((place, Said(
            "Merged cells: split them and fill in each row.", "是合并单元格：请取消合并，并逐行填写。"
        )))  # fmt: skip
    sheet.reset_dimensions()
    for number, cells in enumerate(
        sheet.iter_rows(max_row=max(worn.height, 1), max_col=max(worn.width, 1)), 1
    ):
        values = [_value(cell, raw) for cell in cells]
        while values and values[-1] is None:
            values.pop()
        raw.lines.append((number, values))
    return raw


def _value(cell: Any, raw: Raw) -> Cell:  # noqa: ANN401 - openpyxl's own
    value = cell.value
    if isinstance(value, str):
        if cell.data_type == "e":
            said = Said("An error value: type what is meant.", f"是错误值 {value}：请改为实际内容。")
            raw.wrong.append((cell.coordinate, said))
        value = ESCAPED.sub(lambda code: chr(int(code[1], 16)), value)
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raw.wrong.append((cell.coordinate, NO_CHARACTER))
            return None
    if isinstance(value, int | float) and "%" in str(cell.number_format):
        raw.wrong.append((cell.coordinate, PERCENTAGE))
        return None
    if value is None or isinstance(value, str | int | float | date):
        return value
    raw.wrong.append((cell.coordinate, Said("A time: write text.", "是时刻：请改为文本。")))
    return None


# What was typed as 95% is kept as 0.95, beside a unit that says %.
PERCENTAGE = Said(
    "A percentage, which the program keeps as a hundredth of it: give the cell the format Number and type it without %.",
    "是百分比格式，软件实际保存的是它的百分之一：请把单元格格式改为“数值”，重新填写，不带百分号。",
)
NO_CHARACTER = Said(
    "It holds a NUL or half a character: type it again.", "含有空字符（NUL）或不完整的字符：请重新填写。"
)


def _csv_file(file: Path) -> Raw:
    check_file(file)
    return _csv(file.stem, file.read_bytes())


def _csv(name: str, content: bytes) -> Raw:
    raw = Raw(name, [])
    if len(content) > LARGEST_FILE:
        raise refused("A CSV file is too large: split it.", "CSV 文件过大，请拆分。")
    csv.field_size_limit(LONGEST_CELL)
    count = 0
    reader = csv.reader(io.StringIO(_decoded(name, content), newline=""), strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            count += len(cells)
            if number > MOST_ROWS or len(cells) > MOST_COLUMNS or count > MOST_CELLS:
                raise refused(
                    f"{name}: more than {MOST_ROWS} rows or {MOST_COLUMNS} columns: split it.",
                    f"{name}：超过 {MOST_ROWS} 行或 {MOST_COLUMNS} 列，请拆分。",
                )
            raw.lines.append((number, [unguarded(cell) or None for cell in cells]))
    except csv.Error:
        raise refused(
            f"{name}: line {reader.line_num} is no CSV: quotation marks must come in pairs.",
            f"{name}：第{reader.line_num}行不是有效的 CSV，双引号应成对。",
        ) from None
    return raw


def _decoded(name: str, content: bytes) -> str:
    if b"\0" in content:
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        raise refused(
            f"{name}: {'UTF-16 text' if wide else 'NUL bytes, so no text'}: save it as “CSV UTF-8”.",
            f"{name}：{'是 UTF-16 编码' if wide else '含有空字节，不是文本'}，请另存为“CSV UTF-8（逗号分隔）”。",
        )
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    guess = Said("", "")
    with suppress(UnicodeDecodeError):
        content.decode("gb18030")
        guess = Said(" (it seems to be GBK)", "（看来是 GBK 编码）")
    raise refused(
        f"{name}: line {line} is not UTF-8 text{guess.en}: save it as “CSV UTF-8”.",
        f"{name}：第{line}行不是 UTF-8 文本{guess.zh}，请另存为“CSV UTF-8（逗号分隔）”。",
    )
