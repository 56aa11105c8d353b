"""A difference as a report in Chinese, as an official would want to read it; pure."""

from collections.abc import Iterator

from app.catalogue import KINDS
from app.changes.models import Change
from app.chinese import day, ended, numeral, quoted
from app.diff.models import Diff, DiffItem, DiffState
from app.diff.words import noun

CALLED = {
    "added": "新增",
    "withdrawn": "减少",
    "merged": "合并",
    "split": "拆分",
    "moved": "调整归属",
    "renamed": "更名",
    "tightened": "标准要求提高",
    "loosened": "标准要求放宽",
    "reworded": "仅调整表述",
    "audience_widened": "对象范围扩大",
    "audience_narrowed": "对象范围缩小",
    "audience_changed": "对象范围有调整",
    "strength_raised": "约束力提高",
    "strength_lowered": "约束力降低",
    "revised": "内容修订",
}
CHANGED = {
    "added": "新增",
    "withdrawn": "撤销",
    "restored": "恢复",
    "moved": "调整",
    "renamed": "更名",
    "revised": "修订",
}


def report(diff: Diff) -> str:
    """The whole difference, kind by kind."""
    return "\n".join(_lines(diff)) + "\n"


def _lines(diff: Diff) -> Iterator[str]:
    of, to = diff.before, diff.after
    if to.plan is not None:
        yield f"《{of.plan_name}》与《{to.plan_name}》对照"
    else:
        yield "公共服务目录变化情况"
    yield ""
    yield f"比对起点：{_moment(of)}"
    yield f"比对终点：{_moment(to)}"
    yield ""
    yield "一、总体情况"
    yield _summary(diff)
    number = 1
    for kind in KINDS:
        items = [item for item in diff.items if item.kind == kind]
        if items:
            number += 1
            yield ""
            yield f"{numeral(number)}、{noun(kind)}（{len(items)}项）"
            yield from (f"{place}. {said}" for place, said in enumerate(_section(items), 1))
    if diff.later:
        yield ""
        yield f"{numeral(number + 1)}、已发布、尚未生效（{len(diff.later)}项）"
        yield from (f"{place}. {_change(change)}" for place, change in enumerate(diff.later, 1))


def _moment(moment: DiffState) -> str:
    return f"{day(moment.on)}，发布{moment.release}"


def _summary(diff: Diff) -> str:
    kept = diff.summary["kept"]
    counted = [f"{said}{diff.summary[what]}项" for what, said in CALLED.items() if what in diff.summary]
    if not counted:
        return f"没有差异，{kept}项均与原来一致。"
    changed = sum(bool(item.differences) for item in diff.items)
    several = "（一项可有多种变化）" if sum(diff.summary.values()) > changed + kept else ""
    rest = f"；另有{kept}项保持不变" if kept else ""
    return f"共{changed}项有变化，其中{'、'.join(counted)}{several}{rest}。"


def _section(items: list[DiffItem]) -> Iterator[str]:
    """What has changed one by one; what only came, went or stayed, in one sentence each."""
    plain: dict[str, list[str]] = {"added": [], "withdrawn": [], "kept": []}
    for item in items:
        what = item.differences[0].type if item.differences else "kept"
        one = (item.after or item.before)[0]
        called = quoted(one.name or one.slug)
        # An end that says why is worth a sentence of its own.
        if what in plain and "：" not in item.differences[0].text if item.differences else True:
            plain[what].append(called)
        else:
            text = "".join(difference.text for difference in item.differences)
            yield text if item.differences[0].field is None else f"{called}：{text}"
    for what, said in (("added", "新增"), ("withdrawn", "减少"), ("kept", "保持不变")):
        if plain[what]:
            yield f"{said}{len(plain[what])}项：{'、'.join(plain[what])}。"


def _change(change: Change) -> str:
    called = f"{CHANGED[change.change]}{noun(change.kind)}{quoted(change.name or change.slug)}"
    return f"自{day(change.valid_from)}起{called}" + (f"：{ended(change.note)}" if change.note else "。")
