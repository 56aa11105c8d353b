"""What publishing a changeset would change, for people to read before they do it."""

from collections.abc import Iterator
from typing import Any

from app.catalogue import KINDS
from app.faults import Language, Said
from app.publishing import Prepared
from app.sheets.cells import Cell
from app.sheets.columns import columns_of, has_sources
from app.sheets.lines import cells_of, sources_of
from app.sheets.words import SOURCES
from app.versioning import Row

ADDED, REVISED, WITHDRAWN = Said("added", "新增"), Said("revised", "修订"), Said("withdrawn", "撤销")
EMPTY = Said("(empty)", "（空）")
ENOUGH = 200


def difference(ready: Prepared, language: Language) -> Iterator[str]:
    """A line for each resource, and one below it for each field: old → new."""
    counted = {"added": 0, "revised": 0, "withdrawn": 0}
    before = dict(ready.before)
    for row in ready.rows:
        old = before.get((row.kind, row.slug))
        what = WITHDRAWN if row.withdrawn else REVISED if old is not None else ADDED
        counted[what.en] += 1
        yield _headline(what, row, language)
        yield from _ending(row, language) if row.withdrawn else _fields(old, row, language)
        before[row.kind, row.slug] = row
    yield Said(
        f"{counted['added']} added, {counted['revised']} revised, {counted['withdrawn']} withdrawn.",
        f"共新增{counted['added']}项，修订{counted['revised']}项，撤销{counted['withdrawn']}项。",
    ).to(language)


def _headline(what: Said, row: Row, language: Language) -> str:
    name = getattr(row, "name", None)
    named = f" {name}" if name else ""
    noun = KINDS[row.kind].content.noun
    return f"{what.to(language)} {noun.to(language)} {row.slug}{named}"


def _ending(row: Row, language: Language) -> Iterator[str]:
    said = Said(
        f"  from {row.valid_from} on: {row.withdrawn_because}",
        f"  自{row.valid_from}起：{row.withdrawn_because}",
    )
    yield said.to(language)


def _fields(old: Row | None, new: Row, language: Language) -> Iterator[str]:
    columns = columns_of(new.kind)
    after = cells_of(columns, new)
    before: list[Cell] = [None] * len(after) if old is None else cells_of(columns, old)
    for column, was, becomes in zip(columns, before, after, strict=True):
        if was != becomes:
            name = column.title if language == "zh" else ".".join(filter(None, (column.field, column.part)))
            yield _change(name, old is None, was, becomes, language)
    if has_sources(new.kind):
        yield from _sources(old, new, language)


def _change(name: str, is_new: bool, was: Cell, becomes: Cell, language: Language) -> str:  # noqa: FBT001 - what the line is about, not a switch
    told = _short(becomes, language)
    return f"  {name}：{told}" if is_new else f"  {name}：{_short(was, language)} → {told}"


def _short(cell: Cell, language: Language) -> str:
    if cell is None:
        return EMPTY.to(language)
    text = " ⏎ ".join(str(cell).splitlines())
    return text if len(text) <= ENOUGH else f"{text[:ENOUGH]}…"


def _sources(old: Row | None, new: Row, language: Language) -> Iterator[str]:
    before = [_line(cells) for cells in sources_of(old.kind, old)] if old is not None else []
    after = [_line(cells) for cells in sources_of(new.kind, new)]
    name = SOURCES if language == "zh" else "sources"
    yield from (f"  {name} - {line}" for line in before if line not in after)
    yield from (f"  {name} + {line}" for line in after if line not in before)
    if before != after and sorted(before) == sorted(after):
        yield f"  {name}：" + Said("in another order", "次序不同").to(language)


def _line(cells: list[Any]) -> str:
    return "｜".join("、".join(str(cell).splitlines()) for cell in cells if cell is not None)
