"""A workbook to be edited in Excel or WPS: one sheet per kind, lists to choose from, and a sheet that explains.

Every cell is written as text or a number, never as a formula, and rows go to the disk as they come.
"""

from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

from app.catalogue import KINDS
from app.errors import Invalid
from app.sheets.about import HEADINGS, about
from app.sheets.cells import Cell
from app.sheets.columns import Column, columns_of, columns_of_sources
from app.sheets.tables import HEADERS, TOO_LONG, Chosen, fill, noun, titles_of
from app.sheets.words import ABOUT, CONTINUED, KIND, LONG_TEXTS, NO, SOURCES, WITHDRAWALS, YES

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

LAST_ROW, LAST_COLUMN = 1_048_575, 16_383
# A cell holds 32,767 units of UTF-16, of which a character may take two.
LONGEST = 16_000
WIDTHS = {
    "text": 28,
    "lines": 28,
    "json": 40,
    "integer": 8,
    "number": 10,
    "boolean": 8,
    "day": 12,
    "choice": 12,
}
# A list that is written into a validation may have so many characters.
LONGEST_CHOICE = 255


def write_workbook(file: IO[bytes], chosen: Sequence[Chosen]) -> None:
    """Writes all that was chosen, kind by kind."""
    import xlsxwriter

    book = xlsxwriter.Workbook(
        file,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    # The same list at the same release is the same file, byte for byte.
    book.set_properties({"title": "公共服务目录", "created": _moment(chosen)})
    sheets = Sheets(book, [some.kind for some in chosen], about(chosen))
    for some in chosen:
        fill(sheets, some)
    sheets.finish()
    book.close()


def _moment(chosen: Sequence[Chosen]) -> Any:  # noqa: ANN401 - a datetime, from the day that was asked for
    from datetime import datetime, time

    day = chosen[0].at.on if chosen else None
    return datetime.combine(day, time()) if day and day.year > 1900 else datetime(2000, 1, 1)  # noqa: DTZ001, PLR2004 - a spreadsheet knows no zones and no day before 1900


class Sheets:
    """The worksheets of a workbook that is being written."""

    def __init__(self, book: Any, kinds: Sequence[str], explained: Sequence[Sequence[Cell]]) -> None:  # noqa: ANN401 - xlsxwriter has no types
        self.bold: Format = book.add_format(
            {"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True}
        )
        self.text: Format = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        self.code: Format = book.add_format({"num_format": "@", "valign": "top"})
        self.number: Format = book.add_format({"valign": "top"})
        self.grey: Format = book.add_format({"num_format": "@", "valign": "top", "font_color": "#808080"})
        self.next: dict[str, int] = {}
        self.sheets: dict[str, Worksheet] = {}
        self._explain(book.add_worksheet(ABOUT), explained)
        nouns = [noun(kind) for kind in KINDS]
        kind_column = Column(KIND, None, KIND, "choice", "", labels={name: name for name in nouns})
        columns = {noun(kind): list(columns_of(kind)) for kind in kinds}
        columns[SOURCES] = [kind_column, *_plain(HEADERS[SOURCES][1:3]), *columns_of_sources()]
        columns[WITHDRAWALS] = [kind_column, *_plain(HEADERS[WITHDRAWALS][1:])]
        columns[LONG_TEXTS] = _plain(HEADERS[LONG_TEXTS])
        self.titles = {**titles_of(kinds), LONG_TEXTS: HEADERS[LONG_TEXTS]}
        for name, titles in self.titles.items():
            self._add(book, name, titles, columns[name])

    def _explain(self, sheet: "Worksheet", lines: Sequence[Sequence[Cell]]) -> None:
        for column, width in enumerate((16, 26, 34, 8, 10, 60)):
            sheet.set_column(column, column, width)
        for row, cells in enumerate(lines):
            bold = self.bold if cells and cells[0] in HEADINGS else None
            for column, cell in enumerate(cells):
                sheet.write_string(row, column, "" if cell is None else str(cell), bold)

    def _add(self, book: Any, name: str, titles: Sequence[str], columns: Sequence[Column]) -> None:  # noqa: ANN401 - xlsxwriter has no types
        sheet = self.sheets[name] = book.add_worksheet(name)
        for place, title in enumerate(titles):
            column = columns[place] if place < len(columns) else None
            sheet.write_string(0, place, title, self.bold)
            sheet.set_column(place, place, WIDTHS[column.form] if column else 12, self._format(column))
            if column is not None:
                self._choices(sheet, place, column)
        sheet.freeze_panes(1, 1)
        # Text is what is meant where a code looks like a number.
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{LAST_ROW + 1}"})
        self.next[name] = 1

    def _format(self, column: Column | None) -> "Format":
        if column is None:
            return self.grey  # what helps to read a line, and is not to be edited
        plain = {"integer": self.number, "number": self.number, "json": self.code, "day": self.code}
        return plain.get(column.form, self.text)

    def _choices(self, sheet: "Worksheet", place: int, column: Column) -> None:
        values = {"boolean": [YES, NO], "choice": list(column.labels.values())}.get(column.form)
        if not values or len(",".join(values)) > LONGEST_CHOICE:
            return
        sheet.data_validation(
            1, place, LAST_ROW, place,
            {
                "validate": "list",
                "source": values,
                "error_title": column.title[:32],
                "error_message": "请从下拉列表中选择。",
            },
        )  # fmt: skip

    def line(self, table: str, cells: Sequence[Cell]) -> None:
        """One line below the last."""
        sheet, row = self.sheets[table], self.next[table]
        if row > LAST_ROW:
            raise Invalid.parameter("format", *TOO_LONG)
        self.next[table] += 1
        for place, cell in enumerate(cells):
            if isinstance(cell, int | float):
                sheet.write_number(row, place, cell)
            elif cell is not None:
                sheet.write_string(row, place, self._shortened(table, cells, place, str(cell)))

    def _shortened(self, table: str, cells: Sequence[Cell], place: int, text: str) -> str:
        if len(text) <= LONGEST:
            return text
        # Only what a kind's own line holds can be that long.
        title = self.titles[table][place]
        for number, start in enumerate(range(0, len(text), LONGEST), 1):
            self.line(LONG_TEXTS, [table, cells[0], title, number, text[start : start + LONGEST]])
        return CONTINUED

    def finish(self) -> None:
        for name, sheet in self.sheets.items():
            sheet.autofilter(0, 0, max(self.next[name] - 1, 1), len(self.titles[name]) - 1)
        if self.next[LONG_TEXTS] == 1:
            self.sheets[LONG_TEXTS].hide()


def _plain(titles: Sequence[str]) -> list[Column]:
    return [Column(title, None, title, "text", "") for title in titles]
