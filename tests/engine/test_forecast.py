"""Answers turn on the day the calendar says, or between two days where only years are known."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.eligibility.derive import derive
from app.eligibility.evaluate import CompiledService, compile_services
from app.eligibility.facts import Fact, parse
from app.eligibility.forecast import Turning, turning_days
from app.eligibility.rules import Rule

AGE = Fact.model_validate(
    {
        "slug": "age",
        "name": "年龄",
        "type": "integer",
        "minimum": 0,
        "maximum": 130,
        "changes": "with_time",
        "derivation": {"from": "birth_date", "function": "completed_years"},
    }
)
YEARS = Fact(slug="years", name="参保", type="integer", minimum=0, maximum=60, changes="with_time")
BIRTH = Fact(slug="birth_date", name="出生日期", type="date", changes="never")
URBAN = Fact(slug="urban", name="城镇", type="boolean", changes="by_choice")
FACTS = {fact.slug: fact for fact in (AGE, BIRTH, YEARS, URBAN)}
ON, UNTIL = date(2024, 6, 1), date(2034, 6, 1)
OLD = {"fact": "age", "at_least": 60}


def services(*conditions: dict[str, Any]) -> dict[str, CompiledService]:
    return compile_services(
        [
            Rule.model_validate({"slug": f"r{i}", "service": f"s{i}", "strength": "pilot", "condition": c})
            for i, c in enumerate(conditions)
        ],
        FACTS,
    )


def turning(condition: dict[str, Any], said: dict[str, Any]) -> list[tuple[Any, ...]]:
    knowledge, wrong = parse(FACTS, said)
    assert wrong == []
    return [found[1:] for found in turning_days(services(condition), FACTS, knowledge, ON, UNTIL)]


FROM_NO = ("not_eligible", "eligible")


@pytest.mark.parametrize(
    ("condition", "said", "expected"),
    [
        (OLD, {"birth_date": "1964-06-01"}, []),
        (OLD, {"birth_date": "1964-06-02"}, [(*FROM_NO, date(2024, 6, 2), date(2024, 6, 2))]),
        (OLD, {"birth_date": "1968-02-29"}, [(*FROM_NO, date(2028, 2, 29), date(2028, 2, 29))]),
        (OLD, {"age": 59}, [(*FROM_NO, date(2024, 6, 2), date(2025, 6, 1))]),
        (OLD, {"age": 40}, []),
        (OLD, {}, []),
        (OLD, {"age": {"min": 55, "max": 65}},
         [("undetermined", "eligible", date(2029, 6, 1), date(2029, 6, 1))]),
        (OLD, {"age": 59, "birth_date": {"min": "1964-01-01", "max": "1964-09-01"}},
         [(*FROM_NO, date(2024, 6, 2), date(2024, 9, 1))]),
        ({"all": [OLD, {"undefined": "x", "because": "y"}]}, {"age": 59},
         [("not_eligible", "undetermined", date(2024, 6, 2), date(2025, 6, 1))]),
        ({"not": OLD}, {"age": 59}, [("eligible", "not_eligible", date(2024, 6, 2), date(2025, 6, 1))]),
        ({"fact": "years", "at_least": 15}, {"years": 13}, [(*FROM_NO, date(2025, 6, 2), date(2026, 6, 1))]),
        ({"fact": "urban", "is": True}, {"age": 59, "urban": False}, []),
        ({"all": [OLD, {"fact": "years", "at_least": 15}]}, {"birth_date": "1964-09-01", "years": 14},
         [(*FROM_NO, date(2024, 9, 1), date(2025, 6, 1))]),
    ],
)  # fmt: skip
def test_an_answer_turns_when_time_turns_it(
    condition: dict[str, Any], said: dict[str, Any], expected: list[tuple[Any, ...]]
) -> None:
    assert turning(condition, said) == expected


@given(st.dates(date(1960, 1, 1), date(1969, 12, 31)), st.sampled_from(["at_least", "less_than", "is"]))
def test_the_day_is_the_first_on_which_the_engine_answers_otherwise(birth: date, op: str) -> None:
    offered = services({"fact": "age", op: 60})
    knowledge, _ = parse(FACTS, {"birth_date": birth.isoformat()})
    days = (ON + timedelta(days=n) for n in range((UNTIL - ON).days + 1))
    answers = ((day, offered["s0"].decide(derive(FACTS, knowledge, day)[0])[0]) for day in days)
    _, today = next(answers)
    expected = next((day for day, answer in answers if answer != today), None)
    found = turning_days(offered, FACTS, knowledge, ON, UNTIL)
    assert [(one.earliest, one.latest) for one in found] == ([(expected, expected)] if expected else [])


@given(st.dates(date(1960, 1, 1), date(1969, 12, 31)))
def test_what_is_said_of_an_age_holds_for_every_birthday_it_can_have(birth: date) -> None:
    offered = services(OLD)
    by_birth, _ = parse(FACTS, {"birth_date": birth.isoformat()})
    age = derive(FACTS, by_birth, ON)[0]["age"].low
    by_age, _ = parse(FACTS, {"age": age})
    sharp = {one.service: one for one in turning_days(offered, FACTS, by_birth, ON, UNTIL)}
    wide = {one.service: one for one in turning_days(offered, FACTS, by_age, ON, UNTIL)}
    for slug, one in sharp.items():
        assert isinstance(one, Turning)
        latest = wide[slug].latest
        assert wide[slug].earliest <= one.earliest
        assert latest is None or one.earliest <= latest
