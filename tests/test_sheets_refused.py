"""Half-edited and hostile workbooks and CSV files are refused, with what is wrong and what to do, and cost nothing."""

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from app.concepts.models import ConceptVersion
from app.errors import Invalid
from app.paging import Listing
from app.sheets import guards
from app.sheets.book import load
from app.sheets.csvs import write_csv
from app.sheets.opening import open_tables
from app.sheets.tables import Chosen
from app.sheets.workbook import write_workbook
from app.versioning import At

AT = At(date(2024, 6, 1), 1)


def concepts() -> Chosen:
    rows = [
        ConceptVersion(
            slug=f"concept-{n}",
            name="扫雪",
            category=None,
            valid_from=date(2021, 1, 1),
            change_note=None,
            version=1,
            release=1,
        )
        for n in range(3)
    ]
    return Chosen("concepts", AT, lambda: iter([Listing(AT, rows, 3, None)]), lambda found: found)


@cache
def workbook() -> bytes:
    file = io.BytesIO()
    write_workbook(file, [concepts()])
    return file.getvalue()


@cache
def table() -> bytes:
    file = io.BytesIO()
    write_csv(file, concepts())
    return file.getvalue()


def repacked(change: Callable[[str, bytes], bytes | None], more: dict[str, bytes] | None = None) -> bytes:
    """The workbook with parts changed, left out or added."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook())) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in (more or {}).items():
            new.writestr(name, content)
    return file.getvalue()


def keep(_: str, content: bytes) -> bytes:
    return content


def in_sheet(before: str, after: str) -> bytes:
    """The concepts' sheet with some of its XML replaced."""

    def change(name: str, content: bytes) -> bytes:
        if name != "xl/worksheets/sheet2.xml":
            return content
        assert before.encode() in content
        return content.replace(before.encode(), after.encode(), 1)

    return repacked(change)


def everywhere(before: str, after: str) -> bytes:
    return repacked(lambda _, content: content.replace(before.encode(), after.encode()))


def bomb() -> bytes:
    return repacked(keep, {"xl/media/picture.bin": b"\0" * (16 << 20)})


def many_members() -> bytes:
    return repacked(keep, {f"xl/media/{n}.bin": b"" for n in range(1001)})


def declared(size: int) -> bytes:
    """A workbook whose list of contents says that a part is as large as that."""
    content = bytearray(workbook())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = size.to_bytes(4, "little")
    return bytes(content)


def encrypted_part() -> bytes:
    content = bytearray(workbook())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 8] |= 1
    return bytes(content)


DTD = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet'
LINK = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/oleObject" '
    'Target="file:///etc/passwd" TargetMode="External"/></Relationships>'
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
FIRST = '<row r="2"'
REFUSED: list[tuple[str, str, Callable[[], bytes]]] = [
    ("zip bomb", "压缩比异常", bomb),
    ("too many parts", "超过 1000 个部件", many_members),
    ("declared huge", "超过 1000 个部件或 128 MB", lambda: declared(200 << 20)),
    ("lies about its size", "已损坏", lambda: declared(10)),
    ("part with a password", "设有密码", encrypted_part),
    ("workbook with a password", "设有打开密码", lambda: OLE + "EncryptedPackage".encode("utf-16-le")),
    ("old workbook", "旧格式（.xls）", lambda: OLE),
    ("no archive", "这不是 Excel 工作簿", lambda: b"slug,name\r\n"),
    ("empty", "这不是 Excel 工作簿", lambda: b""),
    ("cut off", "这不是 Excel 工作簿", lambda: workbook()[: len(workbook()) // 2]),
    ("another archive", "这不是 Excel 工作簿", lambda: repacked(lambda n, c: None if n.startswith("[") else c)),
    ("parts missing", "无法读取工作簿", lambda: repacked(lambda n, c: None if n == "xl/workbook.xml" else c)),
    ("path traversal", "路径指向别处", lambda: repacked(keep, {"../../etc/cron.d/x": b""})),
    ("absolute path", "路径指向别处", lambda: repacked(keep, {"/etc/x.xml": b""})),
    ("windows path", "路径指向别处", lambda: repacked(keep, {"C:\\x.xml": b""})),
    ("macros", "工作簿含有宏", lambda: repacked(keep, {"xl/vbaProject.bin": b"x"})),
    ("macros in disguise", "启用宏的工作簿", lambda: everywhere("sheet.main+xml", "sheet.macroEnabled.main+xml")),
    ("external link", "指向其他文件的链接", lambda: repacked(keep, {"xl/externalLinks/externalLink1.xml": b"<a/>"})),
    ("query", "数据连接", lambda: repacked(keep, {"xl/connections.xml": b"<a/>"})),
    ("embedded object", "嵌入对象", lambda: repacked(keep, {"xl/embeddings/oleObject1.bin": b"x"})),
    ("reference outside", "引用了其他文件", lambda: repacked(keep, {"xl/worksheets/_rels/s.xml.rels": LINK.encode()})),
    ("entities", "含有实体定义", lambda: in_sheet("<worksheet", DTD)),
    ("no XML", "已损坏", lambda: in_sheet("</sheetData>", "")),
    ("a row far below", "超过 200000 行", lambda: in_sheet(FIRST, '<row r="1048576"')),
    ("a column far right", "200 列", lambda: in_sheet('<c r="A2"', '<c r="XFD2"')),
    ("a million rows", "超过 200000 行", lambda: in_sheet(FIRST, "<row/>" * 200_001 + FIRST)),
    ("a sheet that is a chart", "图表工作表", lambda: repacked(keep, {"xl/chartsheets/sheet1.xml": b"<a/>"})),
    ("no cell", "已损坏", lambda: in_sheet('<c r="A2"', '<c r="A-2"')),
    ("not a number", "无法读取工作簿", lambda: in_sheet(FIRST, '<row><c><v>x</v></c></row>' + FIRST)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "make"), [(s, m) for _, s, m in REFUSED], ids=[name for name, _, _ in REFUSED]
)
def test_what_must_not_be_opened_is_refused(tmp_path: Path, said: str, make: Callable[[], bytes]) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(make())
    with pytest.raises(Invalid) as refused:
        load(path)
    assert said in refused.value.detail.zh
    assert refused.value.detail.zh.endswith("未读取任何内容。")
    assert refused.value.detail.en.endswith("Nothing was read from it.")


@pytest.mark.parametrize("ending", [".xlsm", ".xlsb", ".xltm"])
def test_workbooks_that_may_hold_macros_are_known_by_their_name(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"list{ending}"
    path.write_bytes(workbook())
    with pytest.raises(Invalid, match="macros"):
        load(path)


def test_a_bomb_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(bomb())
    tracemalloc.start()
    with pytest.raises(Invalid):
        load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "LARGEST_FILE", 1000)
    for name, content in (("list.xlsx", workbook()), ("服务概念.csv", table() * 10)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Invalid, match="larger than"):
            load(tmp_path / name)


# --- a workbook whose tables are not in order ------------------------------------------------------------------


def edited(path: Path, change: Callable[[Any], None]) -> list[str]:
    """What is said of the workbook after a change in it."""
    path.write_bytes(workbook())
    book = load_workbook(path)
    change(book)
    book.save(path)
    return said_of(path)


def said_of(path: Path) -> list[str]:
    book = load(path)
    book.faults = book.said.faults
    return book.lines([], "zh")


def rename(book: Any) -> None:
    book["服务概念"]["B1"] = "名字"


def repeat(book: Any) -> None:
    book["服务概念"]["D1"] = "名称"


def stray(book: Any) -> None:
    book["服务概念"]["Z3"] = "随手一记"


def merge(book: Any) -> None:
    book["服务概念"].merge_cells("B2:B3")


def double(book: Any) -> None:
    book["服务概念"]["A3"] = "concept-0"


def two_exports(book: Any) -> None:
    book["服务概念"]["H3"] = 2


def unknown_sheet(book: Any) -> None:
    book.create_sheet("Sheet1")["A1"] = "x"


def empty_sheet(book: Any) -> None:
    for row in book["服务概念"]["A1:H4"]:
        for cell in row:
            cell.value = None


def nul(book: Any) -> None:
    book["服务概念"]["B2"] = "扫_x0000_雪"


def half_a_character(book: Any) -> None:
    book["服务概念"]["B2"] = "扫_xD800_雪"


def formula(book: Any) -> None:
    book["服务概念"]["B2"] = "=HYPERLINK(A1)"


def percentage(book: Any) -> None:
    book["服务概念"]["B2"] = 0.95
    book["服务概念"]["B2"].number_format = "0.00%"


def half_a_withdrawal(book: Any) -> None:
    book["撤销"].append(["服务", "concept-0", "某日", None])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rename, ["服务概念 第1行：缺少以下列，或表头被改名：名称。请恢复", "服务概念 第1行 B列（名字）：此表没有这一列"]),
        (repeat, ["服务概念 第1行：缺少以下列，或表头被改名：别名。", "服务概念 第1行：表头中有重复的列名。"]),
        (stray, ["服务概念 第3行 Z列：此列没有表头"]),
        (merge, ["服务概念 第2行 B列（名称）：是合并单元格：请取消合并"]),
        (double, ["服务概念 第3行 A列（标识）：与第2行的标识重复。"]),
        (two_exports, ["服务概念 第3行 H列（查询发布号）：此行与前面的行不是同一次导出的"]),
        (unknown_sheet, ["Sheet1：不认识这个工作表或文件：请删除，或改回原名"]),
        (empty_sheet, ["服务概念 第1行：缺少以下列"]),
        (nul, ["服务概念 第2行 B列（名称）：含有空字符（NUL）"]),
        (half_a_character, ["服务概念 第2行 B列（名称）：含有空字符（NUL）或不完整的字符"]),
        (formula, ["服务概念 第2行 B列（名称）：含有公式：请复制后“选择性粘贴”为数值。"]),
        (percentage, ["服务概念 第2行 B列（名称）：是百分比格式，软件实际保存的是它的百分之一"]),
        (half_a_withdrawal, ["撤销 第2行 A列（类别）：请从下拉列表中选择类别", "撤销 第2行 C列（撤销日期）：应为日期"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_a_table_that_is_not_in_order(tmp_path: Path, change: Callable[[Any], None], said: list[str]) -> None:
    lines = edited(tmp_path / "list.xlsx", change)
    assert len(lines) == len(said), lines
    for line, expected in zip(lines, said, strict=True):
        assert line.startswith(expected), line


def test_what_harms_nothing_is_taken(tmp_path: Path) -> None:
    """Another order of columns, a filter, blank lines, colours, notes in the sheet that explains, a web address."""

    def change(book: Any) -> None:
        sheet = book["服务概念"]
        sheet.move_range("A1:B4", cols=10)
        sheet.append([])
        sheet.append([None, None, "  "])
        book["说明"]["A1"] = "=1+1"
        book["说明"].merge_cells("A1:C1")
        sheet["K2"].hyperlink = "https://example.org/"

    path = tmp_path / "list.xlsx"
    assert edited(path, change) == []
    assert sorted(load(path).said.entries["concepts"]) == ["concept-0", "concept-1", "concept-2"]


def test_rows_that_say_nothing_may_reach_to_the_end_of_the_sheet(tmp_path: Path) -> None:
    """LibreOffice writes down the height of the last row, and formats spread over whole columns."""
    path = tmp_path / "list.xlsx"
    rows = '<row r="5000"><c r="A5000" s="1"/></row><row r="1048576" ht="12.8"><c r="A1048576" s="1"/></row>'
    path.write_bytes(in_sheet("</sheetData>", f"{rows}</sheetData>"))
    assert said_of(path) == []
    (taken,) = [table for table in open_tables(path) if table.name == "服务概念"]
    assert [number for number, _ in taken.lines] == [1, 2, 3, 4]


def test_a_workbook_with_nothing_in_it(tmp_path: Path) -> None:
    book = Workbook()
    book.create_sheet("说明")
    del book["Sheet"]
    book.save(tmp_path / "list.xlsx")
    with pytest.raises(Invalid, match="no table"):
        load(tmp_path / "list.xlsx")


# --- CSV -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: table().decode("utf-8-sig").encode("gb18030"), "第1行不是 UTF-8 文本（看来是 GBK 编码）"),
        (lambda: table().decode("utf-8-sig").encode("utf-16"), "是 UTF-16 编码"),
        (lambda: table() + b"\xff\xfe\xff", "第5行不是 UTF-8 文本"),
        (lambda: table() + b"a\0b", "含有空字节"),
        (lambda: table() + b'"open', "不是有效的 CSV，双引号应成对"),
        (lambda: table() + b"," * 300, "200 列"),
        (lambda: table() + b"\r\n" * 200_000, "200000 行"),
    ],
)  # fmt: skip
def test_a_csv_file_that_cannot_be_read(tmp_path: Path, content: Callable[[], bytes], said: str) -> None:
    path = tmp_path / "服务概念.csv"
    path.write_bytes(content())
    with pytest.raises(Invalid) as refused:
        load(path)
    assert said in refused.value.detail.zh


@pytest.mark.parametrize(
    "name", ["服务概念", "concepts", "服务概念-2024-06-01-发布1 (1)", "concepts-2024-06-01-release-1"]
)
def test_a_csv_file_is_known_by_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.csv").write_bytes(table())
    assert said_of(tmp_path / f"{name}.csv") == []


def test_a_csv_file_of_another_name_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "新建.csv").write_bytes(table())
    assert said_of(tmp_path / "新建.csv")[0].startswith("新建：不认识这个工作表或文件")


def test_the_same_table_twice(tmp_path: Path) -> None:
    for name in ("服务概念", "concepts"):
        (tmp_path / f"{name}.csv").write_bytes(table())
    assert said_of(tmp_path) == ["服务概念：与“concepts”重复，请只保留一个。"]


def test_what_excel_makes_of_days_in_csv_is_read(tmp_path: Path) -> None:
    path = tmp_path / "服务概念.csv"
    path.write_bytes(table().replace(b"2021-01-01", b"2021/1/1"))
    entry = load(path).said.entries["concepts"]["concept-0"]
    assert entry.fields["valid_from"] == date(2021, 1, 1)


@pytest.mark.parametrize("name", ["../x.csv", "/x.csv", "a/../../x.csv"])
def test_an_archive_of_csv_is_looked_at_like_a_workbook(tmp_path: Path, name: str) -> None:
    path = tmp_path / "list.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, table())
    with pytest.raises(Invalid, match="another place"):
        load(path)
