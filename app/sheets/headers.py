"""Which table is which, and whether its first row has the columns that it must have."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.faults import Said
from app.sheets.cells import Cell, is_empty
from app.sheets.columns import columns_of
from app.sheets.guards import column_number
from app.sheets.opening import Raw
from app.sheets.places import Place
from app.sheets.tables import HEADERS, header, kinds_by_noun
from app.sheets.words import ABOUT, NAME


@dataclass(frozen=True)
class Table:
    """One table; `what` is a kind or one of the tables besides."""

    name: str
    what: str
    titles: dict[str, int]
    lines: list[tuple[int, list[Cell]]]

    def place(self, row: int, title: str = "", within: str = "") -> Place:
        column = self.titles[title] + 1 if title in self.titles else 0
        return Place(self.name, row, column, title if column else "", within)

    def cells(self, line: Sequence[Cell], titles: Sequence[str]) -> list[Cell]:
        places = [self.titles[title] for title in titles]
        return [line[place] if place < len(line) else None for place in places]

    def cell(self, line: Sequence[Cell], title: str) -> Cell:
        return self.cells(line, [title])[0] if title in self.titles else None


Faults = list[tuple[Place, Said]]


def tables_of(raws: Sequence[Raw], faults: Faults) -> Iterator[Table]:
    """The tables whose header is in order; what is wrong with the others is added to the faults."""
    seen: dict[str, str] = {}
    for raw in raws:
        what = _what(raw.name)
        if what == ABOUT:
            continue
        if what is None:
            faults.append((Place(raw.name), _unknown()))
        elif what in seen:
            faults.append((Place(raw.name), Said(
                f"The same as {seen[what]}: keep one of them.", f"与“{seen[what]}”重复，请只保留一个。"
            )))  # fmt: skip
        else:
            seen[what] = raw.name
            table = Table(raw.name, what, _titles(raw), [line for line in raw.lines if line[0] > 1])
            wrong = list(_wrong_header(raw, table))
            faults += wrong
            faults += [(_cell_place(table, place), said) for place, said in raw.wrong]
            if not wrong:
                yield table


def _what(name: str) -> str | None:
    """A kind, by its Chinese name or its own; a file's name may go on, as where it was downloaded twice."""
    known = {**kinds_by_noun(), **{kind: kind for kind in kinds_by_noun().values()}}
    known |= {table: table for table in (*HEADERS, ABOUT)}
    first = re.split(r"[-_ .(（]", name.strip(), maxsplit=1)[0]
    return known.get(name.strip(), known.get(first))


def _unknown() -> Said:
    names = "、".join([*kinds_by_noun(), *HEADERS, ABOUT])
    return Said(
        f"No table is called so: delete it, or give it back its name, one of {names}.",
        f"不认识这个工作表或文件：请删除，或改回原名（{names}）。",
    )


def _titles(raw: Raw) -> dict[str, int]:
    first = raw.lines[0][1] if raw.lines else []
    titles: dict[str, int] = {}
    for place, cell in enumerate(first):
        if not is_empty(cell):
            titles.setdefault(str(cell).strip(), place)
    return titles


def _wrong_header(raw: Raw, table: Table) -> Iterator[tuple[Place, Said]]:
    first = [cell for cell in (raw.lines[0][1] if raw.lines else []) if not is_empty(cell)]
    wanted, welcome = wanted_titles(table.what)
    missing = [title for title in wanted if title not in table.titles]
    unknown = [title for title in table.titles if title not in (*wanted, *welcome)]
    if missing:
        names = "、".join(missing)
        yield (
            Place(table.name, 1),
            Said(
                f"Columns are missing or renamed: {names}.",
                f"缺少以下列，或表头被改名：{names}。请恢复原来的表头。",
            ),
        )
    for title in unknown:
        yield (
            table.place(1, title),
            Said(
                "No column is called so here: delete it, or give it back its name.",
                "此表没有这一列：请删除，或改回原名。",
            ),
        )
    if len(first) > len(table.titles):
        yield Place(table.name, 1), Said("Two columns have the same name.", "表头中有重复的列名。")
    named = set(table.titles.values())
    for row, line in table.lines:
        stray = next((n for n, cell in enumerate(line) if n not in named and not is_empty(cell)), None)
        if stray is not None:
            yield (
                Place(table.name, row, stray + 1, ""),
                Said("The column has no name: delete what stands in it.", "此列没有表头：请删除其中的内容。"),
            )
            return


def wanted_titles(what: str) -> tuple[list[str], list[str]]:
    """The columns that a table must have, and those that it may."""
    if what in HEADERS:
        return [title for title in HEADERS[what] if title != NAME], [NAME]
    own = [column.title for column in columns_of(what)]
    return own, [title for title in header(what, alone=True) if title not in own]


def _cell_place(table: Table, cell: str) -> Place:
    found = re.match(r"([A-Z]{1,3})([0-9]+)", cell)
    if found is None:
        return Place(table.name)
    column = column_number(found[1])
    title = next((title for title, place in table.titles.items() if place == column - 1), "")
    return Place(table.name, int(found[2]), column, title)
