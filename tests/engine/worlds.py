"""Small worlds in which everything can be tried, and an oracle that shares no code with the engine."""

import operator
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from hypothesis import strategies as st

from app.eligibility.facts import Fact

FACTS: dict[str, Fact] = {
    fact.slug: fact
    for fact in (
        Fact(slug="age", name="年龄", type="integer", unit="周岁", minimum=0, maximum=7, changes="with_time"),
        Fact(slug="years", name="参保年限", type="integer", unit="年", minimum=0, maximum=3),
        Fact(slug="born", name="出生日期", type="date", changes="never"),
        Fact(slug="resident", name="本地户籍", type="boolean"),
        Fact(slug="single", name="独居", type="boolean"),
        Fact.model_validate(
            {
                "slug": "income",
                "name": "家庭收入认定",
                "type": "enumeration",
                "values": [{"value": v, "label": v.upper()} for v in ("dibao", "low", "other")],
            }
        ),
        Fact(slug="place", name="常住地", type="region"),
    )
}
PLACES = ["510000", "510800", "510802", "510811", "510100", "110000", "110101"]
DAYS = ["2019-12-31", "2020-01-01", "2020-01-02", "2020-06-01"]
POINTS: dict[str, list[Any]] = {
    "age": list(range(8)),
    "years": list(range(4)),
    "born": [
        "1950-05-05",
        "2019-12-31",
        "2020-01-01",
        "2020-01-02",
        "2020-03-01",
        "2020-06-01",
        "2021-03-03",
    ],
    "resident": [False, True],
    "single": [False, True],
    "income": ["dibao", "low", "other"],
    "place": [*PLACES, "510303", "440000"],
}


def inside(code: str, region: str) -> bool:
    """By the meaning of the digits, spelled out."""
    if region[2:] == "0000":
        return code[:2] == region[:2]
    if region[4:] == "00":
        return code[:4] == region[:4]
    return code == region


def holds(node: dict[str, Any], person: dict[str, Any]) -> bool | None:
    """One condition for one fully known person, as the contract words it."""
    if "undefined" in node:
        return None
    if "not" in node:
        value = holds(node["not"], person)
        return None if value is None else not value
    if "all" in node or "any" in node:
        values = [holds(part, person) for part in node.get("all", node.get("any", []))]
        absorbing = "any" in node
        if absorbing in values:
            return absorbing
        return None if None in values else not absorbing
    op = next(op for op in node if op not in ("fact", "quote"))
    wanted = node[op] if op == "in" else [node[op]]
    if node["fact"] == "place":
        return any(inside(person["place"], code) for code in wanted)
    return any(COMPARED[op](person[node["fact"]], value) for value in wanted)


COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "is": operator.eq,
    "in": operator.eq,
    "at_least": operator.ge,
    "at_most": operator.le,
    "more_than": operator.gt,
    "less_than": operator.lt,
}


def used(node: dict[str, Any]) -> set[str]:
    """The facts a condition asks about."""
    if "fact" in node:
        return {node["fact"]}
    parts = node.get("all") or node.get("any") or ([node["not"]] if "not" in node else [])
    return set().union(*map(used, parts)) if parts else set()


def left(fact: str, given: Any) -> list[Any]:
    """The points that what is given leaves open."""
    points = POINTS[fact]
    if given is None:
        return points
    if isinstance(given, dict) and "any_of" in given:
        return [p for p in points if p in given["any_of"]]
    if isinstance(given, dict):
        low, high = given.get("min", points[0]), given.get("max", points[-1])
        return [p for p in points if low <= p <= high]
    if fact == "place":
        return [p for p in points if inside(p, given)]
    return [given]


def completions(facts: set[str], given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every fully known person that fits what is given."""
    names = sorted(facts)
    for values in product(*(left(name, given.get(name)) for name in names)):
        yield dict(zip(names, values, strict=True))


def true_answer(node: dict[str, Any], given: dict[str, Any]) -> bool | None:
    """The common answer of all completions; None if they have none."""
    answers = {holds(node, person) for person in completions(used(node), given)}
    return answers.pop() if len(answers) == 1 else None


def turning(answers: dict[tuple[Any, ...], Any], names: list[str]) -> set[str]:
    """The facts in which two people differ who differ in nothing else but the answer."""
    found = set()
    for index, name in enumerate(names):
        seen: dict[tuple[Any, ...], set[Any]] = {}
        for values, answer in answers.items():
            seen.setdefault((*values[:index], *values[index + 1 :]), set()).add(answer)
        if any(len(different) > 1 for different in seen.values()):
            found.add(name)
    return found


def true_missing(node: dict[str, Any], given: dict[str, Any]) -> set[str]:
    """What missing means, tried out."""
    names = sorted(used(node))
    return turning({tuple(p.values()): holds(node, p) for p in completions(set(names), given)}, names)


def _scalar_clause(fact: str, ops: tuple[str, ...], values: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    one = st.builds(lambda op, v: {"fact": fact, op: v}, st.sampled_from(ops), st.sampled_from(values))
    lists = st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)
    many = lists.map(lambda v: {"fact": fact, "in": v})
    return st.one_of(one, many) if "is" in ops else one


ORDER = ("at_least", "at_most", "more_than", "less_than")
CLAUSES = st.one_of(
    _scalar_clause("age", ("is", *ORDER), list(range(1, 7))),
    _scalar_clause("age", ORDER, list(range(1, 7))),
    _scalar_clause("years", ORDER, [1, 2]),
    _scalar_clause("born", ORDER, DAYS),
    _scalar_clause("resident", ("is",), [True, False]),
    _scalar_clause("single", ("is",), [True, False]),
    _scalar_clause("income", ("is",), ["dibao", "low", "other"]),
    st.builds(lambda v: {"fact": "place", "within": v}, st.sampled_from(PLACES)),
    _scalar_clause("place", ("is",), PLACES),
    st.just({"undefined": "老年人", "because": "The plan gives no age."}),
)


def _grown(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    parts = st.lists(inner, max_size=3)
    return st.one_of(
        st.builds(lambda p: {"all": p}, parts),
        st.builds(lambda p: {"any": p}, parts),
        st.builds(lambda p: {"not": p}, inner),
    )


CONDITIONS = st.recursive(CLAUSES, _grown, max_leaves=6)


def _band(values: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda a, b: {"min": min(a, b), "max": max(a, b)}, st.sampled_from(values), st.sampled_from(values)
    )


def _given(fact: str) -> st.SearchStrategy[Any]:
    exact = st.sampled_from(POINTS[fact] if fact != "place" else PLACES)
    if fact in ("age", "years", "born"):
        ends = _band(POINTS[fact])
        half = st.builds(lambda band, end: {end: band[end]}, ends, st.sampled_from(["min", "max"]))
        return st.one_of(st.none(), exact, ends, half)
    if fact in ("income", "resident", "single"):
        chosen = st.lists(st.sampled_from(POINTS[fact]), min_size=1, unique=True)
        return st.one_of(st.none(), exact, chosen.map(lambda v: {"any_of": v}))
    return st.one_of(st.none(), exact)


GIVEN = st.fixed_dictionaries({}, optional={fact: _given(fact) for fact in FACTS})
