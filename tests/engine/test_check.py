"""Dead parts of a condition are found exactly, as trying everybody finds them."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings

from app.eligibility.check import check
from app.eligibility.conditions import read
from app.eligibility.facts import Fact
from tests.engine.worlds import CONDITIONS, FACTS, POINTS, holds, used


def findings(raw: dict[str, Any]) -> list[tuple[str, str]]:
    node, wrong = read(raw)
    assert wrong == []
    return [(found.pointer, found.en) for found in check(node, FACTS)]


@pytest.mark.parametrize(
    ("raw", "pointer", "says"),
    [
        ({"fact": "nobody", "is": True}, "", "no fact nobody"),
        ({"fact": "age", "is": True}, "", "not one that age can have"),
        ({"fact": "resident", "is": 1}, "", "not one that resident can have"),
        ({"all": [{"fact": "age", "at_least": 8}]}, "/all/0", "not one that age can have"),
        ({"fact": "income", "in": ["dibao", "rich"]}, "", "not one that income can have"),
        ({"fact": "income", "at_least": 3}, "", "at_least does not go with"),
        ({"fact": "born", "at_least": 3}, "", "not one that born can have"),
        ({"fact": "age", "at_least": "2020-01-01"}, "", "not one that age can have"),
        ({"fact": "age", "within": "510802"}, "", "within does not go with"),
        ({"fact": "income", "in": ["dibao", "dibao"]}, "", "listed twice"),
        ({"fact": "age", "at_least": 0}, "", "always holds"),
        ({"any": []}, "", "never hold"),
        ({"fact": "age", "in": [3, 5, 3]}, "", "listed twice"),
        ({"all": [{"fact": "age", "at_least": 5}, {"all": []}]}, "/all/1", "always holds"),
        ({"all": [{"fact": "age", "at_least": 5}, {"fact": "age", "less_than": 5}]}, "", "never hold"),
        (
            {"all": [{"fact": "age", "at_least": 3}, {"fact": "age", "at_least": 5}]},
            "/all/0",
            "/all/1 already",
        ),
        (
            {"any": [{"fact": "age", "at_least": 3}, {"fact": "age", "at_least": 5}]},
            "/any/1",
            "already meets /any/0",
        ),
        (
            {
                "all": [
                    {"fact": "age", "less_than": 3},
                    {"any": [{"fact": "single", "is": True}, {"fact": "age", "is": 6}]},
                ]
            },
            "/all/1/any/1",
            "/all/0 rules it out",
        ),
        (
            {"all": [{"fact": "place", "within": "510802"}, {"fact": "place", "within": "510800"}]},
            "/all/1",
            "/all/0 already",
        ),
    ],
)
def test_a_finding_names_the_part_and_what_is_wrong(raw: dict[str, Any], pointer: str, says: str) -> None:
    ((found, en),) = findings(raw)
    assert found == pointer
    assert says in en


def test_of_two_parts_that_say_the_same_only_the_later_is_one_too_many() -> None:
    same = {"fact": "age", "at_least": 5}
    assert [pointer for pointer, _ in findings({"all": [same, {"fact": "single", "is": True}, same]})] == [
        "/all/2"
    ]
    assert [pointer for pointer, _ in findings({"any": [same, same]})] == ["/any/1"]


def test_everyone_and_sound_conditions_have_no_findings() -> None:
    assert findings({"all": []}) == []
    assert findings({"any": [{"fact": "age", "at_least": 5}, {"undefined": "等", "because": "Open."}]}) == []


def numbered(node: dict[str, Any], count: list[int]) -> dict[str, Any]:
    """Every undefined word as a fact of its own, and every part with a mark to replace it by."""
    if "undefined" in node:
        count[0] += 1
        return {"fact": f"u{count[0]}", "is": True}
    if "not" in node:
        return {"not": numbered(node["not"], count)}
    for key in ("all", "any"):
        if key in node:
            return {key: [numbered(part, count) for part in node[key]]}
    return node


def replaced(node: dict[str, Any], at: str, by: dict[str, Any]) -> dict[str, Any]:
    if at == "":
        return by
    _, key, *rest = at.split("/")
    if key == "not":
        return {"not": replaced(node["not"], "".join("/" + part for part in rest), by)}
    parts = list(node[key])
    parts[int(rest[0])] = replaced(parts[int(rest[0])], "".join("/" + part for part in rest[1:]), by)
    return {key: parts}


def all_places(node: dict[str, Any], at: str = "") -> list[str]:
    found = [at]
    if "not" in node:
        found += all_places(node["not"], at + "/not")
    for key in ("all", "any"):
        for index, part in enumerate(node.get(key, [])):
            found += all_places(part, f"{at}/{key}/{index}")
    return found


def same_for_everybody(one: dict[str, Any], other: dict[str, Any]) -> bool:
    names = sorted(used(one) | used(other))
    people = product(*(POINTS.get(name, [False, True]) for name in names))
    return all(
        holds(one, person) is holds(other, person)
        for person in (dict(zip(names, p, strict=True)) for p in people)
    )


def dead(node: dict[str, Any], at: str) -> bool:
    constants: list[dict[str, Any]] = [{"all": []}, {"any": []}]
    return any(same_for_everybody(node, replaced(node, at, by)) for by in constants)


@settings(deadline=None)
@given(CONDITIONS)
def test_findings_are_exactly_the_parts_that_make_no_difference(raw: dict[str, Any]) -> None:
    node = numbered(raw, [0])
    found = [pointer for pointer, _ in findings(raw)]
    assert all(dead(node, pointer) for pointer in found)
    if not found and raw != {"all": []}:
        assert not any(dead(node, at) for at in all_places(node))


def test_a_condition_over_many_facts_is_checked_fact_by_fact() -> None:
    facts = {
        name: Fact(slug=name, name=name, type="boolean") for name in (f"f{i}" for i in range(30))
    } | FACTS
    many = [{"fact": f"f{i}", "is": True} for i in range(30)]
    node, _ = read({"all": [{"fact": "age", "less_than": 3}, {"any": [*many, {"fact": "age", "is": 6}]}]})
    assert [found.pointer for found in check(node, facts)] == ["/all/1/any/30"]
    node, _ = read({"all": [{"fact": "age", "at_least": 3}, {"fact": "age", "at_least": 5}, *many]})
    assert [found.pointer for found in check(node, facts)] == ["/all/0"]
