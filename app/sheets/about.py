"""The sheet that explains: what the workbook was made from, how it is edited, and what each column is for."""

from collections.abc import Iterator, Sequence

from app.catalogue import KINDS
from app.sheets.columns import Column, columns_of, columns_of_sources
from app.sheets.meanings import SOURCE_MEANINGS, meaning
from app.sheets.tables import HEADERS, Chosen, noun
from app.sheets.words import HOW_TO_FILL_IN, ON, RELEASE, SOURCES, WITHDRAWALS

TITLE, STEPS, TABLE = "公共服务目录", "怎样修改", "工作表"
HEADINGS = {TITLE, STEPS, TABLE}

HOW = (
    "直接修改各工作表中的单元格。没有改动的行不会重新发布，别人在此期间的更正不受影响。",
    "新增：在最后一行下面填写一行，标识不得与已有的重复；“查询日期”“查询发布号”两列留空。",
    "删除一行不等于撤销。撤销请填写“撤销”表：类别、标识、从哪一天起、原因。",
    "每个值都要有出处：“出处”表中一行是一段原文，用“类别”和“标识”对应条目，“所证字段”写明证明哪些列。",
    "规划没有写明的，留空，不猜测、不补写。",
    "灰色的列只供查看：“查询日期”“查询发布号”请保持原样；各种名称改了也不起作用，要改请改相应的条目。",
    "请勿改动表头和工作表名称；不要合并单元格，不要填公式。",
    "改好后依次运行：catalogue check 文件、catalogue diff 文件、catalogue publish 文件 -m 说明。",
)


def about(chosen: Sequence[Chosen]) -> list[list[str]]:
    """The lines of the sheet."""
    lines = [[TITLE]]
    if chosen:
        at = chosen[0].at
        lines += [[ON, at.on.isoformat()], [RELEASE, str(at.release)]]
        lines += [[f"筛选 {name}", value] for name, value in chosen[0].asked.items()]
    lines += [[], [STEPS], *([f"{number}", step] for number, step in enumerate(HOW, 1)), []]
    lines += [[TABLE, "列", "填写方式", "必填", "须有出处", "含义"]]
    for some in chosen:
        lines += _of_kind(some.kind)
    lines += [
        _line(SOURCES, column, "", SOURCE_MEANINGS.get(column.field)) for column in columns_of_sources()
    ]
    lines += [[WITHDRAWALS, title, "", "必填", "", ""] for title in HEADERS[WITHDRAWALS]]
    return lines


def _of_kind(kind: str) -> Iterator[list[str]]:
    cites = KINDS[kind].content.cites
    for column in columns_of(kind):
        cited = "是" if column.field in cites else ""
        yield _line(noun(kind), column, cited, meaning(kind, column.field))


def _line(table: str, column: Column, cited: str, said: str | None) -> list[str]:
    filled_in = HOW_TO_FILL_IN[column.form]
    if column.form == "choice":
        filled_in = f"{filled_in}：{'、'.join(column.labels.values())}"
    return [
        table,
        column.title,
        filled_in,
        "必填" if column.required else "",
        cited,
        said or column.description,
    ]
