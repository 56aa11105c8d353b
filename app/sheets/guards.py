"""What is looked at before a workbook or an archive is opened: it must be harmless first.

An archive's own list of contents bounds what reading it can cost, since no more is ever unpacked than is declared.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from xml.parsers import expat

from app.errors import Invalid

MEGABYTE = 1 << 20
LARGEST_FILE, LARGEST_WHOLE, MOST_MEMBERS = 64 * MEGABYTE, 128 * MEGABYTE, 1000
# Tables shrink to a twentieth; what shrinks to a five-hundredth was made to.
LARGEST_RATIO, RATIO_FROM = 500, 4 * MEGABYTE
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 200_000, 200, 3_000_000
MOST_FINDINGS = 20

COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# Parts of a workbook that run, fetch or hide something.
HARMFUL = re.compile(
    r"vbaProject|macrosheets/|externalLinks/|connections\.xml|queryTables/|embeddings/|activeX/|ctrlProps/|webextensions/",
    re.IGNORECASE,
)
MACROS = re.compile(r"vbaProject|macrosheets/", re.IGNORECASE)
CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def refused(en: str, zh: str) -> Invalid:
    return Invalid(f"{en} Nothing was read from it.", f"{zh}未读取任何内容。")


def check_file(file: Path) -> None:
    """Raises `Invalid` for what is too large to be looked at."""
    if file.stat().st_size > LARGEST_FILE:
        raise refused(
            f"The file is larger than {LARGEST_FILE // MEGABYTE} MB: split it.",
            f"文件超过 {LARGEST_FILE // MEGABYTE} MB，请拆分。",
        )


def open_archive(file: Path) -> zipfile.ZipFile:
    """The archive, if nothing in its list of contents speaks against opening it."""
    check_file(file)
    if not zipfile.is_zipfile(file):
        raise _no_archive(file)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise _damaged() from None
    try:
        _check_members(archive.infolist())
    except Invalid:
        archive.close()
        raise
    return archive


def _no_archive(file: Path) -> Invalid:
    with file.open("rb") as start:
        beginning = start.read(MEGABYTE)
    if beginning.startswith(COMPOUND_FILE) and ENCRYPTED in beginning:
        return refused(
            "The workbook is protected with a password: save it without one.",
            "工作簿设有打开密码，请取消密码后另存。",
        )
    if beginning.startswith(COMPOUND_FILE):
        return refused(
            "This is a workbook of the old kind (.xls): save it as .xlsx.",
            "这是旧格式（.xls）的工作簿，请另存为“Excel 工作簿（.xlsx）”。",
        )
    return refused(
        "This is no workbook: save it as .xlsx in Excel or WPS.",
        "这不是 Excel 工作簿，请在 Excel 或 WPS 中另存为 .xlsx。",
    )


def _damaged() -> Invalid:
    return refused(
        "The file is damaged: open it in Excel or WPS and save it anew.",
        "文件已损坏，请在 Excel 或 WPS 中打开后重新保存。",
    )


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > LARGEST_WHOLE:
        raise refused(
            f"Unpacked, it would have more than {MOST_MEMBERS} parts or {LARGEST_WHOLE // MEGABYTE} MB.",
            f"解压后超过 {MOST_MEMBERS} 个部件或 {LARGEST_WHOLE // MEGABYTE} MB。",
        )
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise refused("Two of its parts have the same name.", "其中有两个部件同名。")
    for member in members:
        path = PurePosixPath(member.orig_filename)
        if path.is_absolute() or ".." in path.parts or re.search(r"[\\:\x00]", member.orig_filename):
            raise refused(
                "A part of it would be unpacked to another place.",
                "其中有部件的路径指向别处，可能被人做过手脚。",
            )
        if member.flag_bits & 1:
            raise refused("It is protected with a password: remove it.", "文件设有密码，请取消密码后再试。")
        if member.file_size > RATIO_FROM and member.file_size > LARGEST_RATIO * member.compress_size:
            raise refused(
                "A part of it is packed far more densely than any table: it is not opened.",
                "其中有部件的压缩比异常，疑为“压缩炸弹”。",
            )


@dataclass
class Worn:
    """What was found in one part: where it has formulas and merged cells, how many columns, and its last row that
    says anything: programs write on, with empty rows, to the last one that a sheet can have.
    """

    formulas: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    width: int = 0
    height: int = 0


def check_workbook(archive: zipfile.ZipFile) -> dict[str, Worn]:
    """Looks through every part once; what worksheets have that tables must not, by the part's name."""
    for member in archive.infolist():
        if MACROS.search(member.filename):
            raise refused(
                "The workbook has macros: save it as .xlsx, without them.",
                "工作簿含有宏，请另存为不含宏的“Excel 工作簿（.xlsx）”。",
            )
        if HARMFUL.search(member.filename):
            raise refused(
                "The workbook has links to other files, queries or embedded objects: remove them.",
                "工作簿含有指向其他文件的链接、数据连接或嵌入对象，请删除后再试。",
            )
        if member.filename.startswith("xl/chartsheets/"):
            raise refused(
                "The workbook has a sheet that is nothing but a chart: delete it.",
                "工作簿中有图表工作表（整张都是图），请删除后再试。",
            )
    if "[Content_Types].xml" not in archive.namelist():
        raise refused("This is no workbook.", "这不是 Excel 工作簿。")
    worn: dict[str, Worn] = {}
    for member in archive.infolist():
        if member.filename.endswith((".xml", ".rels", ".vml")):
            worn[member.filename] = Part().parse(archive, member)
    return worn


class Part:
    """One XML part, read through without keeping it."""

    def __init__(self) -> None:
        self.root = ""
        self.worn = Worn()
        self.cell = ""
        self.rows = self.row = self.column = self.cells = 0

    def parse(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Worn:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._element
        try:
            with archive.open(member) as part:
                parser.ParseFile(part)
        except (expat.ExpatError, zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError):
            raise _damaged() from None
        except Exception as error:
            if isinstance(error, Invalid):
                raise
            raise _damaged() from None
        return self.worn

    def _doctype(self, *_: Any) -> None:  # noqa: ANN401 - expat's own arguments
        raise refused(
            "The workbook defines entities, which no spreadsheet writes.",
            "工作簿中含有实体定义，正常软件不会写出这样的文件。",
        )

    def _element(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "Relationship" and attributes.get("TargetMode") == "External":
            if not attributes.get("Type", "").endswith("/hyperlink"):
                raise refused(
                    "The workbook refers to another file.", "工作簿引用了其他文件，请断开链接后再试。"
                )
        elif name in ("Override", "Default") and "macroEnabled" in attributes.get("ContentType", ""):
            raise refused(
                "The workbook may hold macros: save it as .xlsx.",
                "这是启用宏的工作簿，请另存为“Excel 工作簿（.xlsx）”。",
            )
        self.root = self.root or name
        if self.root == "worksheet":
            self._in_sheet(name, attributes)

    def _in_sheet(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self.cell = attributes.get("r", "")
            place = CELL.fullmatch(self.cell)
            if self.cell and place is None:
                raise _damaged()
            self.cells += 1
            self.column = column_number(place[1]) if place else self.column + 1
            self.worn.width = max(self.worn.width, self.column)
            if self.column > MOST_COLUMNS or self.cells > MOST_CELLS:
                raise _too_large()
        elif name == "row":
            self.rows += 1
            self.column = 0
            number = attributes.get("r", str(self.row + 1))
            if self.rows > MOST_ROWS or not number.isdecimal():
                raise _too_large()
            self.row = int(number[:8])
        elif name in ("v", "is", "f"):
            if self.row > MOST_ROWS:
                raise _too_large()
            self.worn.height = max(self.worn.height, self.row)
            if name == "f" and len(self.worn.formulas) < MOST_FINDINGS:
                self.worn.formulas.append(self.cell)
        elif name == "mergeCell" and len(self.worn.merged) < MOST_FINDINGS:
            self.worn.merged.append(attributes.get("ref", ""))


def _too_large() -> Invalid:
    return refused(
        f"A sheet has more than {MOST_ROWS} rows or {MOST_COLUMNS} columns: delete the empty rows and columns "
        "beyond the table, or split it.",
        f"工作表超过 {MOST_ROWS} 行或 {MOST_COLUMNS} 列：请删除表格以外的空行空列，或拆分文件。",
    )


def column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def members_of(archive: zipfile.ZipFile, ending: str) -> Iterator[zipfile.ZipInfo]:
    """The files in an archive that end so."""
    return (member for member in archive.infolist() if member.filename.lower().endswith(ending))
