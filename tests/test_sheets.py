"""Tables out and in: what was not edited says nothing, what was is checked, shown and published."""

import io
import os
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal, get_args, get_origin
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from sqlalchemy import Engine, select
from sqlmodel import Session, col

from app.catalogue import KINDS
from app.cli import main
from app.errors import Conflict, Invalid
from app.paging import Listing
from app.publishing import Published, publish
from app.sheets.book import load
from app.sheets.cells import EXACT, read, written
from app.sheets.columns import columns_of, unwrapped
from app.sheets.csvs import guarded, unguarded, write_csv, write_folder, write_zip
from app.sheets.exporting import write_out
from app.sheets.places import Taken
from app.sheets.selection import select_kinds
from app.sheets.tables import Chosen, header, noun
from app.sheets.words import CONTINUED
from app.sheets.workbook import write_workbook
from app.versioning import At, Content, Name, Release, latest_release
from tests.changes import concept, put
from tests.stores import LIZHOU, Store

AT = At(date(2024, 6, 1), 1)
SERVICE = "lizhou-2021-support-temporary-assistance"

# --- every document comes back as it was -----------------------------------------------------------------------

TRICKY = [
    "=1+1", "'=1", "''@x", "-", "+86", "@a", "＝和", "001", "510802", "1e5", "2024-06-01", "是", "{}", "[", '{"a": 1}',
    "_x0041_", "_x005F_", "a\rb", "a\x07b", "a\x85b", "a\u2028b", "\ufeffa", "\ufffe", "𠮷", "#N/A", "TRUE", CONTINUED,
    'say "yes", or\tno', "a  b", "<a&b>", "１２", "\x1fa",
]  # fmt: skip
ANY_TEXT = st.sampled_from(TRICKY) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30
)
NAME: TypeAdapter[str] = TypeAdapter(Name)


def is_name(text: str) -> bool:
    try:
        return NAME.validate_python(text) == text
    except ValidationError:
        return False


NAMES = ANY_TEXT.filter(is_name)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.1 + 0.2, 1e22, -0.0, 95.0])
# What no database keeps is refused on the way in.
JSONS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)


def values(annotation: Any, constraints: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one for each form of a field
    """Whatever a field of this type may hold."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return values(inner, (*constraints, *more))
    inner, nullable = unwrapped(annotation)
    if nullable:
        some = [part for part in get_args(annotation) if part is not type(None)]
        return st.none() | values(some[0], constraints)
    if get_origin(inner) is Literal:
        return st.sampled_from(get_args(inner))
    if get_origin(inner) is list:
        return st.lists(values(get_args(inner)[0]), max_size=3)
    if inner == dict[str, str]:
        return st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=3)
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return documents(inner)
    simple = {
        bool: st.booleans(),
        int: st.integers(1, 2**31 - 1),
        float: NUMBERS,
        date: st.dates(),
        str: texts(constraints),
    }
    return simple.get(inner, st.dictionaries(ANY_TEXT, JSONS, max_size=3))


def texts(constraints: tuple[Any, ...]) -> st.SearchStrategy[str]:
    pattern = next((c.pattern for c in constraints if getattr(c, "pattern", None)), None)
    if pattern is None:
        return ANY_TEXT
    if pattern.startswith(r"^\S"):
        return NAMES
    ascii_only = st.characters(max_codepoint=127)
    return st.from_regex(pattern, fullmatch=True, alphabet=ascii_only).filter(
        lambda text: text[-1] != "\n" and len(text) < 60
    )


def documents(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    def of(info: FieldInfo) -> st.SearchStrategy[Any]:
        found = values(info.annotation, tuple(info.metadata))
        # A source speaks for at least one field.
        return found.filter(bool) if any(getattr(m, "min_length", 0) for m in info.metadata) else found

    return st.fixed_dictionaries({name: of(info) for name, info in model.model_fields.items()}).map(
        model.model_validate
    )


def chosen(kind: str, contents: list[Content]) -> Chosen:
    rows = [KINDS[kind].row(**content.model_dump(), version=1, release=1) for content in contents]
    return Chosen(kind, AT, lambda: iter([Listing(AT, rows, len(rows), None)]), lambda found: found)


def comes_back(path: Path, kind: str) -> list[Content]:
    book = load(path)
    assert book.said.faults == []
    entries = book.said.entries[kind].values()
    assert {entry.taken for entry in entries} == {Taken(*AT)}
    return [KINDS[kind].content.model_validate(entry.fields) for entry in entries]


@pytest.mark.parametrize("kind", KINDS)
def test_any_document_comes_back_from_a_workbook_and_from_csv(
    kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp(kind)

    @settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=[Phase.generate],
    )
    @given(st.lists(documents(KINDS[kind].content), min_size=1, max_size=3, unique_by=lambda c: c.slug))
    def all_come_back(contents: list[Content]) -> None:
        some = chosen(kind, contents)
        workbook, alone, archive = folder / "list.xlsx", folder / f"{noun(kind)}.csv", folder / "list.zip"
        files = folder / "files"
        files.mkdir(exist_ok=True)
        with workbook.open("wb") as file:
            write_workbook(file, [some])
        with alone.open("wb") as file:
            write_csv(file, some)
        with archive.open("wb") as file:
            write_zip(file, [some])
        write_folder(files, [some])
        for path in (workbook, alone, archive, files):
            assert comes_back(path, kind) == contents, path

    all_come_back()


def test_a_cell_longer_than_a_spreadsheet_takes_goes_on_elsewhere(tmp_path: Path) -> None:
    condition = {"all": [{"fact": "age", "at_least": n, "quote": "年满" * 500} for n in range(60)]}
    rule = KINDS["rules"].content.model_validate(
        {"slug": "a-rule", "valid_from": "2021-01-01", "plan": "p", "service": "s", "strength": "pilot",
         "condition": condition}
    )  # fmt: skip
    with (tmp_path / "list.xlsx").open("wb") as file:
        write_workbook(file, [chosen("rules", [rule])])
    assert comes_back(tmp_path / "list.xlsx", "rules") == [rule]
    for sheet in load_workbook(tmp_path / "list.xlsx").worksheets:
        assert all(len(str(cell.value)) <= 32_767 for row in sheet for cell in row)


@given(ANY_TEXT)
@example("'=")
@example("'")
def test_a_guard_is_taken_away_exactly(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in {"=", "+", "-", "@", "\t", "\r"}


@given(NUMBERS | st.integers(-(2**31) + 1, 2**31 - 1))
def test_a_number_is_written_only_where_a_spreadsheet_keeps_it(number: float) -> None:
    form: Literal["integer", "number"] = "integer" if isinstance(number, int) else "number"
    cell = written(form, number, {})
    assert read(form, cell, {}) == number
    if isinstance(cell, float):
        assert float(f"{cell:.16g}") == number
    elif isinstance(cell, int):
        assert abs(cell) < EXACT


# --- what a workbook looks like --------------------------------------------------------------------------------


def run(url: str, *arguments: str, zh: bool = True) -> tuple[int, str]:
    """`catalogue …` in a Chinese terminal: its exit code, and all that it prints."""
    printed = io.StringIO()
    environment = {"DATABASE_URL": url, "LANG": "zh_CN.UTF-8" if zh else "en_GB.UTF-8"}
    with (
        patch.dict(os.environ, environment),
        patch.object(sys, "argv", ["catalogue", *arguments]),
        redirect_stdout(printed),
        redirect_stderr(printed),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return int(ended.value.code or 0), printed.getvalue()


@pytest.fixture
def workbook(engine: Engine, tmp_path: Path) -> Path:
    """The whole of Lizhou's catalogue, exported."""
    path = tmp_path / "list.xlsx"
    code, said = run(url_of(engine), "export", "--format", "xlsx", str(path), "--on", "2024-06-01")
    assert (code, said.strip()) == (0, str(path))
    return path


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_a_workbook_explains_itself_and_helps_to_choose(workbook: Path) -> None:
    book = load_workbook(workbook)
    assert book.sheetnames == ["说明", *(noun(kind) for kind in KINDS), "出处", "撤销", "续文"]
    about = {str(row[0]): row[1:] for row in book["说明"].iter_rows(values_only=True)}
    assert about["查询日期"][0] == "2024-06-01"
    assert about["查询发布号"][0] == "1"
    explained = [row for row in book["说明"].iter_rows(values_only=True) if row[0] == "服务项目"]
    assert [row[1] for row in explained] == [column.title for column in columns_of("services")]
    for kind in KINDS:
        sheet = book[noun(kind)]
        titles = [cell.value for cell in sheet[1]]
        assert titles == header(kind)
        assert all(any("\u4e00" <= letter <= "\u9fff" for letter in str(title)) for title in titles)
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref.startswith("A1:")
        for column in columns_of(kind):
            if column.form in ("choice", "boolean"):
                letter = get_column_letter(titles.index(column.title) + 1)
                (rule,) = [v for v in sheet.data_validations.dataValidation if f"{letter}2" in v.sqref]
                wanted = list(column.labels.values()) or ["是", "否"]
                assert rule.formula1 == f'"{",".join(wanted)}"'


def test_codes_stay_text_and_nothing_is_a_formula(workbook: Path) -> None:
    book = load_workbook(workbook)
    regions = [row[0] for row in book["行政区划"].iter_rows(min_row=2)]
    assert {cell.data_type for cell in regions} == {"s"}
    assert "510802" in {cell.value for cell in regions}
    assert all(cell.data_type in "sn" for sheet in book for row in sheet for cell in row)


def test_every_value_of_every_list_has_a_chinese_name() -> None:
    for kind in KINDS:
        for column in columns_of(kind):
            assert len(set(column.labels.values())) == len(column.labels)
            for code, label in column.labels.items():
                assert code != label, (kind, column.field, code)


# --- edit, check, diff, publish --------------------------------------------------------------------------------


def edit(path: Path, sheet: str, slug: str, title: str, value: Any) -> None:
    """Changes one cell, as a person would."""
    book = load_workbook(path)
    cell = find(book, sheet, slug, title)
    cell.value = value
    book.save(path)


def find(book: Any, sheet: str, slug: str, title: str) -> Any:
    titles = [cell.value for cell in book[sheet][1]]
    row = next(row for row in book[sheet].iter_rows(min_row=2) if slug in (row[0].value, row[1].value))
    return row[titles.index(title)]


def add(path: Path, sheet: str, *lines: dict[str, Any]) -> None:
    book = load_workbook(path)
    titles = [cell.value for cell in book[sheet][1]]
    for line in lines:
        book[sheet].append([line.get(str(title)) for title in titles])
    book.save(path)


def releases(engine: Engine) -> int:
    with Session(engine) as session:
        return len(session.scalars(select(Release)).all())


def test_what_was_not_edited_publishes_nothing(engine: Engine, workbook: Path, tmp_path: Path) -> None:
    url = url_of(engine)
    assert run(url, "diff", str(workbook)) == (0, "共新增0项，修订0项，撤销0项。\n")
    assert run(url, "publish", str(workbook)) == (0, "没有需要发布的改动：发布1已包含全部内容。\n")
    for target in ("files", "files.zip"):
        assert run(url, "export", "--format", "csv", str(tmp_path / target))[0] == 0
        assert run(url, "publish", str(tmp_path / target), zh=False) == (
            0, "Nothing to publish: release 1 says all of it.\n",
        )  # fmt: skip
    # Opened and saved by another program, it still says the same.
    book = load_workbook(workbook)
    book.save(workbook)
    assert run(url, "publish", str(workbook))[0] == 0
    assert releases(engine) == 1


def test_a_clerk_edits_checks_compares_and_publishes(engine: Engine, workbook: Path) -> None:
    url = url_of(engine)
    whole = "进一步完善临时救助制度,助力解决低收入家庭遭遇的突发性、临时性基本生活困难和其他特殊困难"
    edit(workbook, "服务项目", SERVICE, "服务内容", whole)
    edit(workbook, "服务项目", SERVICE, "变更说明", "补全为规划原文整句")
    add(
        workbook,
        "服务概念",
        {"标识": "snow-clearing", "名称": "扫雪除冰", "别名": "清雪\n除雪", "生效日期": date(2026, 1, 1)},
    )
    add(
        workbook,
        "撤销",
        {"类别": "服务概念", "标识": "medical-assistance", "撤销日期": "2030/1/1", "撤销原因": "试验"},
    )
    code, said = run(url, "check", str(workbook))
    assert (code, said) == (0, "有3处改动，没有错误。\n")
    code, said = run(url, "diff", str(workbook))
    assert code == 0
    assert said.splitlines() == [
        "新增 服务概念 snow-clearing 扫雪除冰",
        "  标识：snow-clearing",
        "  名称：扫雪除冰",
        "  别名：清雪 ⏎ 除雪",
        "  生效日期：2026-01-01",
        f"修订 服务项目 {SERVICE} 临时救助",
        f"  服务内容：{whole.removeprefix('进一步完善临时救助制度,')} → {whole}",
        "  变更说明：（空） → 补全为规划原文整句",
        "撤销 服务概念 medical-assistance 医疗救助",
        "  自2030-01-01起：试验",
        "共新增1项，修订1项，撤销1项。",
    ]
    english = run(url, "diff", str(workbook), zh=False)[1]
    assert f"revised service {SERVICE}" in english
    assert "  content：" in english
    assert run(url, "publish", str(workbook), "-m", "清单更正") == (
        0, "已作为发布2公布：新增1项，修订1项，撤销1项。\n",
    )  # fmt: skip
    assert run(url, "publish", str(workbook)) == (0, "没有需要发布的改动：发布2已包含全部内容。\n")
    before, after = versions(engine, "services", SERVICE)
    assert after.content == whole
    assert after.sources == before.sources
    with Session(engine) as session:
        release = session.get_one(Release, 2)
        assert (release.publisher, release.message) == ("tables", "清单更正")


FAULTS: list[tuple[str, str, str, Any, str]] = [
    ("服务项目", SERVICE, "服务内容", "规划没有说过的话", "（服务内容）：该值不在任何所引原文之内"),
    ("服务项目", SERVICE, "服务概念", "no-such-concept", "（服务概念）：2021-01-01没有有效的服务概念使用该标识"),
    ("服务项目", SERVICE, "列入清单", "也许", "（列入清单）：请选择“是”或“否”"),
    ("服务项目", SERVICE, "序号", "第三", "（序号）：请用阿拉伯数字填写整数"),
    ("服务项目", SERVICE, "序号", 1.5, "（序号）：请用阿拉伯数字填写整数"),
    ("服务项目", SERVICE, "序号", "9999999999", "（序号）：请用阿拉伯数字填写整数"),
    ("资格规则", f"{SERVICE}-rule", "条件", '{"all": "\\u0000"}', "（条件）：不是有效的 JSON"),
    ("资格规则", f"{SERVICE}-rule", "条件", '{"all": "\\ud800"}', "（条件）：不是有效的 JSON"),
    ("资格规则", f"{SERVICE}-rule", "条件", '{"all": [], "all": []}', "（条件）：不是有效的 JSON"),
    ("资格规则", f"{SERVICE}-rule", "条件", "[" * 20000, "（条件）：不是有效的 JSON"),
    ("服务项目", SERVICE, "生效日期", 45444, "（生效日期）：此处是数字（Excel 内部用它表示 2024-06-01）"),
    ("服务项目", SERVICE, "生效日期", "明年", "（生效日期）：应为日期"),
    ("服务项目", SERVICE, "服务领域", 510802, "（服务领域）：此处应为文字，但被软件转成了数字"),
    ("服务项目", SERVICE, "名称", date(2024, 6, 1), "（名称）：此处应为文字，但被软件转成了日期"),
    ("服务项目", SERVICE, "名称", None, "（名称）：缺少该项"),
    ("服务项目", SERVICE, "服务对象", "低收入\n家庭", "（服务对象）：请写成一行"),
    ("服务项目", SERVICE, "服务对象", "=A1", "（服务对象）：含有公式"),
    ("服务项目", SERVICE, "服务对象", "#REF!", "（服务对象）：是错误值 #REF!"),
    ("服务项目", SERVICE, "标识", "Temporary Help", "（标识）：应为小写字母和数字"),
    ("服务项目", SERVICE, "查询发布号", 9, "（查询发布号）：此行与前面的行不是同一次导出的"),
    ("服务项目", SERVICE, "查询发布号", None, "（查询发布号）：“查询日期”“查询发布号”应保持导出时的内容"),
    ("资格规则", f"{SERVICE}-rule", "约束力", "必须", "（约束力）：请从下拉列表中选择：应享、重点对象、试点"),
    ("资格规则", f"{SERVICE}-rule", "条件", '{"fact": “age”}', "（条件）：不是有效的 JSON（单元格内第1行）"),
    ("资格规则", f"{SERVICE}-rule", "条件", '{"fact": "shoe_size", "is": 1, "quote": "低"}', "（条件）：没有“shoe_size”"),
    ("出处", SERVICE, "原文", "另一句话", "该值不在任何所引原文之内"),
    ("出处", SERVICE, "所证字段", "名称\n颜色", "（所证字段 /1）：该字段无需出处"),
    ("出处", SERVICE, "依据", "推算", "（推算方法）：推算得出的值须写明推算方法"),
    ("出处", SERVICE, "类别", "服务", "（类别）：请从下拉列表中选择类别"),
    ("出处", SERVICE, "标识", "no-such-service", "该类别的表中没有此标识的条目"),
]  # fmt: skip


@cache
def exported(url: str) -> bytes:
    """Services and rules of Lizhou as a workbook, exported once."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        kinds = ("--kind", "services", "--kind", "rules")
        assert run(url, "export", str(path), *kinds, "--plan", LIZHOU, "--on", "2024-06-01")[0] == 0
        return path.read_bytes()


@pytest.fixture
def readable(sqlite_store: Store, tmp_path: Path) -> tuple[str, Path]:
    """A catalogue that is only read, and a workbook from it."""
    path = tmp_path / "list.xlsx"
    path.write_bytes(exported(sqlite_store.seeded))
    return sqlite_store.seeded, path


def check(url: str, path: Path, *, zh: bool = True) -> tuple[int, list[str]]:
    code, said = run(url, "check", str(path), zh=zh)
    return code, said.splitlines()


@pytest.mark.parametrize(("sheet", "slug", "title", "value", "said"), FAULTS)
def test_a_fault_is_said_with_sheet_row_and_column(
    readable: tuple[str, Path], sheet: str, slug: str, title: str, value: Any, said: str
) -> None:
    url, path = readable
    book = load_workbook(path)
    cell = find(book, sheet, slug, title)
    cell.value = value
    if value == "#REF!":
        cell.data_type = "e"
    row, letter = cell.row, cell.column_letter
    book.save(path)
    code, lines = check(url, path)
    assert code == 1
    (line,) = [line for line in lines if said in line]
    if said.startswith("（") and title in said.split("：", maxsplit=1)[0]:
        assert line.startswith(f"{sheet} 第{row}行 {letter}列（"), line
    assert lines[-1].endswith("未发布任何内容。")


def test_however_many_faults_there_are_all_are_counted(readable: tuple[str, Path]) -> None:
    url, path = readable
    book = load_workbook(path)
    book["出处"].delete_rows(2, book["出处"].max_row)
    book.save(path)
    code, (*faults, more, whole) = check(url, path)
    found = re.fullmatch("……另有([0-9]+)处。", more)
    assert code == 1
    assert found
    assert len(faults) == 500
    assert whole == f"共{500 + int(found[1])}处错误，未发布任何内容。"


def test_faults_are_said_in_english_too(readable: tuple[str, Path]) -> None:
    url, path = readable
    edit(path, "服务项目", SERVICE, "列入清单", "perhaps")
    code, lines = check(url, path, zh=False)
    assert code == 1
    assert "column G (列入清单): Choose 是 (yes) or 否 (no)." in lines[0]
    assert lines[1] == "1 fault; nothing was published."


# --- what others did meanwhile, and what was taken away --------------------------------------------------------


def hand_in(engine: Engine, path: Path) -> tuple[Published | None, list[str]]:
    """Publishes a file as the command does; what became of it, or what was wrong."""
    book = load(path)
    with Session(engine) as session:
        changeset = book.changeset(session, base=latest_release(session), message="Edited", publisher="clerk")
    try:
        if book.faults:
            raise Invalid.of([])
        return publish(engine, changeset), []
    except Invalid as problem:
        return None, book.lines(problem.faults, "zh")


def one_sheet(engine: Engine, path: Path, kind: str = "concepts", **narrowed: str) -> Path:
    """An export of one kind, as a workbook or, with that ending, as CSV."""
    with Session(engine) as session:
        at = At(date(2024, 6, 1), latest_release(session))
        some = select_kinds(session, at, [kind], narrowed.get("plan"), None)
        write_out(some, path.suffix.removeprefix("."), path, overwrite=True)
    return path


def versions(engine: Engine, kind: str, slug: str) -> list[Any]:
    with Session(engine) as session:
        row = KINDS[kind].row
        return list(session.scalars(select(row).where(col(row.slug) == slug).order_by(col(row.version))))


def test_only_what_was_changed_counts(engine: Engine, tmp_path: Path) -> None:
    """A colleague's correction of another line stays; one of the same line is a conflict, and nothing is published."""
    put(engine, concept(), concept(slug="leaf-sweeping", name="扫落叶"))
    path = one_sheet(engine, tmp_path / "list.xlsx")
    put(engine, concept(name="扫雪"))
    edit(path, "服务概念", "leaf-sweeping", "名称", "清扫落叶")
    published, _ = hand_in(engine, path)
    assert published is not None
    assert (published.release, published.revised) == (4, 1)
    assert versions(engine, "concepts", "snow-clearing")[-1].name == "扫雪"
    edit(path, "服务概念", "snow-clearing", "名称", "除雪")
    with pytest.raises(Conflict, match="Release 3 by clerk came first"):
        hand_in(engine, path)
    assert releases(engine) == 4


def test_a_line_taken_out_is_not_a_withdrawal(engine: Engine, tmp_path: Path) -> None:
    path = one_sheet(engine, tmp_path / "list.xlsx", "services", plan=LIZHOU)
    book = load_workbook(path)
    book["服务项目"].delete_rows(2, 50)
    book.save(path)
    assert hand_in(engine, path) == (Published(release=None), [])
    assert releases(engine) == 1


def test_sources_alone_can_be_corrected(engine: Engine, tmp_path: Path) -> None:
    """The line itself is gone from its table, the sources are not: they are those of what was there."""
    path = one_sheet(engine, tmp_path / "list.xlsx", "services", plan=LIZHOU)
    book = load_workbook(path)
    row = find(book, "服务项目", SERVICE, "标识").row
    book["服务项目"].delete_rows(row)
    book.save(path)
    edit(path, "出处", SERVICE, "校读", "临时救助")
    published, lines = hand_in(engine, path)
    assert lines == []
    assert published is not None
    assert published.revised == 1
    before, after = versions(engine, "services", SERVICE)
    assert (after.name, after.content, after.ordinal) == (before.name, before.content, before.ordinal)
    assert after.sources == [{**before.sources[0], "reading": "临时救助"}, *before.sources[1:]]


def test_without_a_table_of_sources_they_stay(engine: Engine, tmp_path: Path) -> None:
    path = one_sheet(engine, tmp_path / "list.xlsx", "services", plan=LIZHOU)
    book = load_workbook(path)
    del book["出处"]
    book.save(path)
    edit(path, "服务项目", SERVICE, "生效日期", date(2024, 1, 1))
    published, lines = hand_in(engine, path)
    assert (published and published.revised, lines) == (1, [])
    before, after = versions(engine, "services", SERVICE)
    assert after.sources == before.sources
    assert after.valid_from == date(2024, 1, 1)


def test_a_note_left_standing_is_not_one_on_this_change(engine: Engine, tmp_path: Path) -> None:
    put(engine, concept(change_note="第一次"))
    path = one_sheet(engine, tmp_path / "list.xlsx")
    edit(path, "服务概念", "snow-clearing", "名称", "除雪")
    assert hand_in(engine, path)[0] is not None
    assert [version.change_note for version in versions(engine, "concepts", "snow-clearing")] == [
        "第一次",
        None,
    ]


def test_one_csv_file_is_enough(engine: Engine, tmp_path: Path) -> None:
    path = one_sheet(engine, tmp_path / "服务项目.csv", "services", plan=LIZHOU)
    assert hand_in(engine, path) == (Published(release=None), [])
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text.replace("临时救助,", "临时性救助,", 1), encoding="utf-8")
    published, lines = hand_in(engine, path)
    assert published is None
    assert any(
        line.startswith("服务项目 第") and "B列（名称）：该值不在任何所引原文之内" in line for line in lines
    )


def test_a_new_line_may_not_take_the_place_of_what_there_is(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "服务概念.csv"
    lines = [
        "标识,名称,国家分类,别名,生效日期,变更说明",
        "medical-assistance,别的东西,,,2024-01-01,",
        "new-one,新的,,,2024/1/1,",
    ]
    path.write_text("\r\n".join(lines), encoding="utf-8")
    published, said = hand_in(engine, path)
    assert published is None
    assert [line.partition("：")[0] for line in said] == ["服务概念 第2行 A列（标识）"]
    path.write_text("\r\n".join([lines[0], lines[2]]), encoding="utf-8")
    assert hand_in(engine, path)[0] == Published(release=2, added=1)


def test_a_table_from_another_catalogue_is_refused(engine: Engine, tmp_path: Path) -> None:
    path = one_sheet(engine, tmp_path / "服务概念.csv")
    path.write_text(path.read_text(encoding="utf-8").replace(",1\n", ",7\n"), encoding="utf-8")
    with pytest.raises(Invalid, match="taken from release 7"):
        hand_in(engine, path)


# --- the command -----------------------------------------------------------------------------------------------


def test_an_export_never_writes_over_somebodys_work(sqlite_store: Store, tmp_path: Path) -> None:
    url, path = sqlite_store.seeded, tmp_path / "deep" / "规划.xlsx"
    assert run(url, "export", str(path), "--kind", "plans")[0] == 0
    path.write_bytes(b"somebody's work")
    code, said = run(url, "export", str(path), "--kind", "plans")
    assert (code, "已存在" in said) == (1, True)
    assert path.read_bytes() == b"somebody's work"
    assert run(url, "export", str(path), "--kind", "plans", "--overwrite")[0] == 0
    assert [file.name for file in path.parent.iterdir()] == ["规划.xlsx"]


@pytest.mark.parametrize("name", ["json", "ndjson", "parquet", "csv"])
def test_an_export_is_a_folder_or_a_file_for_one_kind(sqlite_store: Store, tmp_path: Path, name: str) -> None:
    url = sqlite_store.seeded
    narrowed = ("--region", "510802", "--kind", "domains", "--kind", "plans")
    assert run(url, "export", "data", "--format", name, str(tmp_path / "all"), *narrowed)[0] == 0
    tables = {"服务领域.csv", "规划.csv", "出处.csv", "撤销.csv"}
    expected = tables if name == "csv" else {f"domains.{name}", f"plans.{name}"}
    assert {file.name for file in (tmp_path / "all").iterdir()} == expected
    code, said = run(url, "export", str(tmp_path / f"all.{name}"), *narrowed)
    assert (code, "只能含一个类别" in said) == (1, True)
    assert run(url, "export", str(tmp_path / f"one.{name}"), *narrowed[:4])[0] == 0
    assert (tmp_path / f"one.{name}").stat().st_size > 100


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["list.doc"], 2, "--format"),
        (["list.xlsx", "--kind", "wishes"], 2, "--kind"),
        (["list.xlsx", "--on", "soon"], 2, "--on"),
        (["list.xlsx", "--release", "99"], 1, "release: 尚无发布99"),
        (["list.xlsx", "--plan", "no-such-plan"], 1, "没有此标识的规划"),
        (["list.xlsx", "--region", "999999"], 1, "region: 全国行政区划表中没有该代码"),
        (["list.xlsx", "--plan", LIZHOU, "--kind", "facts"], 1, "事实：为各规划、各地区共用"),
    ],
)
def test_an_export_that_cannot_be(
    sqlite_store: Store, tmp_path: Path, options: list[str], code: int, said: str
) -> None:
    target, *more = options
    ended, printed = run(sqlite_store.seeded, "export", str(tmp_path / target), *more)
    assert ended == code
    assert said in printed
    assert list(tmp_path.iterdir()) == []


def test_the_openapi_document_is_still_exported(sqlite_store: Store, tmp_path: Path) -> None:
    assert run(sqlite_store.seeded, "export", "openapi", str(tmp_path / "openapi.json"))[0] == 0
    assert (tmp_path / "openapi.json").read_text(encoding="utf-8").startswith("{")
    assert "openapi" in run(sqlite_store.seeded, "export", "--help")[1]


def test_a_plan_is_exported_with_all_that_belongs_to_it(sqlite_store: Store, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    assert run(sqlite_store.seeded, "export", str(path), "--plan", LIZHOU)[0] == 0
    book = load_workbook(path, read_only=True)
    shared = {noun(kind) for kind in ("regions", "concepts", "facts")}
    assert set(book.sheetnames) == {noun(kind) for kind in KINDS} - shared | {"说明", "出处", "撤销", "续文"}
    assert len(list(book["规划"].iter_rows())) == 2
