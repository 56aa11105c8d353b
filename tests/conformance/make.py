"""Writes vectors.json: shapes written by hand, the engine's answers, and an oracle that has to agree with each.

    python -m tests.conformance.make

The oracle shares no code with the engine: it looks at every person whom the given facts leave open, one by one.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from app.eligibility.derive import derive
from app.eligibility.evaluate import compile_services, outcomes
from app.eligibility.facts import Fact, parse
from app.eligibility.rules import Rule

FILE = Path(__file__).with_name("vectors.json")
ON = "2024-06-01"
Document = dict[str, Any]
Person = Mapping[str, Any]
STRENGTHS = ["entitlement", "target_group", "pilot"]


def choice(*values: str) -> Document:
    return {"type": "enumeration", "values": [{"value": value, "label": value} for value in values]}


def number(minimum: int, maximum: int) -> Document:
    return {"type": "integer", "minimum": minimum, "maximum": maximum}


FACTS: dict[str, Document] = {
    "birth_date": {"type": "date"},
    "age": {**number(0, 130), "derivation": {"from": "birth_date", "function": "completed_years"}},
    "insured_years": number(0, 60),
    "retired_on": {"type": "date"},
    "resident": {"type": "boolean"},
    "alone": {"type": "boolean"},
    "hukou": choice("urban", "rural"),
    "grade": choice("none", "one", "two", "three", "four"),
    "support": choice("dibao", "low_income", "neither"),
    "poor": {
        "type": "boolean",
        "derivation": {"implies": {"from": "support", "in": ["dibao", "low_income"]}, "value": True},
    },
    "fee_waived": {
        "type": "boolean",
        "derivation": {"implies": {"from": "poor", "in": [True]}, "value": True},
    },
    "place": {"type": "region"},
}
COUNTIES = ["510802", "510811", "510812", "510904", "510105", "110101", "620602"]

# The shapes: what a rule may be, and one vector for each thing that may be given.
# `read` is how else the sentence can be read; `others` is a list of people that goes on.
SHAPES = """
# Operators
- about: at_least
  when: {fact: age, at_least: 60}
  given: [{}, {age: 59}, {age: 60}, {age: null}, {age: {min: 60}}, {age: {max: 59}}, {age: {min: 59}},
    {age: {min: 60, max: 60}}, {age: {min: 59, max: 60}}, {age: {min: 60, max: null}}]
- about: at_most
  when: {fact: age, at_most: 3}
  given: [{}, {age: 3}, {age: 4}, {age: {max: 3}}, {age: {min: 4}}, {age: {min: 3, max: 4}}]
- about: more_than
  when: {fact: age, more_than: 16}
  given: [{age: 16}, {age: 17}, {age: {min: 17}}, {age: {min: 16, max: 17}}]
- about: less_than
  when: {fact: age, less_than: 18}
  given: [{age: 17}, {age: 18}, {age: {max: 17}}, {age: {min: 17}}]
- about: is, a number
  when: {fact: age, is: 60}
  given: [{age: 60}, {age: 61}, {age: {min: 60, max: 60}}, {age: {min: 59, max: 61}}]
- about: in, numbers
  when: {fact: age, in: [3, 5, 4]}
  given: [{}, {age: 4}, {age: 6}, {age: {min: 3, max: 5}}, {age: {min: 3, max: 6}}, {age: {min: 6}}]
- about: at_least, a date
  when: {fact: retired_on, at_least: '2014-10-01'}
  given: [{}, {retired_on: '2014-09-30'}, {retired_on: '2014-10-01'}, {retired_on: {min: '2014-10-01'}},
    {retired_on: {min: '2014-09-30', max: '2014-10-01'}}]
- about: at_most, a date
  when: {fact: retired_on, at_most: '2014-09-30'}
  given: [{retired_on: '2014-09-30'}, {retired_on: '2014-10-01'}, {retired_on: {max: '2014-10-01'}}]
- about: more_than, a date
  when: {fact: retired_on, more_than: '2014-09-30'}
  given: [{retired_on: '2014-09-30'}, {retired_on: '2014-10-01'}]
- about: less_than, a date
  when: {fact: retired_on, less_than: '2014-10-01'}
  given: [{retired_on: '2014-09-30'}, {retired_on: '2014-10-01'}]
- about: is, a date
  when: {fact: retired_on, is: '2014-09-30'}
  given: [{retired_on: '2014-09-30'}, {retired_on: {min: '2014-09-30', max: '2014-10-01'}}]
- about: is, true
  when: {fact: resident, is: true}
  given: [{}, {resident: true}, {resident: false}, {resident: {any_of: [true, false]}}, {resident: {any_of: [true]}}]
- about: is, false
  when: {fact: resident, is: false}
  given: [{resident: true}, {resident: false}]
- about: is, a choice
  when: {fact: support, is: dibao}
  given: [{}, {support: dibao}, {support: neither}, {support: {any_of: [dibao, neither]}},
    {support: {any_of: [dibao, dibao]}}]
- about: in, choices
  when: {fact: support, in: [dibao, low_income]}
  given: [{support: {any_of: [low_income, dibao]}}, {support: {any_of: [dibao, neither]}}, {support: neither}]
- about: within a county
  when: {fact: place, within: '510802'}
  given: [{}, {place: '510802'}, {place: '510811'}, {place: '510800'}, {place: '510900'}, {place: '510000'},
    {place: '110101'}]
- about: within a city
  when: {fact: place, within: '510800'}
  given: [{}, {place: '510811'}, {place: '510800'}, {place: '510900'}, {place: '510000'}, {place: '110000'}]
- about: within a province
  when: {fact: place, within: '510000'}
  given: [{}, {place: '510105'}, {place: '510900'}, {place: '510000'}, {place: '110101'}]
- about: is, a city, means within it
  when: {fact: place, is: '510800'}
  given: [{place: '510812'}, {place: '510000'}]
- about: in, regions
  when: {fact: place, in: ['510802', '620000']}
  given: [{place: '620602'}, {place: '510800'}, {place: '110101'}]
# all, any, not, undefined
- about: all
  when: {all: [{fact: age, at_least: 60}, {fact: resident, is: true}]}
  given: [{}, {age: 59}, {age: 60}, {resident: false}, {age: 60, resident: true}]
- about: any
  when: {any: [{fact: age, at_least: 60}, {fact: resident, is: true}]}
  given: [{}, {age: 59}, {age: 60}, {resident: true}, {age: 59, resident: false}]
- about: not
  when: {not: {fact: age, at_least: 60}}
  given: [{}, {age: 59}, {age: 60}, {age: {min: 59, max: 60}}]
- about: not all
  when: {not: {all: [{fact: age, at_least: 60}, {fact: resident, is: true}]}}
  given: [{}, {age: 59}, {age: 60}, {age: 60, resident: true}]
- about: not any
  when: {not: {any: [{fact: support, is: dibao}, {fact: support, is: neither}]}}
  given: [{}, {support: {any_of: [dibao, neither]}}, {support: {any_of: [low_income]}}]
- about: not not
  when: {not: {not: {fact: resident, is: true}}}
  given: [{}, {resident: true}]
- about: everyone
  when: {all: []}
  given: [{}]
- about: nobody
  when: {any: []}
  given: [{}]
- about: undefined
  when: {undefined: elderly, because: The text gives no age.}
  given: [{}]
- about: undefined, or a clause
  when: {any: [{undefined: elderly, because: The text gives no age.}, {fact: alone, is: true}]}
  given: [{}, {alone: true}, {alone: false}]
- about: undefined, and a clause
  when: {all: [{undefined: elderly, because: The text gives no age.}, {fact: alone, is: true}]}
  given: [{}, {alone: true}, {alone: false}]
- about: undefined, and its opposite
  when: {any: [{undefined: elderly, because: No age.}, {not: {undefined: elderly, because: No age.}}]}
  given: [{}]
# Exact, where part by part would say too little
- about: one or the other of a list
  when: {any: [{fact: support, is: dibao}, {fact: support, is: low_income}]}
  given: [{}, {support: {any_of: [dibao, low_income]}}]
- about: all of a list
  when: {any: [{fact: grade, in: [one, two]}, {fact: grade, in: [three, four]}, {fact: grade, is: none}]}
  given: [{}]
- about: either way
  when: {any: [{all: [{fact: age, at_least: 60}, {fact: resident, is: true}]},
    {all: [{fact: age, less_than: 60}, {fact: resident, is: true}]}]}
  given: [{}, {resident: true}, {resident: false}]
- about: neither way
  when: {all: [{any: [{fact: age, at_least: 60}, {fact: alone, is: true}]},
    {any: [{fact: age, less_than: 60}, {fact: alone, is: true}]}]}
  given: [{}, {alone: true}, {alone: false}]
- about: both at once
  when: {all: [{fact: age, at_least: 60}, {fact: age, less_than: 60}]}
  given: [{}]
- about: a band over a gap
  when: {any: [{fact: age, less_than: 7}, {fact: age, at_least: 60}]}
  given: [{age: {min: 5, max: 70}}, {age: {min: 7, max: 59}}, {age: {min: 60}}]
- about: two thresholds
  when: {any: [{fact: age, at_least: 80}, {all: [{fact: age, at_least: 60}, {fact: alone, is: true}]}]}
  given: [{}, {age: {min: 60}}, {age: {min: 80}}, {age: {max: 79}}, {age: {max: 59}}, {alone: false}]
- about: regions in one another
  when: {any: [{fact: place, within: '510802'}, {all: [{fact: place, within: '510800'}, {fact: alone, is: true}]}]}
  given: [{}, {place: '510800'}, {place: '510811'}, {place: '510000'}, {alone: true}]
# Missing: only what can still change the answer
- about: an absorbed part
  when: {any: [{all: [{fact: age, at_least: 60}, {fact: resident, is: true}]}, {fact: alone, is: true}]}
  given: [{age: 59}, {age: 60}, {resident: true}]
- about: a fact that is asked twice
  when: {all: [{any: [{fact: age, at_least: 60}, {fact: resident, is: true}]},
    {any: [{fact: age, at_least: 60}, {fact: alone, is: true}]}]}
  given: [{}, {resident: true}, {resident: false}, {age: 59}]
- about: nothing helps
  when: {all: [{undefined: elderly, because: No age.}, {any: [{fact: age, at_least: 60}, {fact: age, less_than: 60}]}]}
  given: [{}]
# Readings, and lists that go on
- about: two readings
  when: {any: [{fact: alone, is: true}, {all: [{fact: age, at_least: 60}, {fact: resident, is: true}]}]}
  read: [{all: [{fact: age, at_least: 60}, {any: [{fact: alone, is: true}, {fact: resident, is: true}]}]}]
  given: [{}, {age: 70}, {age: 50, alone: true}, {age: 70, alone: true}, {age: 50, alone: false}, {alone: true}]
- about: three readings
  when: {fact: age, at_least: 60}
  read: [{fact: resident, is: true}, {fact: alone, is: true}]
  given: [{age: 60, resident: true}, {age: 60, resident: true, alone: true}, {age: 59, resident: false, alone: false}]
- about: readings that never differ
  when: {fact: age, at_least: 60}
  read: [{not: {fact: age, less_than: 60}}]
  given: [{}, {age: {min: 60}}, {age: 59}]
- about: a list that goes on
  when: {any: [{fact: age, at_least: 60}, {fact: alone, is: true}]}
  others: true
  given: [{}, {age: 59, alone: false}, {alone: true}, {alone: false}]
- about: two readings of a list that goes on
  when: {fact: age, at_least: 60}
  read: [{fact: alone, is: true}]
  others: true
  given: [{}, {age: 59, alone: false}, {age: 60, alone: true}]
# Several rules, several services
- about: the firmest rule
  rules:
  - {slug: c, strength: pilot, when: {fact: poor, is: true}}
  - {slug: a, strength: target_group, when: {fact: resident, is: true}}
  - {slug: b, strength: entitlement, when: {fact: age, at_least: 60}}
  given: [{}, {age: 60}, {resident: true}, {age: 59, resident: false}, {age: 59, resident: false, poor: false},
    {age: 59, poor: true}]
- about: rules of one strength, by their slugs
  rules: [{slug: two, when: {fact: resident, is: true}}, {slug: one, when: {fact: age, at_least: 60}}]
  given: [{}, {age: 60, resident: true}, {age: 59}, {age: 59, resident: false}]
- about: one rule or the other
  rules: [{slug: old, when: {fact: age, at_least: 60}}, {slug: young, when: {fact: age, less_than: 60}}]
  given: [{}, {age: 60}, {age: {min: 30, max: 40}}]
- about: one firm rule or a softer one
  rules: [{slug: old, when: {fact: age, at_least: 60}}, {slug: young, strength: pilot, when: {fact: age, less_than: 60}}]
  given: [{}]
- about: a list that goes on, and a rule
  rules:
  - {slug: list, others: true, when: {fact: age, at_least: 60}}
  - {slug: rule, strength: pilot, when: {fact: alone, is: true}}
  given: [{}, {age: 59}, {age: 59, alone: true}]
- about: two services
  rules:
  - {slug: a, service: pension, when: {fact: age, at_least: 60}}
  - {slug: b, service: relief, when: {fact: alone, is: true}}
  given: [{age: 60}, {alone: false}]
# What follows from other facts
- about: age on the day
  when: {fact: age, at_least: 60}
  given: [{birth_date: '1964-06-01'}, {birth_date: '1964-06-02'}, {birth_date: '2024-06-01'},
    {birth_date: {min: '1963-01-01', max: '1964-06-01'}}, {birth_date: {min: '1964-06-01', max: '1964-06-02'}}]
- {about: 'born on a leap day, 1', on: '2024-02-28', when: {fact: age, is: 24}, given: [{birth_date: '2000-02-29'}]}
- {about: 'born on a leap day, 2', on: '2024-02-29', when: {fact: age, is: 24}, given: [{birth_date: '2000-02-29'}]}
- {about: 'born on a leap day, 3', on: '2025-02-28', when: {fact: age, is: 25}, given: [{birth_date: '2000-02-29'}]}
- {about: 'born on a leap day, 4', on: '2025-03-01', when: {fact: age, is: 25}, given: [{birth_date: '2000-02-29'}]}
- about: age and birth date
  when: {fact: age, at_least: 60}
  given: [{birth_date: '1964-06-01', age: 60}, {birth_date: '1964-06-01', age: 59}, {birth_date: '2024-06-02'},
    {birth_date: '1963-12-31', age: {min: 50, max: 70}}]
- about: an age says no birth date
  when: {fact: birth_date, at_most: '1964-06-01'}
  given: [{age: 70}]
- about: implied, in two steps
  when: {fact: fee_waived, is: true}
  given: [{}, {support: dibao}, {support: {any_of: [dibao, low_income]}}, {support: {any_of: [dibao, neither]}},
    {support: neither}, {support: dibao, poor: false}, {support: dibao, fee_waived: false}]
- about: implied, not the other way
  when: {fact: support, is: dibao}
  given: [{poor: true}, {poor: false}]
# What is refused
- about: not an age
  when: {fact: age, at_least: 60}
  given: [{age: 131}, {age: -1}, {age: 60.5}, {age: '60'}, {age: true}, {age: []}, {age: {}}, {age: {min: null}},
    {age: {min: 61, max: 60}}, {age: {min: 60, step: 1}}, {age: {any_of: [60]}}, {shoe/si~ze: 42, age: '60'}]
- about: not a choice
  when: {fact: support, is: dibao}
  given: [{support: Dibao}, {support: true}, {support: {any_of: []}}, {support: {any_of: [dibao, poor]}},
    {support: {min: dibao}}]
- about: not a region
  when: {fact: place, within: '510802'}
  given: [{place: '51080'}, {place: '000000'}, {place: 510802}, {place: {any_of: ['510802']}}]
- about: not a date
  when: {fact: retired_on, at_most: '2014-09-30'}
  given: [{retired_on: '2014-02-29'}, {retired_on: '2014-1-1'}, {retired_on: '0000-01-01'}, {retired_on: 2014}]
"""


def rule_of(written: Document) -> Document:
    """A shape's rule, written out."""
    readings = [
        {"says": f"Reading {count}", "condition": other}
        for count, other in enumerate(written.get("read", []), 2)
    ]
    return {
        "slug": written.get("slug", "the-rule"),
        "service": written.get("service", "the-service"),
        "strength": written.get("strength", "entitlement"),
        "open_ended": written.get("others", False),
        "condition": written["when"],
        "other_readings": readings,
    }


# The oracle


class NobodyError(Exception):
    """There is no such person; says where."""


def inside(code: str, region: str) -> bool:
    width = 10_000 if region.endswith("0000") else 100 if region.endswith("00") else 1
    return 0 <= int(code) - int(region) < width


def every_value(fact: Document) -> list[Any]:
    """Of the days, those of some years; of the regions, some counties."""
    if fact["type"] == "integer":
        return list(range(fact["minimum"], fact["maximum"] + 1))
    if fact["type"] == "date":
        return [
            (date(year, 1, 1) + timedelta(count)).isoformat()
            for year in (1963, 1964, 2000, 2014, 2024)
            for count in range(365)
        ]
    if fact["type"] == "region":
        return COUNTIES
    return [value["value"] for value in fact.get("values", [])] or [False, True]


def values_left(fact: Document, given: Any) -> list[Any]:
    """What is given leaves these values open; none if it is not to be read."""
    every = every_value(fact)
    ends = {"integer": int, "date": str}.get(fact["type"])
    if isinstance(given, dict) and ends:
        low, high = given.get("min"), given.get("max")
        if given.keys() - {"min", "max"} or low is high is None:
            return []
        return [v for v in every if (low is None or low <= v) and (high is None or v <= high)]
    if isinstance(given, dict):
        listed = given.get("any_of", []) if fact["type"] != "region" else []
        return (
            [value for value in every if value in listed] if all(value in every for value in listed) else []
        )
    if fact["type"] == "region":
        return [code for code in every if isinstance(given, str) and given > "1" and inside(code, given)]
    return [value for value in every if value == given and type(value) is type(given)]


def completed_years(birth: str, on: str) -> int:
    """Birthdays had by a day, counted one by one; -1 for who is not born."""
    _, month, day = map(int, birth.split("-"))
    had = [f"{year}-{month:02}-{day:02}" <= on for year in range(int(birth[:4]) + 1, int(on[:4]) + 1)]
    return sum(had) if birth <= on else -1


def people_left(vector: Document) -> dict[str, list[Any]]:
    """The values that each fact may have, after all that follows. Raises `NobodyError`."""
    facts, given = (
        vector["facts"],
        {slug: value for slug, value in vector["given"].items() if value is not None},
    )
    if unread := [
        slug for slug, raw in given.items() if slug not in facts or not values_left(facts[slug], raw)
    ]:
        raise NobodyError(*unread)
    left = {
        slug: values_left(fact, given[slug]) if slug in given else every_value(fact)
        for slug, fact in facts.items()
    }
    for _ in facts:
        for slug, fact in facts.items():
            derivation = fact.get("derivation", {})
            premise = derivation.get("implies", derivation)
            if not premise or (premise["from"] not in given and "function" in derivation):
                continue
            follows = every_value(fact)
            if "function" in derivation:
                follows = sorted({completed_years(birth, vector["on"]) for birth in left[premise["from"]]})
            elif all(value in premise["in"] for value in left[premise["from"]]):
                follows = [derivation["value"]]
            if not (both := [value for value in left[slug] if value in follows]):
                raise NobodyError(slug if slug in given else premise["from"])
            left[slug] = both
    return left


COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda mine, value: mine == value,
    "in": lambda mine, values: mine in values,
    "at_least": lambda mine, value: mine >= value,
    "at_most": lambda mine, value: mine <= value,
    "more_than": lambda mine, value: mine > value,
    "less_than": lambda mine, value: mine < value,
}


def holds(node: Document, person: Person) -> bool | None:
    """One condition for one person of whom all is known."""
    if "undefined" in node:
        return None
    if "not" in node:
        value = holds(node["not"], person)
        return None if value is None else not value
    if "fact" in node:
        ((operator, value),) = ((key, node[key]) for key in node if key not in ("fact", "quote"))
        mine = person[node["fact"]]
        if FACTS[node["fact"]]["type"] == "region":
            return any(inside(mine, code) for code in (value if operator == "in" else [value]))
        return COMPARED[operator](mine, value)
    ((form, parts),) = node.items()
    values = {holds(part, person) for part in parts}
    if (enough := form == "any") in values:
        return enough
    return None if None in values else not enough


def applies(rule: Document, person: Person) -> bool | None:
    values = {holds(reading["condition"], person) for reading in (rule, *rule["other_readings"])}
    value = values.pop() if len(values) == 1 else None
    return None if rule["open_ended"] and value is False else value


def turning(
    left: Mapping[str, list[Any]], facts: Iterable[str], say: Callable[[Person], Any]
) -> tuple[set[Any], set[str]]:
    """All that is said of the people who are left, and the facts in which two differ who differ in nothing else."""
    names = sorted(facts)
    said = {
        values: say(dict(zip(names, values, strict=True)))
        for values in product(*(left[name] for name in names))
    }
    found = set()
    for place, name in enumerate(names):
        alike: dict[tuple[Any, ...], set[Any]] = {}
        for values, answer in said.items():
            alike.setdefault((*values[:place], *values[place + 1 :]), set()).add(answer)
        found |= {name} if any(len(answers) > 1 for answers in alike.values()) else set()
    return set(said.values()), found


def asked_in(part: Any) -> set[str]:
    """The facts that a rule or a part of it asks about."""
    if isinstance(part, list):
        return set().union(*map(asked_in, part))
    if isinstance(part, dict):
        return ({part["fact"]} if "fact" in part else set()).union(*map(asked_in, part.values()))
    return set()


def true_outcome(rules: list[Document], left: Mapping[str, list[Any]]) -> Document:
    """What the contract says of one service's rules, tried out on everybody who is left."""
    rules = sorted(rules, key=lambda rule: (STRENGTHS.index(rule["strength"]), rule["slug"]))
    tried = [turning(left, asked_in(rule), lambda person, rule=rule: applies(rule, person)) for rule in rules]  # type: ignore[misc]  # the default binds the rule
    answers = [said.copy().pop() if len(said) == 1 else None for said, _ in tried]

    def rank(person: Person) -> str | bool:
        values = [applies(rule, person) for rule in rules]
        return str(rules[values.index(True)]["strength"]) if True in values else None in values

    outcome = "eligible" if True in answers else "undetermined" if None in answers else "not_eligible"
    decider = rules[answers.index({"eligible": True, "undetermined": None}.get(outcome, False))]
    missing: set[str] = set()
    if outcome == "undetermined":
        ranks, missing = turning(left, asked_in(rules), rank)
        if not missing and ranks & set(STRENGTHS):
            missing = set().union(*(facts for _, facts in tried))
    return {
        "outcome": outcome,
        "strength": decider["strength"],
        "rule": decider["slug"],
        "missing": sorted(missing),
    }


def true_answer(vector: Document) -> Document:
    try:
        left = people_left(vector)
    except NobodyError as nobody:
        return {"refused": [f"/facts/{slug.replace('~', '~0').replace('/', '~1')}" for slug in nobody.args]}
    services = sorted({rule["service"] for rule in vector["rules"]})
    rules = {slug: [rule for rule in vector["rules"] if rule["service"] == slug] for slug in services}
    return {"expected": {slug: true_outcome(found, left) for slug, found in rules.items()}}


# The vectors


def engine_answer(vector: Document) -> Document:
    facts = {slug: Fact.model_validate({"slug": slug, **fact}) for slug, fact in vector["facts"].items()}
    knowledge, findings = parse(facts, vector["given"])
    if not findings:
        knowledge, findings = derive(facts, knowledge, date.fromisoformat(vector["on"]))
    if findings:
        return {"refused": [finding.pointer for finding in findings]}
    rules = sorted((Rule.model_validate(rule) for rule in vector["rules"]), key=lambda rule: rule.slug)
    answers = outcomes(compile_services(rules, facts), knowledge)
    return {
        "expected": {
            slug: {**answer._asdict(), "missing": list(answer.missing)}
            for slug, answer in sorted(answers.items())
        }
    }


def needed(facts: set[str]) -> dict[str, Document]:
    """Those facts, and all that they may follow from."""
    found: dict[str, Document] = {}
    for slug in sorted(facts & FACTS.keys()):
        derivation = FACTS[slug].get("derivation", {})
        found |= {slug: {"name": slug, **FACTS[slug]}}
        if derivation:
            found |= needed({derivation.get("implies", derivation)["from"]})
    return dict(sorted(found.items()))


def vectors() -> list[Document]:
    """Each shape with each thing given, and the answer on which engine and oracle agree."""
    found = []
    for shape in yaml.safe_load(SHAPES):
        rules = [rule_of(rule) for rule in shape.get("rules", [shape])]
        for count, given in enumerate(shape["given"], 1):
            vector = {
                "id": f"{shape['about']} / {count}",
                "facts": needed(asked_in(rules) | given.keys()),
                "rules": rules,
                "on": shape.get("on", ON),
                "given": given,
            }
            answer = engine_answer(vector)
            assert answer == true_answer(vector), (vector, answer, true_answer(vector))
            found.append({**vector, **answer})
    return found


def written(found: list[Document]) -> str:
    """One vector per line."""
    return "[\n" + ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in found) + "\n]\n"


if __name__ == "__main__":
    FILE.write_text(written(vectors()), encoding="utf-8")
