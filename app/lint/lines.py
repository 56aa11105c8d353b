"""Findings as lines for the terminal."""

from app.faults import Said
from app.lint.days import EVER
from app.lint.findings import CODES, SEVERITIES, Finding, Severity
from app.versioning import At

NAMES: dict[Severity, Said] = {
    "error": Said("errors", "错误"),
    "warning": Said("warnings", "警告"),
    "notice": Said("notices", "提示"),
}


def line(finding: Finding) -> Said:
    called, about, todo, days = finding.called, CODES[finding.code], CODES[finding.code].todo, finding.days
    since = f"{days.first}…" + ("" if days.until == EVER else str(days.until))
    zh = NAMES[about.severity].zh
    return Said(
        f"{about.severity}: {called.en}: {finding.said.en} {todo.en} ({finding.code}, {since})",
        f"{zh}：{called.zh}：{finding.said.zh}{todo.zh}（{finding.code}，{since}）",
    )


def counts(found: list[Finding], at: At) -> Said:
    numbers = {name: sum(finding.severity == name for finding in found) for name in SEVERITIES}
    en = ", ".join(f"{number} {NAMES[name].en}" for name, number in numbers.items())
    zh = "，".join(f"{NAMES[name].zh}{number}项" for name, number in numbers.items())
    return Said(f"{at.on}, release {at.release}: {en}.", f"{at.on}，发布{at.release}：{zh}。")
