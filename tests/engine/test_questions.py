"""The questions end, never repeat, and never ask what cannot change anything."""

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.eligibility.derive import derive
from app.eligibility.evaluate import compile_services, outcomes
from app.eligibility.facts import Fact, parse
from app.eligibility.questions import Question, next_question
from app.eligibility.rules import Rule
from tests.engine.test_evaluate import RULES, rule
from tests.engine.worlds import FACTS, POINTS

DAY = date(2024, 6, 1)
LISTS = st.lists(RULES, min_size=1, max_size=4)
PERSONS = st.fixed_dictionaries({fact: st.sampled_from(POINTS[fact]) for fact in FACTS if fact != "place"})


def services(rules: list[dict[str, Any]]) -> Any:
    written = [
        Rule.model_validate({"slug": f"r{i}", "service": f"s{i}", **raw}) for i, raw in enumerate(rules)
    ]
    return compile_services(written, FACTS)


@given(LISTS, PERSONS, st.sets(st.sampled_from(sorted(FACTS))))
def test_the_questions_end_and_never_repeat(
    rules: list[dict[str, Any]], person: dict[str, Any], refused: set[str]
) -> None:
    offered, said, declined = services(rules), dict[str, Any](), set[str]()
    asked: list[str] = []
    while True:
        knowledge, _ = parse(FACTS, said)
        question = next_question(offered, FACTS, knowledge, declined, DAY)
        missing = {fact for answer in outcomes(offered, knowledge).values() for fact in answer.missing}
        if question is None:
            assert missing <= declined | set(said)
            return
        assert question.fact in missing - declined - set(said)
        assert question.fact not in asked
        asked.append(question.fact)
        if question.fact in refused or question.fact not in person:
            declined.add(question.fact)
        else:
            said[question.fact] = person[question.fact]


def test_the_fact_that_settles_most_is_asked_first() -> None:
    old: dict[str, Any] = {"fact": "age", "at_least": 6}
    alone: dict[str, Any] = {"fact": "single", "is": True}
    rules = [rule(c, slug=f"r{i}") for i, c in enumerate([old, old, alone, {"all": [old, alone]}])]
    offered = compile_services([r.model_copy(update={"service": r.slug}) for r in rules], FACTS)
    knowledge, _ = parse(FACTS, {})
    assert next_question(offered, FACTS, knowledge, (), DAY) == Question("age", 2.5)
    assert next_question(offered, FACTS, knowledge, ("age",), DAY) == Question("single", 1.5)
    assert next_question(offered, FACTS, knowledge, ("age", "single"), DAY) is None
    assert (
        next_question(offered, FACTS, parse(FACTS, {"age": {"min": 5}, "single": True})[0], (), DAY) is None
    )


def test_what_a_fact_follows_from_may_be_asked_in_its_place() -> None:
    values = [{"value": v, "label": v} for v in ("none", "one", "two")]
    grade = Fact.model_validate({"slug": "grade", "name": "等级", "type": "enumeration", "values": values})
    implied = {"implies": {"from": "grade", "in": ["one", "two"]}, "value": True}
    disabled = Fact.model_validate(
        {"slug": "z_disabled", "name": "x", "type": "boolean", "derivation": implied}
    )
    facts = {"grade": grade, "z_disabled": disabled}
    first = rule({"fact": "z_disabled", "is": True}, slug="a")
    second = rule({"fact": "grade", "is": "one"}, slug="b").model_copy(update={"service": "t"})
    offered = compile_services([first, second], facts)
    knowledge, _ = parse(facts, {})
    # one → both, two → both, none → only the second
    assert next_question(offered, facts, knowledge, (), DAY) == Question("grade", 1.67)
    knowledge, _ = derive(facts, parse(facts, {"grade": "none"})[0], DAY)
    assert next_question(offered, facts, knowledge, (), DAY) == Question("z_disabled", 1.0)
    knowledge, _ = derive(facts, parse(facts, {"grade": "one"})[0], DAY)
    assert next_question(offered, facts, knowledge, (), DAY) is None


def test_a_fact_nothing_can_follow_from_any_more_is_not_asked_for() -> None:
    values = [{"value": v, "label": v} for v in ("none", "one", "two")]
    grade = {"slug": "grade", "name": "x", "type": "enumeration", "values": values}
    implied = {"implies": {"from": "grade", "in": ["one"]}, "value": True}
    disabled = {"slug": "z_disabled", "name": "x", "type": "boolean", "derivation": implied}
    facts = {"grade": Fact.model_validate(grade), "z_disabled": Fact.model_validate(disabled)}
    offered = compile_services([rule({"fact": "z_disabled", "is": True})], facts)
    knowledge, _ = parse(facts, {})
    assert next_question(offered, facts, knowledge, ["z_disabled"], DAY) == Question("grade", 0.5)
    left = replace(knowledge["grade"], values=frozenset(("none", "two")))
    assert next_question(offered, facts, {**knowledge, "grade": left}, ["z_disabled"], DAY) is None
