"""One resource as one line of cells, and back; its sources as lines of their own."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from app.faults import Said
from app.provenance import Source
from app.sheets.cells import Cell, WrongCellError, is_empty, read, written
from app.sheets.columns import Column, columns_of_sources, field_titles
from app.versioning import Content

# What is wrong with the cell of which column.
Wrong = list[tuple[Column, Said]]


def cells_of(columns: Sequence[Column], content: Content | BaseModel) -> list[Cell]:
    """One line; parts of one field stand in columns of their own."""
    cells: list[Cell] = []
    for column in columns:
        whole = getattr(content, column.field)
        if column.part is None:
            cells.append(column.written(whole))
        elif column is _first(columns, column.field):
            cells += _spread([c for c in columns if c.field == column.field], _plain(whole))
    return cells


def _first(columns: Sequence[Column], field: str) -> Column:
    return next(column for column in columns if column.field == field)


def _spread(parts: Sequence[Column], whole: dict[str, Any] | None) -> list[Cell]:
    if whole is None:
        return [None] * len(parts)
    cells = [column.written(whole.get(str(column.part))) for column in parts]
    try:
        exact = _joined(parts, cells) == {name: value for name, value in whole.items() if value is not None}
    except WrongCellError:
        exact = False
    # What the parts cannot say, such as that all of them are empty, is written whole into the first.
    return cells if exact else [written("json", whole, {}), *[None] * (len(parts) - 1)]


def _joined(parts: Sequence[Column], cells: Sequence[Cell]) -> dict[str, Any] | None:
    first = cells[0]
    if isinstance(first, str) and first.lstrip().startswith("{"):
        if not is_blank(cells[1:]):
            raise WrongCellError(
                "Fill in the columns one by one, or all in the first one as JSON.",
                "请逐列填写，或全部以 JSON 写在第一列，二者只用其一。",
            )
        whole = read("json", first, {})
        return whole if isinstance(whole, dict) else None
    values = {str(column.part): column.read(cell) for column, cell in zip(parts, cells, strict=True)}
    return {name: value for name, value in values.items() if value is not None} or None


def _plain(value: Any) -> dict[str, Any] | None:  # noqa: ANN401 - a model, or what a database keeps of it
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def fields_of(columns: Sequence[Column], cells: Sequence[Cell]) -> tuple[dict[str, Any], Wrong]:
    """What a line says, field by field, and what is wrong with its cells."""
    fields: dict[str, Any] = {}
    wrong: Wrong = []
    by_field: dict[str, list[tuple[Column, Cell]]] = {}
    for column, cell in zip(columns, cells, strict=True):
        by_field.setdefault(column.field, []).append((column, cell))
    for field, some in by_field.items():
        parts, of_parts = [column for column, _ in some], [cell for _, cell in some]
        try:
            value = _joined(parts, of_parts) if parts[0].part else parts[0].read(of_parts[0])
        except WrongCellError as error:
            each = [(column, said) for column, cell in some if (said := _wrong(column, cell))]
            wrong += each or [(parts[0], error.said)]
            continue
        if value is not None or parts[0].nullable:
            fields[field] = value
    return fields, wrong


def _wrong(column: Column, cell: Cell) -> Said | None:
    try:
        column.read(cell)
    except WrongCellError as error:
        return error.said
    return None


def sources_of(kind: str, content: Content) -> Iterator[list[Cell]]:
    """The lines of a resource's sources; the fields they speak for are called as their columns."""
    titles = field_titles(kind)
    for raw in getattr(content, "sources", []):
        source = Source.model_validate(raw)
        called = [titles.get(field, field) for field in source.fields]
        yield cells_of(columns_of_sources(), source.model_copy(update={"fields": called}))


def source_of(kind: str, cells: Sequence[Cell]) -> tuple[dict[str, Any], Wrong]:
    """What a line says about a source."""
    source, wrong = fields_of(columns_of_sources(), cells)
    names = {title: field for field, title in field_titles(kind).items()}
    if isinstance(source.get("fields"), list):
        source["fields"] = [names.get(title, title) for title in source["fields"]]
    return source, wrong


def sources_cell(content: Content) -> Cell:
    """All sources of a resource in one cell, for a table that stands alone."""
    sources = [
        Source.model_validate(raw).model_dump(exclude_none=True) for raw in getattr(content, "sources", [])
    ]
    return written("json", sources, {}) if sources else None


def is_blank(cells: Sequence[Cell]) -> bool:
    return all(is_empty(cell) for cell in cells)
