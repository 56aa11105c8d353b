"""Everything by which one resource refers to another, and who refers to what."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, String, cast, or_, select
from sqlmodel import Session, col

from app.catalogue import KINDS
from app.lint.histories import BATCH, Key, Version

# References of one slug that a kind does not check when it is published.
ALSO_REFERS = {"indicators": {"domain": "domains", "part_of": "indicators"}}
LISTS = {"programmes": {"services": "services", "indicators": "indicators"}}


class Reference(NamedTuple):
    """The field that refers, and to what."""

    field: str
    target: Key


def references(version: Version) -> Iterator[Reference]:
    """What a version refers to, each field and target once."""
    yield from dict.fromkeys(_references(version.kind, version.says))


def _references(kind: str, says: Mapping[str, Any]) -> Iterator[Reference]:
    for field, target in _fields(kind).items():
        if says[field] is not None:
            yield Reference(field, (target, says[field]))
    for field, target in LISTS.get(kind, {}).items():
        for slug in says[field]:
            yield Reference(field, (target, slug))
    for source in says.get("sources") or ():
        yield Reference("sources", ("plans", source["plan"]))
    for touched in says.get("touches") or ():
        yield Reference("touches", (touched["kind"], touched["slug"]))
    if kind == "rules":
        for raw in (says["condition"], says["other_readings"]):
            for slug in facts_in(raw):
                yield Reference("condition", ("facts", slug))
    if kind == "facts" and says["derivation"]:
        premise = says["derivation"].get("implies", says["derivation"])
        yield Reference("derivation", ("facts", premise["from"]))


def _fields(kind: str) -> dict[str, str]:
    return KINDS[kind].content.refers | ALSO_REFERS.get(kind, {})


def facts_in(raw: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a condition as it is stored
    """The facts that a condition asks for."""
    if isinstance(raw, dict):
        if isinstance(raw.get("fact"), str):
            yield raw["fact"]
        for part in raw.values():
            yield from facts_in(part)
    elif isinstance(raw, list):
        for part in raw:
            yield from facts_in(part)


def referring(session: Session, release: int, targets: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """Who refers to some targets, by kind, in any version up to a release.

    References in columns are found by their index. Those inside of JSON are looked for in its text.
    """
    found: dict[str, set[str]] = {}
    for kind, (_, row) in KINDS.items():
        for target, slugs in targets.items():
            wanted = sorted(slugs)
            for batch in (wanted[n : n + BATCH] for n in range(0, len(wanted), BATCH)):
                clauses = _refers_to(kind, target, batch)
                if clauses:
                    some = select(col(row.slug)).where(col(row.release) <= release, or_(*clauses))
                    found.setdefault(kind, set()).update(session.scalars(some))
    return found


def _refers_to(kind: str, target: str, slugs: list[str]) -> list[ColumnElement[bool]]:
    row = KINDS[kind].row
    fields = row.model_fields
    by_column = [f for f, of in _fields(kind).items() if of == target]
    clauses: list[ColumnElement[bool]] = [col(getattr(row, field)).in_(slugs) for field in by_column]
    written: list[tuple[str, str]] = []  # field, and how a reference to a slug stands in its text
    if target == "plans" and "sources" in fields:
        written.append(("sources", '"plan": "{}"'))
    if "touches" in fields:
        written.append(("touches", f'"kind": "{target}", "slug": "{{}}"'))
    if kind == "rules" and target == "facts":
        written += [("condition", '"fact": "{}"'), ("other_readings", '"fact": "{}"')]
    if kind == "facts" and target == "facts":
        written.append(("derivation", '"from": "{}"'))
    written += [(field, '"{}"') for field, of in LISTS.get(kind, {}).items() if of == target]
    for field, wording in written:
        text = cast(getattr(row, field), String)
        clauses += [text.contains(wording.format(slug), autoescape=True) for slug in slugs]
    return clauses
