"""Writing an export to the disk: whole files only, and never over somebody's work."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from app.errors import Invalid
from app.sheets.csvs import write_folder, write_zip
from app.sheets.formats import FORMATS
from app.sheets.tables import Chosen
from app.sheets.workbook import write_workbook


def write_out(chosen: Sequence[Chosen], name: str, target: Path, *, overwrite: bool) -> list[Path]:
    """Writes a workbook, an archive, one file for one kind, or a folder with a file for each; which it wrote."""
    archive = name == "csv" and target.suffix.lower() == ".zip"
    alone = target.suffix.lower() == f".{name}"
    if name == "xlsx" or archive:
        several: Callable[[IO[bytes], Sequence[Chosen]], None] = write_zip if archive else write_workbook
        return _into(target.parent, overwrite, {target.name: lambda file: several(file, chosen)})
    if alone and len(chosen) != 1:
        raise Invalid(
            f"A file .{name} holds one kind: name it with --kind, or name a folder instead of a file.",
            f".{name} 文件只能含一个类别：请用 --kind 指定，或改为指定一个文件夹。",
        )
    write = FORMATS[name].write
    if alone:
        return _into(target.parent, overwrite, {target.name: lambda file: write(file, chosen[0])})
    if name == "csv":
        with _beside(target) as scratch:
            return _moved(write_folder(scratch, chosen), target, overwrite=overwrite)
    return _into(target, overwrite, {f"{some.kind}.{name}": _one(write, some) for some in chosen})


def _one(write: Callable[[IO[bytes], Chosen], None], some: Chosen) -> Callable[[IO[bytes]], None]:
    return lambda file: write(file, some)


def _into(folder: Path, overwrite: bool, files: dict[str, Callable[[IO[bytes]], None]]) -> list[Path]:  # noqa: FBT001 - handed on as it was asked for
    _refuse_existing([folder / name for name in files], overwrite=overwrite)
    with _beside(folder) as scratch:
        for name, write in files.items():
            with (scratch / name).open("wb") as file:
                write(file)
        return _moved([scratch / name for name in files], folder, overwrite=overwrite)


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A folder for what is not whole yet, on the same disk."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".export-") as scratch:
            yield Path(scratch)
    except OSError as error:
        raise Invalid(
            f"{folder}: {error.strerror or 'cannot be written to'}.",
            f"{folder}：无法写入（{error.strerror}）。",
        ) from error


def _moved(written: Sequence[Path], folder: Path, *, overwrite: bool) -> list[Path]:
    targets = [folder / file.name for file in written]
    _refuse_existing(targets, overwrite=overwrite)
    for file, target in zip(written, targets, strict=True):
        os.replace(file, target)  # noqa: PTH105 - Path.replace says the same
    return targets


def _refuse_existing(targets: Sequence[Path], *, overwrite: bool) -> None:
    there = [str(target) for target in targets if target.exists()]
    if there and not overwrite:
        raise Invalid(
            f"{there[0]} is there already, perhaps with somebody's changes: choose another name, or say --overwrite.",
            f"{there[0]} 已存在，其中可能有未发布的改动：请换一个名称，或加 --overwrite 覆盖。",
        )
