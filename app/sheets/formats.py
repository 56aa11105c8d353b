"""The formats that a whole list is given in, and how each is written into a file."""

from collections.abc import Callable
from typing import IO, NamedTuple

from app.errors import Invalid
from app.sheets.csvs import write_csv
from app.sheets.tables import Chosen
from app.sheets.workbook import write_workbook


class Format(NamedTuple):
    """How a format is called on the web, and what writes it."""

    media_type: str
    write: Callable[[IO[bytes], Chosen], None]


def write_json(file: IO[bytes], chosen: Chosen) -> None:
    """The list as its pages are, all of it on one."""
    total = 0
    file.write(b'{"items":[')
    for item in chosen.items():
        file.write(b",\n" if total else b"\n")
        file.write(item.model_dump_json(by_alias=True).encode())
        total += 1
    at = chosen.at
    ending = f'\n],"total":{total},"on":"{at.on.isoformat()}","release":{at.release},"next":null}}\n'
    file.write(ending.encode())


def write_ndjson(file: IO[bytes], chosen: Chosen) -> None:
    """One resource a line."""
    for item in chosen.items():
        file.write(item.model_dump_json(by_alias=True).encode() + b"\n")


def write_xlsx(file: IO[bytes], chosen: Chosen) -> None:
    write_workbook(file, [chosen])


def write_parquet(file: IO[bytes], chosen: Chosen) -> None:
    """Columns with types; needs the extra `parquet`."""
    try:
        from app.sheets.parquet import write
    except ImportError:
        raise Invalid.parameter(
            "format",
            "This installation cannot write parquet: install the extra, `pip install public-service-catalogue[parquet]`.",
            "本安装不能输出 parquet：请安装附加组件 public-service-catalogue[parquet]。",
        ) from None
    write(file, chosen)


FORMATS = {
    "json": Format("application/json", write_json),
    "csv": Format("text/csv; charset=utf-8", write_csv),
    "ndjson": Format("application/x-ndjson", write_ndjson),
    "xlsx": Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
    "parquet": Format("application/vnd.apache.parquet", write_parquet),
}
