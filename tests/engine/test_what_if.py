"""Suggestions work, are as small as can be, and are only of what people can choose."""

from datetime import date
from itertools import product
from typing import Any

from hypothesis import given

from app.eligibility.evaluate import compile_services, outcome
from app.eligibility.facts import Fact, parse
from app.eligibility.what_if import Change, what_if
from tests.engine.test_evaluate import RULES, knowledge, rule, rule_facts, service_answer
from tests.engine.test_questions import PERSONS
from tests.engine.worlds import FACTS, POINTS

ON = date(2024, 6, 1)
CHOSEN = ("years", "income", "single")
MIXED = {
    slug: f.model_copy(update={"changes": "by_choice"}) if slug in CHOSEN else f for slug, f in FACTS.items()
}


def suggested(raw: dict[str, Any], said: dict[str, Any]) -> list[tuple[Change, ...]]:
    return what_if(compile_services([rule(raw)], MIXED)["s"], MIXED, knowledge(said), ON)


def test_one_change_is_suggested_before_two() -> None:
    insured, poor = {"fact": "years", "at_least": 2}, {"fact": "income", "in": ["dibao", "low"]}
    said = {"years": 0, "income": "other", "age": 3}
    to_years, to_poor = Change("years", {"min": 2, "max": 3}), Change("income", {"any_of": ["dibao", "low"]})
    assert suggested({"any": [insured, poor]}, said) == [(to_poor,), (to_years,)]
    assert suggested({"all": [insured, poor]}, {**said, "years": 2}) == [(to_poor,)]
    assert suggested({"all": [insured, poor]}, said) == [(to_poor, to_years)]
    assert suggested({"any": [insured, poor]}, {**said, "years": 3}) == []


def test_nobody_is_told_to_change_what_cannot_be_chosen() -> None:
    assert suggested({"fact": "age", "at_least": 5}, {"age": 3}) == []
    assert suggested({"fact": "resident", "is": True}, {"resident": False}) == []
    assert (
        suggested({"all": [{"fact": "age", "at_least": 5}, {"fact": "single", "is": True}]}, {"age": 3}) == []
    )


def test_what_followed_from_the_old_value_is_forgotten() -> None:
    values = [{"value": v, "label": v} for v in ("none", "one")]
    kind = {"slug": "kind", "name": "x", "type": "enumeration", "values": values, "changes": "by_choice"}
    implied = {"implies": {"from": "kind", "in": ["none"]}, "value": True}
    facts = {
        "kind": Fact.model_validate(kind),
        "poor": Fact.model_validate({"slug": "poor", "name": "x", "type": "boolean", "derivation": implied}),
    }
    service = compile_services(
        [rule({"fact": "poor", "is": False}), rule({"fact": "kind", "is": "one"})], facts
    )["s"]
    said, _ = parse(facts, {"kind": "none"})
    assert what_if(service, facts, said, ON) == [(Change("kind", "one"),)]


@given(RULES, PERSONS)
def test_suggestions_are_exactly_the_smallest_changes_that_work(
    raw: dict[str, Any], person: dict[str, Any]
) -> None:
    from app.eligibility.rules import Rule

    service = compile_services([Rule.model_validate({"slug": "r", "service": "s", **raw})], MIXED)["s"]
    person = {**person, "place": "510802"}
    found = what_if(service, MIXED, knowledge(person), ON)
    smallest = by_trying(raw, person)
    if smallest is None:
        assert found == []
    else:
        assert {tuple(change.fact for change in one) for one in found} == smallest
    for one in found:
        changed = {**person, **{change.fact: change.to for change in one}}
        assert outcome(service, knowledge(changed)).outcome == "eligible"


def by_trying(raw: dict[str, Any], person: dict[str, Any]) -> set[tuple[str, ...]] | None:
    """The smallest sets of facts that some other values make eligible, up to two."""
    works: dict[int, set[tuple[str, ...]]] = {}
    names = sorted(rule_facts(raw) & set(CHOSEN))
    for values in product(*(POINTS[name] for name in names)):
        other = {**person, **dict(zip(names, values, strict=True))}
        if service_answer([raw], other)[0] == "eligible":
            changed = tuple(name for name in names if other[name] != person[name])
            works.setdefault(len(changed), set()).add(changed)
    size = min(works, default=0)
    return works[size] if 1 <= size <= 2 else None
