"""Other systems reach the same answer, unknown included."""

import sqlite3
from typing import Any

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.eligibility.compiled import Compiled
from app.eligibility.evaluate import compile_rule
from app.eligibility.expressions import cel as in_cel
from app.eligibility.expressions import express, jsonlogic, sql
from app.eligibility.facts import Fact, unknowns
from app.eligibility.rules import Rule, whole
from tests.engine.test_evaluate import RULES, condition, knowledge, rule
from tests.engine.worlds import FACTS, PLACES, POINTS

PERSONS = st.fixed_dictionaries(
    {}, optional={fact: st.sampled_from(POINTS[fact] if fact != "place" else PLACES) for fact in FACTS}
)


def by_cel(expression: str, person: dict[str, Any]) -> bool | None:
    try:
        return bool(cel.evaluate(expression, {"facts": person}))
    except KeyError:
        return None


def by_sqlite(expression: str, person: dict[str, Any]) -> bool | None:
    with sqlite3.connect(":memory:") as database:
        columns = ", ".join(f'? AS "{fact}"' for fact in FACTS)
        values = [person.get(fact) for fact in FACTS]
        query = f"SELECT ({expression}) FROM (SELECT {columns})"
        (answer,) = database.execute(query, values).fetchone()
    database.close()
    return None if answer is None else bool(answer)


def logic(expression: Any, data: dict[str, Any]) -> Any:
    """The part of JSON Logic that rules use, by its specification."""
    if not isinstance(expression, dict):
        return expression
    ((name, raw),) = expression.items()
    if name == "var":
        return data.get(raw)
    if name in ("and", "or"):
        found = (logic(one, data) for one in raw)
        return all(found) if name == "and" else any(found)
    values = [logic(one, data) for one in raw]
    if None in values and name in (">=", "<=", ">", "<"):
        values = [0 if value is None else value for value in values]
    functions: dict[str, Any] = {
        "!": lambda a: not a,
        "===": lambda a, b: type(a) is type(b) and a == b,
        "!==": lambda a, b: not (type(a) is type(b) and a == b),
        ">=": lambda a, b: a >= b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        "<": lambda a, b: a < b,
        "in": lambda a, b: a in b,
        "substr": lambda a, b, c: a[b : b + c] if isinstance(a, str) else a,
    }
    return functions[name](*values)


def by_jsonlogic(expressions: Any, person: dict[str, Any]) -> bool | None:
    holds, fails = (logic(expressions[key], person) for key in ("holds", "fails"))
    assert not (holds and fails)
    return True if holds else False if fails else None


@given(RULES, PERSONS)
def test_cel_and_sql_and_json_logic_agree_with_the_engine(
    raw: dict[str, Any], person: dict[str, Any]
) -> None:
    written = Rule.model_validate({"slug": "r", "service": "s", **raw})
    compiled = compile_rule(written, FACTS)
    # Part by part: the other languages do not look at all completions either.
    expected = Compiled(whole(written), unknowns(FACTS)).kleene(knowledge(person))
    assert by_cel(str(express(written, FACTS, "cel")), person) is expected
    assert by_sqlite(str(express(written, FACTS, "sql")), person) is expected
    assert by_jsonlogic(express(written, FACTS, "jsonlogic"), person) is expected
    if expected is not None:
        assert compiled.truth(knowledge(person)) is expected


NASTY = """a'b"c\\d\n老😀\x7f${x}`--;DROP"""


def test_text_is_quoted_so_that_it_stays_text() -> None:
    values = [{"value": NASTY, "label": "x"}, {"value": "o", "label": "o"}]
    facts = {
        "income": Fact.model_validate(
            {"slug": "income", "name": "x", "type": "enumeration", "values": values}
        )
    }
    raw = {"any": [{"fact": "income", "is": NASTY}, {"fact": "income", "in": [NASTY]}]}
    for person, answer in (({"income": NASTY}, True), ({"income": "o"}, False), ({}, None)):
        assert by_cel(in_cel(condition(raw), facts), person) is answer
        assert by_sqlite(sql(condition(raw), facts), person) is answer
        assert by_jsonlogic(jsonlogic(condition(raw), facts), person) is answer


def test_two_values_of_one_fact_are_one_question_here_too() -> None:
    either = {"any": [{"fact": "resident", "is": True}, {"fact": "resident", "is": False}]}
    assert by_cel(in_cel(condition(either), FACTS), {}) is True
    assert by_sqlite(sql(condition(either), FACTS), {}) is True
    assert by_jsonlogic(jsonlogic(condition(either), FACTS), {}) is True


def test_an_undefined_word_with_quotes_in_it_stays_unknown() -> None:
    raw = {"undefined": NASTY, "because": "x"}
    assert by_cel(in_cel(condition(raw), FACTS), {}) is None
    assert by_sqlite(sql(condition(raw), FACTS), {}) is None


@pytest.mark.parametrize("slug", ["in", "null", "select"])
def test_a_fact_may_be_called_like_a_word_of_the_language(slug: str) -> None:
    facts = {slug: Fact(slug=slug, name="x", type="boolean")}
    node = condition({"fact": slug, "is": True})
    assert by_cel(in_cel(node, facts), {slug: True}) is True
    with sqlite3.connect(":memory:") as database:
        assert database.execute(f'SELECT {sql(node, facts)} FROM (SELECT 1 AS "{slug}")').fetchone() == (1,)
    database.close()


def test_what_it_looks_like() -> None:
    raw = {
        "all": [
            {"fact": "age", "at_least": 6},
            {"any": [{"fact": "income", "in": ["dibao", "low"]}, {"not": OPEN}]},
        ]
    }
    written = rule(raw, open_ended=True)
    assert express(written, FACTS, "cel") == (
        '((facts.age >= 6 && (facts.income in ["dibao", "low"] || !(facts["undefined: 困难"])))'
        ' || facts["undefined: 等"])'
    )
    assert express(rule(raw), FACTS, "sql") == (
        """("age" >= 6 AND ("income" IN ('dibao', 'low') OR NOT (CAST(NULL AS BOOLEAN))))"""
    )
    assert express(rule({"fact": "age", "less_than": 3}), FACTS, "jsonlogic") == {
        "holds": {"and": [{"!==": [{"var": "age"}, None]}, {"<": [{"var": "age"}, 3]}]},
        "fails": {"and": [{"!==": [{"var": "age"}, None]}, {"!": [{"<": [{"var": "age"}, 3]}]}]},
    }
    assert express(rule({"all": []}), FACTS, "zh") == "所有人"


OPEN = {"undefined": "困难", "because": "No line is drawn."}
