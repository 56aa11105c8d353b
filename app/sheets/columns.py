"""Which columns a table has: they follow from what people write about a kind, and are called as on the wire."""

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.catalogue import KINDS
from app.provenance import Source
from app.sheets.cells import Cell, Form, is_empty, read, written
from app.sheets.kinds import SHOWN
from app.sheets.words import LABELS, TITLES

FORMS: dict[type, Form] = {str: "text", bool: "boolean", int: "integer", float: "number", date: "day"}


@dataclasses.dataclass(frozen=True)
class Column:
    """One column: the field, or the part of a field, that it holds."""

    field: str
    part: str | None
    title: str
    form: Form
    description: str
    required: bool = False
    nullable: bool = False
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def written(self, value: Any) -> Cell:  # noqa: ANN401 - any field's value
        if value is None or (value == [] and not self.nullable):
            return None
        return written(self.form, value, self.labels)

    def read(self, cell: Cell) -> Any:  # noqa: ANN401 - any field's value
        """The value; None for an empty cell."""
        return None if is_empty(cell) else read(self.form, cell, self.labels)


@cache
def columns_of(kind: str) -> tuple[Column, ...]:
    """The columns of a kind's table; its sources have a table of their own."""
    content = KINDS[kind].content
    titles = {name: info.title for name, info in SHOWN[kind].resource.model_fields.items()}
    descriptions = {name: info.description for name, info in SHOWN[kind].resource.model_fields.items()}
    columns: list[Column] = []
    for name, info in content.model_fields.items():
        if name != "sources":
            title = titles.get(name) or TITLES.get(name) or name
            columns += _columns(name, info, title, descriptions.get(name) or info.description or "")
    # The slug first, what all kinds have besides it last.
    last = ("valid_from", "change_note")
    return tuple(sorted(columns, key=lambda c: (c.field in last, c.field != "slug")))


@cache
def columns_of_sources() -> tuple[Column, ...]:
    """The columns of a source; the fields that it speaks for are called as their own columns are."""
    columns: list[Column] = []
    for name, info in Source.model_fields.items():
        columns += _columns(name, info, info.title or name, info.description or "")
    return tuple(columns)


def field_titles(kind: str) -> dict[str, str]:
    """What the fields of a kind are called, as far as that tells them apart."""
    titles = {column.field: column.title.partition("·")[0] for column in columns_of(kind)}
    told = list(titles.values())
    return {name: title for name, title in titles.items() if told.count(title) == 1}


def has_sources(kind: str) -> bool:
    return "sources" in KINDS[kind].content.model_fields


def _columns(name: str, info: FieldInfo, title: str, description: str) -> Iterator[Column]:
    inner, nullable = unwrapped(info.annotation)
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        for part, of in inner.model_fields.items():
            for column in _columns(
                part, of, f"{title}·{TITLES.get(part) or of.title or part}", of.description or ""
            ):
                yield Column(
                    name, part, column.title, column.form, column.description,
                    nullable=True, labels=column.labels,
                )  # fmt: skip
        return
    form, labels = _form(inner)
    yield Column(name, None, title, form, description, info.is_required(), nullable, labels)


def _form(inner: Any) -> tuple[Form, dict[str, str]]:  # noqa: ANN401 - any annotation
    if get_origin(inner) is Literal:
        return "choice", {value: LABELS.get(value, value) for value in get_args(inner)}
    if get_origin(inner) is list and unwrapped(get_args(inner)[0])[0] is str:
        return "lines", {}
    return FORMS.get(inner, "json"), {}


def unwrapped(annotation: Any) -> tuple[Any, bool]:  # noqa: ANN401 - any annotation
    """The type without constraints and null, and whether null was among it."""
    nullable = False
    while get_origin(annotation) in (Annotated, Union, UnionType):
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
            continue
        some = [part for part in get_args(annotation) if part is not NoneType]
        nullable = nullable or len(some) < len(get_args(annotation))
        if len(some) > 1:
            return object, nullable
        annotation = some[0]
    return annotation, nullable
