"""Reasons force the answer they are given for, and say it in plain words."""

from typing import Any

import pytest
from hypothesis import given

from app.eligibility.conditions import read
from app.eligibility.evaluate import compile_rule, compile_services
from app.eligibility.explain import reasons, service_reasons
from app.eligibility.words import in_words
from tests.engine.test_evaluate import condition, knowledge, rule
from tests.engine.worlds import CONDITIONS, FACTS, GIVEN, true_answer

OPEN = {"undefined": "困难", "because": "No line is drawn.", "quote": "困难群众"}


def only(node: dict[str, Any], at: str, kept: set[str]) -> dict[str, Any]:
    """The condition with every clause that is not kept made undefined."""
    if "not" in node:
        return {"not": only(node["not"], at + "/not", kept)}
    for key in ("all", "any"):
        if node.get(key):
            return {key: [only(part, f"{at}/{key}/{i}", kept) for i, part in enumerate(node[key])]}
    return node if at in kept else OPEN


@given(CONDITIONS, GIVEN)
def test_the_brief_reasons_force_the_answer_and_none_can_be_spared(
    raw: dict[str, Any], said: dict[str, Any]
) -> None:
    value = true_answer(raw, said)
    found = reasons(compile_rule(rule(raw), FACTS), FACTS, knowledge(said), full=False)
    if value is None:
        assert all(reason.holds is None for reason in found)
        assert found
        return
    kept = {reason.clause for reason in found}
    assert len(kept) == len(found)
    assert true_answer(only(raw, "", kept), said) is value
    for spared in kept:
        assert true_answer(only(raw, "", kept - {spared}), said) is not value


def test_reasons_read_as_an_officer_would_say_them() -> None:
    raw = {
        "all": [
            {"fact": "age", "at_least": 6, "quote": "6周岁以上"},
            {"any": [{"fact": "income", "in": ["dibao", "low"]}, {"fact": "resident", "is": True}, OPEN]},
        ]
    }
    compiled = compile_rule(rule(raw), FACTS)
    assert reasons(compiled, FACTS, knowledge({"age": 5}), full=False) == [
        ("/all/0", "年满6周岁", "age is at least 6", False, ("age",), "6周岁以上")
    ]
    found = reasons(compiled, FACTS, knowledge({"age": 6, "resident": True}), full=False)
    assert [(r.clause, r.text, r.holds) for r in found] == [
        ("/all/0", "年满6周岁", True),
        ("/all/1/any/1", "本地户籍：是", True),
    ]
    found = reasons(compiled, FACTS, knowledge({"resident": False}), full=False)
    assert [r.clause for r in found] == ["/all/0", "/all/1/any/0", "/all/1/any/2"]
    assert len(reasons(compiled, FACTS, knowledge({}), full=True)) == 4


def test_an_answer_that_follows_only_from_clauses_together_is_explained_by_them() -> None:
    raw = {
        "any": [{"fact": "age", "at_least": 3}, {"fact": "single", "is": True}, {"fact": "age", "at_most": 4}]
    }
    found = reasons(compile_rule(rule(raw), FACTS), FACTS, knowledge({}), full=False)
    assert [r.clause for r in found] == ["/any/0", "/any/2"]


def test_of_several_branches_that_hold_the_shortest_is_shown() -> None:
    old: dict[str, Any] = {"fact": "age", "at_least": 5}
    alone, here = ({"fact": fact, "is": True} for fact in ("single", "resident"))
    compiled = compile_rule(rule({"any": [{"all": [old, alone]}, here]}), FACTS)
    found = reasons(compiled, FACTS, knowledge({"age": 5, "single": True, "resident": True}), full=False)
    assert [r.clause for r in found] == ["/any/1"]


def test_a_set_is_explained_by_the_values_that_cover_it() -> None:
    one, two = ({"fact": "income", "is": value} for value in ("dibao", "low"))
    raw = {"all": [{"any": [one, {"fact": "single", "is": True}, two]}, {"fact": "age", "at_least": 5}]}
    compiled, said = (
        compile_rule(rule(raw), FACTS),
        knowledge({"income": {"any_of": ["dibao", "low"]}, "age": 5}),
    )
    assert [r.clause for r in reasons(compiled, FACTS, said, full=False)] == [
        "/all/0/any/0",
        "/all/0/any/2",
        "/all/1",
    ]
    said = knowledge({"income": {"any_of": ["dibao", "low"]}})
    assert [r.clause for r in reasons(compiled, FACTS, said, full=False)] == ["/all/1"]


def test_an_open_list_and_a_disputed_sentence_say_so() -> None:
    old = {"fact": "age", "at_least": 6}
    compiled = compile_rule(rule(old, open_ended=True), FACTS)
    found = reasons(compiled, FACTS, knowledge({"age": 3}), full=False)
    assert [(r.clause, r.holds) for r in found] == [("", False), ("", None)]
    assert "等" in found[1].text
    reading = [{"says": "x", "condition": {"fact": "single", "is": True}}]
    compiled = compile_rule(rule(old, other_readings=reading), FACTS)
    found = reasons(compiled, FACTS, knowledge({"age": 3, "single": True}), full=False)
    assert [r.clause for r in found] == ["", "/other_readings/0/condition", "/other_readings"]
    found = reasons(compiled, FACTS, knowledge({"age": 3}), full=False)
    assert [r.clause for r in found] == ["/other_readings/0/condition"]


def test_a_service_shows_the_rules_that_decide() -> None:
    rules = [
        rule({"fact": "age", "at_least": 6}, slug="old"),
        rule({"fact": "single", "is": True}, slug="single"),
    ]
    service = compile_services(rules, FACTS)["s"]
    shown = {
        given_: set(service_reasons(service, FACTS, knowledge(dict(given_)), full=False)) for given_ in CASES
    }
    assert shown == CASES
    assert len(service_reasons(service, FACTS, knowledge({"age": 7}), full=True)) == 2


CASES: dict[tuple[tuple[str, Any], ...], set[str]] = {
    (("age", 6),): {"old"},
    (("age", 5),): {"single"},
    (("age", 5), ("single", False)): {"old", "single"},
    (("single", True),): {"single"},
}


@pytest.mark.parametrize(
    ("raw", "zh", "en"),
    [
        ({"all": []}, "所有人", "everyone"),
        ({"any": []}, "没有人", "nobody"),
        ({"fact": "age", "less_than": 6}, "未满6周岁", "age is less than 6"),
        ({"fact": "years", "more_than": 1}, "参保年限超过1年", "years is more than 1"),
        ({"fact": "years", "in": [1, 2, 3]}, "参保年限为1、2或3年", "years is 1 or 2 or 3"),
        (
            {"fact": "born", "at_least": "2020-01-02"},
            "出生日期不早于2020年1月2日",
            "born is on or after 2020-01-02",
        ),
        (
            {"fact": "place", "within": "510802"},
            "常住地在行政区划510802范围内",
            "place is inside region 510802",
        ),
        ({"not": {"fact": "single", "is": False}}, "不符合（独居：否）", "not (single: no)"),
        (
            {"all": [{"fact": "age", "at_least": 6}, {"any": [{"fact": "income", "is": "dibao"}, OPEN]}]},
            "年满6周岁，并且（家庭收入认定为DIBAO，或者“困难”（规划未作界定））",
            "age is at least 6 and (income is dibao or “困难” (the plan does not define it))",
        ),
    ],
)
def test_conditions_in_words(raw: dict[str, Any], zh: str, en: str) -> None:
    assert in_words(condition(raw), FACTS, "zh") == zh
    assert in_words(condition(raw), FACTS, "en") == en


@given(CONDITIONS)
def test_every_condition_has_words(raw: dict[str, Any]) -> None:
    assert in_words(read(raw)[0], FACTS, "zh")
    assert in_words(read(raw)[0], FACTS, "en")
