"""Where something stands in a table, as a clerk finds it: sheet, row, column."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from app.faults import Language, Said
from app.sheets.guards import column_letters


class Taken(NamedTuple):
    """The day and release that a table was made from."""

    on: date
    release: int


@dataclass(frozen=True)
class Place:
    """A cell, a row where `column` is 0, or a whole table where `row` is."""

    table: str
    row: int = 0
    column: int = 0
    title: str = ""
    within: str = ""

    def order(self, tables: Sequence[str]) -> tuple[int, int, int]:
        return (tables.index(self.table) if self.table in tables else -1, self.row, self.column)

    def said(self, said: Said, language: Language) -> str:
        """What is wrong, with its place before it."""
        inner = f"{self.title} {self.within}".strip()
        if language == "zh":
            row = f" 第{self.row}行" if self.row else ""
            column = f" {column_letters(self.column)}列" if self.column else ""
            return f"{self.table}{row}{column}{f'（{inner}）' if inner else ''}：{said.zh}"
        row = f", row {self.row}" if self.row else ""
        column = f", column {column_letters(self.column)}" if self.column else ""
        return f"{self.table}{row}{column}{f' ({inner})' if inner else ''}: {said.en}"
