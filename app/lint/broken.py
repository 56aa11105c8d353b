"""References to what is not in force, on any day on which what refers is."""

from collections.abc import Iterator

from app.diff.words import called, title
from app.faults import Said
from app.lint.days import EVER, Days, without
from app.lint.findings import Finding
from app.lint.histories import Histories, Key, Stretch
from app.lint.references import Reference, references

# Without its plan or its region, a resource is missing from lists and shown without where it applies.
GROUND = ("plans", "regions")


def broken(histories: Histories, key: Key) -> Iterator[Finding]:
    """What a resource refers to on days on which it is withdrawn or not there."""
    for stretch in histories.in_force(key):
        for reference in references(stretch.version):
            yield from _broken(histories, stretch, reference)


def _broken(histories: Histories, stretch: Stretch, reference: Reference) -> Iterator[Finding]:
    target = histories.of(reference.target)
    there = [found.days for found in target if not found.version.withdrawn]
    ended = [found.days for found in target if found.version.withdrawn]
    for days in without([stretch.days], there):
        for missing in without([days], ended):
            yield _finding(histories, "reference-missing", stretch, reference, missing)
        for gone in ended:
            if both := days.common(gone):
                yield _finding(histories, _code(stretch, reference), stretch, reference, both)


def _code(stretch: Stretch, reference: Reference) -> str:
    kind, target = stretch.version.kind, reference.target[0]
    if target in GROUND and reference.field != "touches":
        return "ground-withdrawn"
    if target == "facts" and reference.field != "touches":
        return "rule-fact-withdrawn"
    return (
        "service-concept-withdrawn" if (kind, target) == ("services", "concepts") else "reference-withdrawn"
    )


def _finding(histories: Histories, code: str, stretch: Stretch, reference: Reference, days: Days) -> Finding:
    target = "/".join(reference.target)
    state = Said("not in force", "无效") if code == "reference-missing" else Said("withdrawn", "已撤销")
    return Finding(
        code,
        stretch.version,
        days,
        Said(
            f"{reference.field} refers to {target}, which is {state.en} {_span(days).en}.",
            f"{_in_chinese(histories, stretch.version.kind, reference)}{_span(days).zh}{state.zh}。",
        ),
        field=reference.field,
        other=reference.target,
    )


def _in_chinese(histories: Histories, kind: str, reference: Reference) -> str:
    """The field and what it refers to; a field that is called like what it refers to need not be told."""
    field = title(kind, reference.field)
    target = called(*reference.target, histories.name_of(reference.target))
    return f"所指的{target}" if target.startswith(field) else f"{field}所指的{target}"


def _span(days: Days) -> Said:
    if days.until == EVER:
        return Said(f"from {days.first} on", f"自{days.first}起")
    return Said(f"from {days.first} to {days.until}", f"{days.first}至{days.until}")
