"""The engine says exactly what trying every completion says."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.eligibility import evaluate
from app.eligibility.conditions import read
from app.eligibility.facts import Fact, Known, parse, unknowns
from app.eligibility.rules import STRENGTHS, Rule
from tests.engine.worlds import (
    CONDITIONS,
    FACTS,
    GIVEN,
    completions,
    holds,
    true_answer,
    true_missing,
    turning,
    used,
)


def condition(raw: dict[str, Any]) -> Any:
    """What was written, which must be fine."""
    node, findings = read(raw)
    assert findings == []
    return node


def knowledge(given_: dict[str, Any]) -> dict[str, Known]:
    """What is known, which must be fine."""
    known, findings = parse(FACTS, given_)
    assert findings == []
    return known


def rule(raw: dict[str, Any], strength: str = "entitlement", **more: Any) -> Rule:
    return Rule.model_validate(
        {"slug": more.pop("slug", "r"), "service": "s", "strength": strength, "condition": raw, **more}
    )


@given(CONDITIONS, GIVEN)
def test_an_answer_is_the_common_answer_of_all_completions(raw: dict[str, Any], said: dict[str, Any]) -> None:
    expected = true_answer(raw, said)
    assert evaluate.truth(condition(raw), knowledge(said)) is expected
    assert evaluate.compile_condition(condition(raw), FACTS).truth(knowledge(said)) is expected


@given(CONDITIONS, GIVEN)
def test_what_is_missing_is_exactly_what_can_turn_the_answer(
    raw: dict[str, Any], said: dict[str, Any]
) -> None:
    assert set(evaluate.missing(condition(raw), knowledge(said))) == true_missing(raw, said)


@given(CONDITIONS, GIVEN, GIVEN)
def test_more_facts_never_take_an_answer_back(
    raw: dict[str, Any], said: dict[str, Any], more: dict[str, Any]
) -> None:
    before = evaluate.truth(condition(raw), knowledge(said))
    kept = {fact: value for fact, value in said.items() if value is not None}
    after = evaluate.truth(condition(raw), knowledge({**more, **kept}))
    assert before is None or after is before


def rule_holds(raw: dict[str, Any], person: dict[str, Any]) -> bool | None:
    values = {holds(r, person) for r in (raw["condition"], *(o["condition"] for o in raw["other_readings"]))}
    value = values.pop() if len(values) == 1 else None
    return None if value is False and raw["open_ended"] else value


RULES = st.fixed_dictionaries(
    {
        "strength": st.sampled_from(STRENGTHS),
        "open_ended": st.booleans(),
        "condition": CONDITIONS,
        "other_readings": st.lists(CONDITIONS.map(lambda c: {"says": "x", "condition": c}), max_size=1),
    }
)


def rule_facts(raw: dict[str, Any]) -> set[str]:
    return used(raw["condition"]).union(*(used(o["condition"]) for o in raw["other_readings"]))


@given(RULES, GIVEN)
def test_a_rule_says_what_all_its_readings_say(raw: dict[str, Any], said: dict[str, Any]) -> None:
    people = list(completions(rule_facts(raw), said))
    answers = {rule_holds(raw, person) for person in people}
    expected = answers.pop() if len(answers) == 1 else None
    compiled = evaluate.compile_rule(Rule.model_validate({"slug": "r", "service": "s", **raw}), FACTS)
    assert evaluate.rule_truth(compiled, knowledge(said)) is expected
    names = sorted(rule_facts(raw))
    table = {tuple(p.values()): rule_holds(raw, p) for p in people}
    assert set(evaluate.rule_missing(compiled, knowledge(said))) == turning(table, names)


def service_answer(rules: list[dict[str, Any]], person: dict[str, Any]) -> tuple[str, str | None]:
    values = [(rule_holds(raw, person), raw["strength"]) for raw in rules]
    for strength in STRENGTHS:
        if (True, strength) in values:
            return "eligible", strength
    return ("undetermined" if any(v is None for v, _ in values) else "not_eligible"), None


@settings(deadline=None)
@given(st.lists(RULES, min_size=1, max_size=2), GIVEN)
def test_a_service_answers_with_its_firmest_rule(rules: list[dict[str, Any]], said: dict[str, Any]) -> None:
    written = [Rule.model_validate({"slug": f"r{i}", "service": "s", **raw}) for i, raw in enumerate(rules)]
    service = evaluate.compile_services(written, FACTS)["s"]
    answer = evaluate.outcome(service, knowledge(said))
    names = sorted(set().union(*map(rule_facts, rules)))
    people = list(completions(set(names), said))
    table = {tuple(p.values()): service_answer(rules, p) for p in people}
    if answer.outcome == "undetermined":
        together = len(set(table.values())) == 1 and next(iter(table.values()))[0] == "eligible"
        assert together or set(answer.missing) == turning(table, names)
        assert answer.missing or not together
    else:
        assert {found[0] for found in table.values()} == {answer.outcome}
        assert answer.missing == ()


def test_rules_that_only_together_leave_nobody_out_are_settled_by_what_tells_them_apart() -> None:
    young, old = {"fact": "age", "less_than": 5}, {"fact": "age", "at_least": 5}
    service = evaluate.compile_services([rule(young, slug="a"), rule(old, slug="b")], FACTS)["s"]
    assert evaluate.outcome(service, knowledge({})) == ("undetermined", "entitlement", "a", ("age",))
    assert evaluate.outcome(service, knowledge({"age": 5})) == ("eligible", "entitlement", "b", ())


def lacking(said: dict[str, Any], *rules: Rule) -> tuple[str, ...]:
    answer = evaluate.outcome(evaluate.compile_services(rules, FACTS)["s"], knowledge(said))
    assert answer.outcome == "undetermined"
    return answer.missing


OLD: dict[str, Any] = {"fact": "age", "at_least": 5}
ALONE: dict[str, Any] = {"fact": "single", "is": True}
VAGUE: dict[str, Any] = {"undefined": "困难", "because": "No line is drawn."}


def test_a_weaker_rule_that_only_repeats_a_firmer_one_asks_for_nothing() -> None:
    assert lacking({}, rule(OLD), rule({"all": [OLD, ALONE]}, "pilot", slug="p")) == ("age",)
    assert lacking({}, rule({"all": [OLD, ALONE]}), rule(OLD, "pilot", slug="p")) == ("age", "single")


def test_a_fact_beside_an_undefined_word_is_missing_only_if_it_can_settle_something() -> None:
    assert lacking({}, rule({"all": [OLD, VAGUE, {"any": [ALONE, VAGUE]}]})) == ("age",)
    assert lacking({}, rule({"all": [OLD, {"any": [ALONE, VAGUE]}]})) == ("age", "single")


def test_a_place_beside_all_that_a_rule_names_is_outside_them() -> None:
    here = {"fact": "place", "within": "510802"}
    raw = {"any": [{"all": [here, OLD]}, {"all": [{"not": here}, ALONE]}]}
    assert lacking({"place": "510811"}, rule(raw)) == ("single",)
    assert lacking({"place": "510802"}, rule(raw)) == ("age",)
    assert lacking({"place": "510800"}, rule(raw)) == ("age", "place", "single")
    assert evaluate.truth(condition(raw), knowledge({"place": "510800", "age": 5, "single": True})) is True


def test_either_of_two_values_is_one_question() -> None:
    raw = {"any": [{"fact": "income", "is": "dibao"}, {"fact": "income", "is": "low"}]}
    compiled = evaluate.compile_condition(condition(raw), FACTS)
    assert not compiled.tangled
    assert compiled.truth(knowledge({"income": {"any_of": ["dibao", "low"]}})) is True


def test_a_service_without_a_rule_is_undetermined() -> None:
    service = evaluate.CompiledService("s", [], {})
    assert evaluate.outcome(service, knowledge({})) == ("undetermined", None, None, ())


def test_an_age_below_settles_what_an_undefined_word_leaves_open() -> None:
    raw = {"all": [{"fact": "age", "at_least": 6}, {"undefined": "困难", "because": "No line is drawn."}]}
    assert evaluate.missing(condition(raw), knowledge({})) == ["age"]
    assert evaluate.missing(condition(raw), knowledge({"age": 6})) == []
    assert evaluate.truth(condition(raw), knowledge({"age": 5})) is False


def test_more_completions_than_can_be_looked_at_leave_the_answer_open() -> None:
    names = [f"f{i}" for i in range(20)]
    facts = {name: Fact(slug=name, name=name, type="boolean") for name in names}
    no = [{"fact": name, "is": False} for name in names]
    raw = {"any": [*no, *({"not": one} for one in no)]}
    assert evaluate.truth(condition(raw), unknowns(facts)) is None
    assert evaluate.missing(condition(raw), unknowns(facts)) == sorted(names)
