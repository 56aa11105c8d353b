"""What a request says is read strictly, and what follows from it follows on the right day."""

import time
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.eligibility.conditions import read
from app.eligibility.derive import completed_years, derive, narrowed
from app.eligibility.facts import Fact, Known, parse
from app.eligibility.regions import regions_above
from tests.engine.worlds import FACTS, PLACES, inside

AGE = Fact.model_validate(
    {
        "slug": "age",
        "name": "年龄",
        "type": "integer",
        "minimum": 0,
        "maximum": 130,
        "derivation": {"from": "birth_date", "function": "completed_years"},
    }
)
DISABLED = Fact.model_validate(
    {
        "slug": "disabled",
        "name": "残疾人",
        "type": "boolean",
        "derivation": {
            "implies": {"from": "grade", "in": ["one", "two"]},
            "value": True,
            "source": {"plan": "x"},
        },
    }
)
GRADE = Fact.model_validate(
    {
        "slug": "grade",
        "name": "等级",
        "type": "enumeration",
        "values": [{"value": v, "label": v} for v in ("none", "one", "two")],
    }
)
BIRTH = Fact(slug="birth_date", name="出生日期", type="date")
WORLD = {fact.slug: fact for fact in (AGE, BIRTH, GRADE, DISABLED)}
DAY = date(2024, 6, 1)


def known(given_: dict[str, Any], on: date = DAY) -> dict[str, Known]:
    read_, findings = parse(WORLD, given_)
    assert findings == []
    derived, findings = derive(WORLD, read_, on)
    assert findings == []
    return derived


NEVER_REPEATED = "7777"


@pytest.mark.parametrize(
    ("given_", "pointer", "says"),
    [
        ({"nobody": 1}, "/facts/nobody", "no such fact"),
        ({"a/b~c": 1}, "/facts/a~1b~0c", "no such fact"),
        ({"x" * 10**6: 1}, "/facts/" + "x" * 60 + "…", "no such fact"),
        ({"age": "7777"}, "/facts/age", "whole number"),
        ({"age": 7777}, "/facts/age", "between 0 and 7"),
        ({"age": True}, "/facts/age", "whole number"),
        ({"age": 3.0}, "/facts/age", "whole number"),
        ({"age": float("nan")}, "/facts/age", "whole number"),
        ({"age": 10**5000}, "/facts/age", "between"),
        ({"age": [3]}, "/facts/age", "whole number"),
        ({"age": {"min": 5, "max": 3}}, "/facts/age", "above the maximum"),
        ({"age": {"min": -7777}}, "/facts/age", "between"),
        ({"age": {"min": None, "max": None}}, "/facts/age", "at least one end"),
        ({"age": {}}, "/facts/age", "A band is"),
        ({"age": {"any_of": [3]}}, "/facts/age", "A band is"),
        ({"resident": 1}, "/facts/resident", "one of: false, true"),
        ({"resident": {"any_of": []}}, "/facts/resident", "at least one value"),
        ({"income": "7777"}, "/facts/income", "one of: dibao, low, other"),
        ({"income": {"any_of": ["low", None]}}, "/facts/income", "one of"),
        ({"income": {"any_of": [["low"]]}}, "/facts/income", "one of"),
        ({"income": {"any_of": ["low"] * 10**6}}, "/facts/income", "more values than there are"),
        ({"income": {"any_of": "low"}}, "/facts/income", "at least one value"),
        ({"born": "2023-02-29"}, "/facts/born", "YYYY-MM-DD"),
        ({"born": "20230201"}, "/facts/born", "YYYY-MM-DD"),
        ({"born": {"min": "2020-01-01", "max": 3}}, "/facts/born", "YYYY-MM-DD"),
        ({"place": "51080²"}, "/facts/place", "six-digit"),
        ({"place": 510802}, "/facts/place", "six-digit"),
        ({"place": "51080"}, "/facts/place", "six-digit"),
        ([], "/facts", "JSON object"),
    ],
)
def test_what_is_wrong_is_named_and_never_repeated(given_: Any, pointer: str, says: str) -> None:
    began = time.perf_counter()
    _, (finding,) = parse(FACTS, given_)
    assert time.perf_counter() - began < 1
    assert finding.pointer == pointer
    assert says in finding.en
    assert NEVER_REPEATED not in finding.en + finding.zh
    assert finding.zh


def test_a_million_unknown_facts_give_a_short_answer() -> None:
    assert len(parse(FACTS, dict.fromkeys(map(str, range(10**6)), 1))[1]) == 20


def test_null_and_absent_are_unknown() -> None:
    assert parse(FACTS, {"age": None}) == parse(FACTS, {})


def test_open_bands_end_where_values_stop_making_sense() -> None:
    knowledge, _ = parse(FACTS, {"age": {"min": 5}, "years": {"max": 1}})
    assert (knowledge["age"].low, knowledge["age"].high) == (5, 7)
    assert (knowledge["years"].low, knowledge["years"].high) == (0, 1)


@pytest.mark.parametrize(
    ("birth", "on", "years"),
    [
        ("1964-06-01", date(2024, 6, 1), 60),
        ("1964-06-02", date(2024, 6, 1), 59),
        ("2000-02-29", date(2023, 2, 28), 22),
        ("2000-02-29", date(2023, 3, 1), 23),
        ("2000-02-29", date(2024, 2, 29), 24),
    ],
)
def test_years_are_completed_on_the_birthday(birth: str, on: date, years: int) -> None:
    assert completed_years(date.fromisoformat(birth).toordinal(), on) == years


def test_a_band_of_birth_dates_is_a_band_of_ages() -> None:
    age = known({"birth_date": {"min": "1960-01-01", "max": "1964-06-02"}})["age"]
    assert (age.low, age.high) == (59, 64)


def test_age_and_birth_date_narrow_each_other() -> None:
    age = known({"birth_date": {"min": "1960-01-01", "max": "1964-06-02"}, "age": {"min": 62, "max": 80}})[
        "age"
    ]
    assert (age.low, age.high) == (62, 64)


def test_contradictions_are_findings() -> None:
    knowledge, _ = parse(WORLD, {"birth_date": "1960-01-01", "age": 30})
    (finding,) = derive(WORLD, knowledge, DAY)[1]
    assert finding.pointer == "/facts/age"
    knowledge, _ = parse(WORLD, {"birth_date": "2030-01-01"})
    (finding,) = derive(WORLD, knowledge, DAY)[1]
    assert finding.pointer == "/facts/birth_date"
    knowledge, _ = parse(WORLD, {"grade": "one", "disabled": False})
    (finding,) = derive(WORLD, knowledge, DAY)[1]
    assert finding.pointer == "/facts/disabled"


def test_an_implication_only_goes_forward() -> None:
    assert known({"grade": {"any_of": ["one", "two"]}})["disabled"].values == {True}
    assert known({"grade": {"any_of": ["one", "none"]}})["disabled"].values == {True, False}
    assert known({"grade": "none"})["disabled"].values == {True, False}
    assert known({"disabled": False})["grade"].values == {"none", "one", "two"}


@pytest.mark.parametrize(
    ("source", "premise", "surely", "perhaps"),
    [
        ("age", [5, 6], 5, {"min": 5}),
        ("place", ["510800"], "510802", "510000"),
        ("single", [True], True, None),
        ("income", ["dibao", "low"], {"any_of": ["dibao", "low"]}, {"any_of": ["dibao", "other"]}),
    ],
)
def test_something_follows_only_once_its_premise_is_sure(
    source: str, premise: list[Any], surely: Any, perhaps: Any
) -> None:
    rule = {"implies": {"from": source, "in": premise}, "value": 2}
    years = Fact.model_validate({**FACTS["years"].model_dump(), "derivation": rule})
    world = {**FACTS, "years": years}
    for said, low in ((surely, 2), (perhaps, 0)):
        knowledge, _ = parse(world, {source: said})
        assert derive(world, knowledge, DAY)[0]["years"].low == low


def test_regions_narrow_each_other() -> None:
    where = {code: Known("region", code=code) for code in ("510000", "510802", "110000")}
    assert narrowed(where["510000"], where["510802"]) == where["510802"]
    assert narrowed(where["110000"], where["510802"]) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "integer"},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "enumeration"},
        {"type": "boolean", "values": [{"value": "a", "label": "a"}]},
    ],
)
def test_a_fact_says_which_values_make_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="needs"):
        Fact.model_validate({"slug": "x", "name": "x", **wrong})


@given(st.sampled_from(PLACES), st.sampled_from(PLACES))
def test_regions_lie_inside_each_other_by_their_digits(code: str, region: str) -> None:
    assert (region in regions_above(code)) == (inside(code, region) and code != region)


@pytest.mark.parametrize("depth", [9, 1000, 100_000])
def test_deep_conditions_are_refused_quickly(depth: int) -> None:
    raw: dict[str, Any] = {"fact": "age", "is": 1}
    for _ in range(depth):
        raw = {"not": raw}
    began = time.perf_counter()
    node, (finding,) = read(raw)
    assert time.perf_counter() - began < 1
    assert node is None
    assert "8 levels" in finding.en


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        ({"all": [{"fact": "age", "is": 1}] * 201}, ""),
        ({"all": [{"any": [{"all": []}] * 150}] * 150}, ""),
        ({"fact": "age"}, ""),
        ({"fact": "age", "is": 1, "in": [1]}, ""),
        ({"all": [{"fact": "age", "is": None}]}, "/all/0"),
        ({"all": [{"fact": "age", "in": [1, None]}]}, "/all/0/in/1"),
        ({"not": {"fact": "age", "at_least": 1.5}}, "/not/at_least"),
        ({"fact": "age", "at_least": True}, "/at_least"),
        ({"fact": "age", "is": float("nan")}, "/is"),
        ({"fact": "age", "is": 10**13}, "/is"),
        ({"fact": "age", "is": 1, "why": 2}, "/why"),
        ({"fact": "Age", "is": 1}, "/fact"),
        ({"fact": "place", "within": "51080"}, "/within"),
        ({"fact": "born", "at_most": "2023-02-29"}, "/at_most"),
        ({"all": {}}, "/all"),
        ({"undefined": "x"}, "/because"),
        ([], ""),
        (None, ""),
    ],
)
def test_malformed_conditions_are_refused_where_they_are_wrong(raw: Any, pointer: str) -> None:
    node, findings = read(raw)
    assert node is None
    assert pointer in [finding.pointer for finding in findings]


def test_a_condition_is_written_out_as_it_was_read() -> None:
    raw = {
        "all": [
            {"fact": "a", "is": False, "quote": "x"},
            {"any": [{"fact": "b", "in": ["c"]}]},
            {"not": {"all": []}},
        ]
    }
    node, _ = read(raw)
    assert node.model_dump(mode="json") == raw
