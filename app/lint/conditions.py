"""Rules against the facts as they are on each day: a rule is checked when it is published, its facts change later."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from app.eligibility.check import MOST, dead_parts, misfits
from app.eligibility.conditions import read
from app.eligibility.facts import Fact
from app.eligibility.findings import Finding as Wrong
from app.eligibility.tables import space_of
from app.faults import Said
from app.lint.days import Days
from app.lint.findings import Finding
from app.lint.histories import Histories, Key, Version
from app.lint.references import facts_in


def unsound(histories: Histories, key: Key) -> Iterator[Finding]:
    """Rules that do not fit their facts, that nobody can meet, or that everybody does without their saying so."""
    for version, days in histories.in_force(key):
        for place, raw in _readings(version):
            used = sorted(set(facts_in(raw)))
            for part, versions in _together(histories, days, used):
                facts = {slug: _fact(histories, found) for slug, found in versions.items()}
                for found in _wrong(raw, {slug: fact for slug, fact in facts.items() if fact}):
                    yield _finding(version, part, place, *found)


def _readings(version: Version) -> Iterator[tuple[str, Any]]:
    yield "/condition", version.says["condition"]
    for number, other in enumerate(version.says["other_readings"]):
        yield f"/other_readings/{number}/condition", other["condition"]


def _together(histories: Histories, days: Days, used: list[str]) -> Iterator[tuple[Days, dict[str, Version]]]:
    """The stretches of some days on which each fact is of one version; days without a fact are told elsewhere."""
    parts: list[tuple[Days, dict[str, Version]]] = [(days, {})]
    for slug in used:
        parts = [
            (both, {**facts, slug: found.version})
            for part, facts in parts
            for found in histories.in_force(("facts", slug))
            if (both := part.common(found.days))
        ]
    return iter(parts)


def _fact(histories: Histories, version: Version) -> Fact | None:
    if version not in histories.facts:
        try:
            histories.facts[version] = Fact.model_validate(dict(version.says))
        except ValidationError:
            histories.facts[version] = None
    return histories.facts[version]


def _wrong(raw: Any, facts: Mapping[str, Fact]) -> Iterator[tuple[str, str, Said]]:  # noqa: ANN401 - a condition, perhaps not readable any more
    """Code, pointer and what is wrong."""
    condition, unread = read(raw)
    if condition is None:
        yield "rule-does-not-fit", unread[0].pointer, Said(unread[0].en, unread[0].zh)
        return
    unfit = misfits(condition, facts)
    for wrong in unfit or dead_parts(condition, facts):
        code = "rule-does-not-fit" if unfit else _code(wrong, condition, facts)
        yield code, wrong.pointer, Said(wrong.en, wrong.zh)


def _code(wrong: Wrong, condition: Any, facts: Mapping[str, Fact]) -> str:  # noqa: ANN401 - a condition, perhaps not readable any more
    if wrong.pointer:
        return "rule-dead-part"
    space = space_of([condition], {slug: fact.everything for slug, fact in facts.items()}, MOST)
    # What hangs on a word that the plan leaves open may go either way, so that neither is certain there.
    never = space is not None and space.bits(condition).false == space.full
    return "rule-never-holds" if never else "rule-always-holds"


def _finding(version: Version, days: Days, place: str, code: str, pointer: str, said: Said) -> Finding:
    return Finding(code, version, days, said, field=f"{place}{pointer}".lstrip("/"))
