"""Parquet: the resources as they go over the wire, in typed columns, nested where they are nested.

pyarrow is large and only this format needs it, so it is an extra and nothing else imports this file.
"""

import json
from datetime import date, datetime
from typing import IO, Any, Literal, get_args, get_origin

import pyarrow as pa
from pyarrow.parquet import ParquetWriter
from pydantic import BaseModel

from app.sheets.columns import unwrapped
from app.sheets.kinds import SHOWN
from app.sheets.tables import Chosen

TYPES: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
}


def write(file: IO[bytes], chosen: Chosen) -> None:
    """Writes a group of rows for each chunk."""
    model = SHOWN[chosen.kind].resource
    schema = pa.schema(
        [
            pa.field(name, _type(info.annotation), metadata={"title": info.title or name})
            for name, info in model.model_fields.items()
        ],
        metadata={"on": chosen.at.on.isoformat(), "release": str(chosen.at.release), "kind": chosen.kind},
    )
    with ParquetWriter(file, schema, compression="zstd") as writer:
        for chunk in chosen.chunks():
            items = chunk.page(list(chosen.present(chunk.rows))).items
            lines = [{name: _plain(getattr(item, name)) for name in schema.names} for item in items]
            writer.write_table(pa.Table.from_pylist(lines, schema=schema))


def _type(annotation: Any) -> pa.DataType:  # noqa: ANN401 - any annotation
    inner, _ = unwrapped(annotation)
    if get_origin(inner) is list:
        return pa.list_(_type(get_args(inner)[0]))
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return pa.struct([(name, _type(info.annotation)) for name, info in inner.model_fields.items()])
    if get_origin(inner) is Literal:
        return pa.string()
    # What has no fixed shape, such as a condition, is JSON text.
    return TYPES.get(inner, pa.string())


def _plain(value: Any) -> Any:  # noqa: ANN401 - any field's value
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
