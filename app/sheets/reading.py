"""From raw tables to what they say, line by line; what is wrong with cells is noted with its place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.faults import Said
from app.sheets.cells import Cell, WrongCellError, is_empty, read
from app.sheets.columns import columns_of, columns_of_sources, has_sources
from app.sheets.entries import Entry, Line, Titles, titles_of_fields
from app.sheets.headers import Faults, Table, tables_of
from app.sheets.lines import Wrong, fields_of, is_blank, source_of
from app.sheets.opening import Raw
from app.sheets.places import Taken
from app.sheets.tables import WITHDRAWAL_FIELDS, kinds_by_noun
from app.sheets.words import (
    COLUMN,
    CONTINUED,
    DAY,
    KIND,
    LONG_TEXTS,
    NUMBER,
    ON,
    RELEASE,
    SLUG,
    SOURCES,
    TEXT,
    WITHDRAWALS,
)

Key = tuple[str, str]


@dataclass
class Contents:
    """All that a file or folder says."""

    tables: list[str] = field(default_factory=list)
    entries: dict[str, dict[str, Entry]] = field(default_factory=dict)
    withdrawals: list[Line] = field(default_factory=list)
    taken: Taken | None = None
    faults: Faults = field(default_factory=list)


def read_tables(raws: Sequence[Raw]) -> Contents:
    """Everything that the tables say."""
    said = Contents([raw.name for raw in raws])
    tables = {table.what: table for table in tables_of(raws, said.faults)}
    reader = Reader(said, _long_texts(tables.pop(LONG_TEXTS, None)))
    sources = tables.pop(SOURCES, None)
    withdrawals = tables.pop(WITHDRAWALS, None)
    for table in tables.values():
        reader.read_kind(table)
    if sources is not None:
        reader.read_sources(sources, set(tables))
    if withdrawals is not None:
        reader.read_withdrawals(withdrawals)
    return said


def _long_texts(table: Table | None) -> dict[tuple[Cell, ...], str]:
    texts: dict[tuple[Cell, ...], str] = {}
    if table is None:
        return texts
    for _, line in table.lines:
        *key, _, text = table.cells(line, [KIND, SLUG, COLUMN, NUMBER, TEXT])
        texts[tuple(key)] = texts.get(tuple(key), "") + str(text or "")
    return texts


class Reader:
    """Reads table after table into what is said."""

    def __init__(self, said: Contents, long_texts: dict[tuple[Cell, ...], str]) -> None:
        self.said = said
        self.long_texts = long_texts

    def read_kind(self, table: Table) -> None:
        entries = self.said.entries.setdefault(table.what, {})
        columns = columns_of(table.what)
        titles = titles_of_fields(table.what)
        for row, line in table.lines:
            cells = table.cells(line, [column.title for column in columns])
            if is_blank(cells) and is_empty(table.cell(line, SOURCES)):
                continue
            cells = [
                self._whole(table, cells[0], c.title, cell) for c, cell in zip(columns, cells, strict=True)
            ]
            fields, wrong = fields_of(columns, cells)
            self._note(table, row, wrong)
            entry = Entry(table, row, fields, titles, table.what, self._taken(table, row, line))
            if SOURCES in table.titles:
                fields["sources"] = self._sources_cell(table, row, table.cell(line, SOURCES))
            before = entries.get(entry.slug)
            if before is not None and entry.slug:
                self.said.faults.append((entry.place_of("slug"), Said(
                    f"Row {before.row} has the same slug: each stands once.", f"与第{before.row}行的标识重复。"
                )))  # fmt: skip
            entries[entry.slug or f" row {row}"] = entry

    def _whole(self, table: Table, slug: Cell, title: str, cell: Cell) -> Cell:
        if cell != CONTINUED:
            return cell
        name = next((noun for noun, kind in kinds_by_noun().items() if kind == table.what), table.name)
        return self.long_texts.get((name, slug, title), cell)

    def _note(self, table: Table, row: int, wrong: Wrong) -> None:
        self.said.faults += [(table.place(row, column.title), said) for column, said in wrong]

    def _value(self, table: Table, row: int, title: str, form: Any, cell: Cell) -> Any:  # noqa: ANN401 - as many forms and values as there are columns
        if is_empty(cell):
            return None
        try:
            return read(form, cell, {})
        except WrongCellError as error:
            self.said.faults.append((table.place(row, title), error.said))
            return None

    def _taken(self, table: Table, row: int, line: Sequence[Cell]) -> Taken | None:
        on = self._value(table, row, ON, "day", table.cell(line, ON))
        release = self._value(table, row, RELEASE, "integer", table.cell(line, RELEASE))
        if on is None and release is None:
            return None
        if on is None or release is None or release < 0:
            self.said.faults.append((table.place(row, RELEASE), Said(
                "Both of the last two columns as they were exported, or neither for a new line.",
                "“查询日期”“查询发布号”应保持导出时的内容；新增的行两列都留空。",
            )))  # fmt: skip
            return None
        taken = Taken(on, release)
        self.said.taken = self.said.taken or taken
        if taken != self.said.taken:
            self.said.faults.append((table.place(row, RELEASE), Said(
                f"This line is from another export than those before, of {self.said.taken.on} and release "
                f"{self.said.taken.release}: take all of one file from one export.",
                f"此行与前面的行不是同一次导出的（前面为{self.said.taken.on}、发布{self.said.taken.release}）："
                "一个文件应只含同一次导出的内容。",
            )))  # fmt: skip
        return taken

    def _sources_cell(self, table: Table, row: int, cell: Cell) -> Any:  # noqa: ANN401 - JSON, checked later
        return self._value(table, row, SOURCES, "json", cell) or []

    def read_sources(self, table: Table, kinds: set[str]) -> None:
        """Sources in the order of their numbers; those without one come last."""
        titles: Titles = {(column.field,): column.title for column in columns_of_sources()}
        found: dict[Key, list[tuple[float, Line]]] = {}
        for row, line in table.lines:
            if is_blank(line):
                continue
            key = self._key(table, row, line)
            number = self._value(table, row, NUMBER, "integer", table.cell(line, NUMBER))
            source, wrong = source_of(key[0], table.cells(line, list(titles.values()))) if key else ({}, [])
            self._note(table, row, wrong)
            if key is None:
                continue
            place = float("inf") if number is None else number
            some = found.setdefault(key, [])
            if any(place == other != float("inf") for other, _ in some):
                self.said.faults.append((table.place(row, NUMBER), Said(
                    "Another source of the same resource has this number.", "同一条目已有此序号的出处。"
                )))  # fmt: skip
            some.append((place, Line(table, row, source, titles)))
        for key, lines in found.items():
            self._attach(key, [line for _, line in sorted(lines, key=lambda pair: pair[0])])
        for kind in kinds:
            for entry in self.said.entries[kind].values():
                if has_sources(kind):
                    entry.fields.setdefault("sources", [])

    def _key(self, table: Table, row: int, line: Sequence[Cell]) -> Key | None:
        called, slug = table.cells(line, [KIND, SLUG])
        kind = kinds_by_noun().get(str(called).strip(), "")
        if not kind or not has_sources(kind):
            self.said.faults.append((table.place(row, KIND), NO_KIND))
        elif is_empty(slug):
            self.said.faults.append((table.place(row, SLUG), Said("Say whose source it is.", "请填写标识。")))
        else:
            return kind, str(slug).strip()
        return None

    def _attach(self, key: Key, lines: list[Line]) -> None:
        kind, slug = key
        entries = self.said.entries.setdefault(kind, {})
        if slug not in entries:
            first = lines[0]
            fields = {"slug": slug}
            entries[slug] = Entry(
                first.table, first.row, fields, {("slug",): SLUG}, kind, self.said.taken, only_sources=True
            )
        entry = entries[slug]
        if "sources" in entry.fields:
            self.said.faults.append((entry.place_of("sources"), Said(
                "Its sources stand in the table 出处, too: keep them in one place.", "出处已另列于“出处”表，请只保留一处。"
            )))  # fmt: skip
        entry.sources = lines
        entry.fields["sources"] = [line.fields for line in lines]

    def read_withdrawals(self, table: Table) -> None:
        titles: Titles = {(name,): title for title, name in WITHDRAWAL_FIELDS.items()}
        for row, line in table.lines:
            if is_blank(line):
                continue
            called, slug, day, reason = table.cells(line, list(WITHDRAWAL_FIELDS))
            kind = kinds_by_noun().get(str(called).strip())
            if kind is None:
                self.said.faults.append((table.place(row, KIND), NO_KIND))
            fields = {
                "kind": kind,
                "slug": self._value(table, row, SLUG, "text", slug),
                "valid_from": self._value(table, row, DAY, "day", day),
                "reason": self._value(table, row, titles["reason",], "text", reason),
            }
            fields = {name: value for name, value in fields.items() if value is not None}
            self.said.withdrawals.append(Line(table, row, fields, titles))


NO_KIND = Said(
    f"Choose one of the list: {'、'.join(kinds_by_noun())}.",
    f"请从下拉列表中选择类别：{'、'.join(kinds_by_noun())}。",
)
