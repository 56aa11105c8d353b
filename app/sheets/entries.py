"""What single lines say: documents, sources and withdrawals, each knowing where its fields stand."""

from dataclasses import dataclass, field
from typing import Any

from app.sheets.columns import columns_of, has_sources
from app.sheets.headers import Table
from app.sheets.places import Place, Taken
from app.versioning import Row

Titles = dict[tuple[str, ...], str]


@dataclass
class Line:
    """What one line of a table says; `titles` names the column that a field, or a part of one, stands in."""

    table: Table
    row: int
    fields: dict[str, Any]
    titles: Titles

    def place_of(self, *path: str) -> Place:
        """Where a field, or a part of one, stands."""
        for length in (2, 1):
            title = self.titles.get(path[:length])
            if title is not None:
                rest = "/".join(path[length:])
                return self.table.place(self.row, title, f"/{rest}" if rest else "")
        return self.table.place(self.row)


@dataclass
class Entry(Line):
    """One document: a line of its kind's table, or only lines of its sources."""

    kind: str = ""
    taken: Taken | None = None
    sources: list[Line] = field(default_factory=list)
    only_sources: bool = False

    @property
    def slug(self) -> str:
        return str(self.fields.get("slug", ""))

    @property
    def document(self) -> dict[str, Any]:
        return {"kind": self.kind, **self.fields}

    def complete(self, before: Row) -> None:
        """Takes what the file says nothing of from the version that it was taken from."""
        if self.only_sources:
            for column in columns_of(self.kind):
                self.fields.setdefault(column.field, getattr(before, column.field))
        elif has_sources(self.kind):
            self.fields.setdefault("sources", list(getattr(before, "sources", [])))

    def place_of(self, *path: str) -> Place:
        if path[:1] == ("sources",) and len(path) > 1 and int(path[1]) < len(self.sources):
            return self.sources[int(path[1])].place_of(*path[2:])
        return super().place_of(*path)


def titles_of_fields(kind: str) -> Titles:
    """The column of each field of a kind; of a field with parts, the first one."""
    titles: Titles = {("sources",): "出处"}
    for column in columns_of(kind):
        titles.setdefault((column.field,), column.title)
        if column.part is not None:
            titles[column.field, column.part] = column.title
    return titles
