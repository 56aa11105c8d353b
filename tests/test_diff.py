"""Differences that mean something: held against brute force, against the lists, and read as an official would."""

import json
import random
import re
from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session

from app.changes.what import plain
from app.concepts.models import ConceptContent, ConceptVersion
from app.diff.audience import compare_reach
from app.diff.compare import compare
from app.diff.difference import between_documents, difference
from app.diff.standards import direction
from app.diff.text import report
from app.diff.words import World
from app.eligibility.evaluate import compile_rule
from app.eligibility.facts import Fact, parse
from app.eligibility.rules import Rule
from app.rules.models import RuleContent
from app.versioning import At, Release, latest_release
from tests.changes import concept, put, withdrawal
from tests.conftest import TODAY, application, client_of
from tests.engine.worlds import CONDITIONS, FACTS, completions, holds, used
from tests.running import started
from tests.stores import LIZHOU, statements
from tests.test_changes import REGION, Walk, domain, feed_of, plan
from tests.test_reads import every

pytestmark = pytest.mark.anyio
WORDS = ("老年人", "困难群众")


# Audiences: everybody who can be told apart, with every meaning of every undefined word.


def _one_of_two_words(node: Any, second: int) -> Any:
    if isinstance(node, dict) and "undefined" in node:
        return node | {"undefined": WORDS[second]}
    if isinstance(node, dict):
        return {key: _one_of_two_words(part, second) for key, part in node.items()}
    return [_one_of_two_words(part, second) for part in node] if isinstance(node, list) else node


WORDED = st.builds(_one_of_two_words, CONDITIONS, st.integers(0, 1))
RULES = st.fixed_dictionaries(
    {
        "slug": st.just("r"), "service": st.just("s"), "strength": st.just("entitlement"),
        "open_ended": st.sampled_from([False, False, True]), "condition": WORDED,
        "other_readings": st.lists(st.builds(lambda c: {"says": "x", "condition": c}, WORDED), max_size=1),
    }
)  # fmt: skip


def grown(rule: dict[str, Any], more: dict[str, Any], link: str) -> dict[str, Any]:
    """The same rule with one more branch or one more condition: random pairs alone are seldom nested."""
    return rule | {"condition": {link: [rule["condition"], more]}}


PAIRS = st.one_of(
    st.tuples(RULES, RULES),
    st.builds(lambda r, c: (r, grown(r, c, "any")), RULES, WORDED),
    st.builds(lambda r, c: (grown(r, c, "all"), r), RULES, WORDED),
    st.builds(lambda r: (r, r | {"open_ended": not r["open_ended"]}), RULES),
    st.builds(lambda r: (r, r | {"condition": {"not": {"not": r["condition"]}}}), RULES),
)


def readings(rule: dict[str, Any]) -> list[Any]:
    return [rule["condition"], *(other["condition"] for other in rule["other_readings"])]


def meant(node: Any, words: dict[str, bool]) -> Any:
    """A condition with its undefined words replaced by everyone or by nobody."""
    if isinstance(node, dict) and "undefined" in node:
        return {"all": []} if words[node["undefined"]] else {"any": []}
    if isinstance(node, dict):
        return {key: meant(part, words) for key, part in node.items()}
    return [meant(part, words) for part in node] if isinstance(node, list) else node


def answer(rule: dict[str, Any], person: dict[str, Any], words: dict[str, bool]) -> int:
    """0 not eligible, 1 undetermined, 2 eligible."""
    said = {holds(meant(reading, words), person) for reading in readings(rule)}
    if said == {True}:
        return 2
    return 0 if said == {False} and not rule["open_ended"] else 1


def by_brute_force(before: dict[str, Any], after: dict[str, Any]) -> str:
    facts = set().union(*(used(reading) for rule in (before, after) for reading in readings(rule)))
    ways = [dict(zip(WORDS, meanings, strict=True)) for meanings in product((False, True), repeat=2)]
    gains = losses = False
    for person in completions(facts, {}):
        for words in ways:
            was, now = answer(before, person, words), answer(after, person, words)
            gains, losses = gains or now > was, losses or now < was
    return {(False, False): "same", (True, False): "wider", (False, True): "narrower"}.get(
        (gains, losses), "different"
    )


@settings(max_examples=400, deadline=None)
@given(pair=PAIRS)
def test_audiences_are_compared_over_everybody(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, after = pair
    facts = set().union(*(used(reading) for rule in pair for reading in readings(rule)))
    assume(len(facts) <= 4)
    one, other = Rule.model_validate(before), Rule.model_validate(after)
    verdict = compare_reach(one, other, FACTS, FACTS)
    assert verdict == by_brute_force(before, after)
    back = {"wider": "narrower", "narrower": "wider"}
    assert compare_reach(other, one, FACTS, FACTS) == back.get(verdict, verdict)


@settings(max_examples=150, deadline=None)
@given(pair=PAIRS)
def test_nobodys_answer_gets_worse_where_the_audience_is_wider(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """Against the engine that answers people, for rules without undefined words."""
    assume("undefined" not in json.dumps(pair))
    facts = set().union(*(used(reading) for rule in pair for reading in readings(rule)))
    assume(len(facts) <= 3)
    one, other = (Rule.model_validate(rule) for rule in pair)
    verdict = compare_reach(one, other, FACTS, FACTS)
    assume(verdict in {"wider", "same"})
    rank = {False: 0, None: 1, True: 2}
    was, now = compile_rule(one, FACTS), compile_rule(other, FACTS)
    gains = 0
    for person in completions(facts, {}):
        knowledge, findings = parse(FACTS, person)
        assert not findings
        before, after = rank[was.truth(knowledge)], rank[now.truth(knowledge)]
        assert after >= before
        gains += after > before
    assert bool(gains) is (verdict == "wider")


def rule_of(condition: dict[str, Any], **more: Any) -> Rule:
    return Rule.model_validate(
        {"slug": "r", "service": "s", "strength": "pilot", "condition": condition, **more}
    )


def fact_like(like: str, /, **changes: Any) -> Fact:
    return Fact.model_validate(FACTS[like].model_dump(by_alias=True) | changes)


def test_facts_that_became_something_else_are_not_compared() -> None:
    older = rule_of({"fact": "age", "at_least": 3})
    as_date = FACTS | {"age": fact_like("born", slug="age")}
    assert compare_reach(older, older, FACTS, as_date) == "undecided"
    assert compare_reach(older, older, FACTS, {}) == "same"
    assert compare_reach(older, older, {}, {}) == "undecided"
    # Where a fact now takes more values, they count, too.
    wider = FACTS | {"age": fact_like("age", maximum=120)}
    assert (
        compare_reach(
            older,
            rule_of(
                {
                    "fact": "age",
                    "at_least": 3,
                }
            ),
            FACTS,
            wider,
        )
        == "same"
    )
    below_eight = rule_of({"all": [{"fact": "age", "at_least": 3}, {"fact": "age", "less_than": 8}]})
    assert compare_reach(older, below_eight, FACTS, FACTS) == "same"
    assert compare_reach(older, below_eight, FACTS, wider) == "narrower"


def test_what_is_too_large_to_decide_is_left_open() -> None:
    facts = {f"f{n}": fact_like("single", slug=f"f{n}") for n in range(40)}
    wide = rule_of({"any": [{"fact": slug, "is": True} for slug in facts]})
    assert compare_reach(wide, wide, facts, facts) == "undecided"


# Standards: against the values that keep the promise, tried out one by one.

VALUES = [5, 10, 15, 30]
GRID = [n / 2 for n in range(1, 100)]


def keeps(standard: dict[str, Any], value: float) -> bool:
    """Whether a value keeps the promise, as the contract words it."""
    comparator = standard["comparator"]
    if comparator in ("equal", "about"):
        comparator = "at_most" if standard["measure"] in ("deadline", "distance") else "at_least"
    bound: float = standard["value"]
    match comparator:
        case "at_least":
            return value >= bound
        case "more_than":
            return value > bound
        case "at_most":
            return value <= bound
        case "less_than":
            return value < bound
    high: float = standard["value_high"]
    return bound <= value <= high


STANDARDS = st.builds(
    lambda comparator, value, high, measure: {
        "comparator": comparator, "value": value, "value_high": high if comparator == "range" else None,
        "measure": measure, "unit": "天", "per": None, "period": None, "value_text": "x", "value_derived": False,
    },
    st.sampled_from(["equal", "at_least", "more_than", "at_most", "less_than", "about", "range"]),
    st.sampled_from(VALUES), st.sampled_from([30, 40]), st.sampled_from(["amount", "deadline"]),
)  # fmt: skip


@settings(max_examples=400)
@given(before=STANDARDS, after=STANDARDS)
def test_standards_are_tightened_where_they_allow_less(before: dict[str, Any], after: dict[str, Any]) -> None:
    found, _ = direction(before, after)
    was, now = ({v for v in GRID if keeps(one, v)} for one in (before, after))
    if before["measure"] != after["measure"]:
        assert found == "unlike"
    elif was == now:
        vague = (before["comparator"] == "about", after["comparator"] == "about")
        assert found == {(False, True): "loosened", (True, False): "tightened"}.get(vague, "same")
    else:
        assert found == ("tightened" if now < was else "loosened" if was < now else "unlike")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (("at_least", 1, "万元", "year"), ("at_least", 10000, "元", "year"), "same"),
        (("equal", 100, "元", "person_month"), ("equal", 1300, "元", "person_year"), "tightened"),
        (("at_most", 1, "小时", None), ("at_most", 90, "分钟", None), "loosened"),
        (("equal", 90, "%", None), ("equal", 95, "％", None), "tightened"),
        (("equal", 90, "%", None), ("equal", 95, "人", None), "unlike"),
        (("equal", None, "%", None), ("equal", 95, "%", None), "unlike"),
        (("range", 1, "元", None), ("equal", 1, "元", None), "unlike"),
        (("equal", 50, "元", None), ("equal", 0, "元", None), "tightened"),
        (("equal", 0, "元", None), ("equal", 50, "元", None), "loosened"),
    ],
)
def test_standards_are_compared_in_common_units(before: Any, after: Any, found: str) -> None:
    def standard(comparator: str, value: float | None, unit: str, per: str | None) -> dict[str, Any]:
        return {
            "comparator": comparator, "value": value, "unit": unit, "per": per, "value_high": None,
            "measure": "amount", "period": None, "value_text": "x", "value_derived": False,
        }  # fmt: skip

    assert direction(standard(*before), standard(*after))[0] == found


# Over HTTP: what a portal and an official see.


def source(words: str, *fields: str, of: str = "plan-a") -> dict[str, Any]:
    return {"plan": of, "section": "一", "quote": words, "fields": list(fields)}


def service(
    slug: str, name: str, concept_slug: str, *, of: str = "plan-a", in_: str = "d-a", **more: Any
) -> dict[str, Any]:
    return {
        "kind": "services", "slug": slug, "valid_from": "2021-01-01", "name": name, "plan": of, "domain": in_,
        "concept": concept_slug, "listed": True, "ordinal": 1, **more,
        "sources": [source(f"{name}{more.get('content', '')}", "name", "domain", "ordinal", "listed", "content", of=of)],
    }  # fmt: skip


def standard(slug: str, text: str, value: float, *, of: str = "plan-a", **more: Any) -> dict[str, Any]:
    return {
        "kind": "standards", "slug": slug, "valid_from": "2021-01-01", "name": "低保标准", "plan": of,
        "concept": "c-a", "measure": "amount", "comparator": "at_least", "value": value, "value_text": text,
        "unit": "元", "per": "person_month", "firmness": "aim", **more,
        "sources": [source(f"低保标准{text}", "name", "value_text", "value", "unit", "year", of=of)],
    }  # fmt: skip


AGE = {
    "kind": "facts", "slug": "age", "valid_from": "0001-01-01", "name": "年龄", "type": "integer", "unit": "周岁",
    "minimum": 0, "maximum": 130, "question": "您多大？", "about": "person", "sensitive": False, "changes": "with_time",
}  # fmt: skip


def rule(slug: str, age: int, of_service: str, *, of: str = "plan-a", **more: Any) -> dict[str, Any]:
    words = f"年满{age}周岁"
    return {
        "kind": "rules", "slug": slug, "valid_from": "2021-01-01", "plan": of, "service": of_service,
        "strength": "target_group", "condition": {"fact": "age", "at_least": age, "quote": words},
        "sources": [source(words, "condition", "strength", of=of)], **more,
    }  # fmt: skip


def base() -> list[dict[str, Any]]:
    concepts = [
        concept(slug=f"c-{letter}", name=name) for letter, name in zip("abcd", "甲乙丙丁", strict=True)
    ]
    return [
        REGION, AGE, plan(), *concepts, domain("d-a", "弱有所扶", "2021-01-01"), domain("d-b", "老有所养", "2021-01-01"),
        service("s-a", "低保", "c-a"), service("s-b", "养老", "c-b"), service("s-c", "助餐", "c-c"),
        service("s-d", "助浴", "c-c"), standard("st-a", "不低于500元", 500), rule("r-a", 65, "s-b"),
    ]  # fmt: skip


@pytest.fixture
def own_app(empty_engine: Engine) -> Iterator[FastAPI]:
    app = application(empty_engine.url.render_as_string(hide_password=False))
    put(empty_engine, *base())
    yield app
    app.state.engine.dispose()


@pytest.fixture
async def own(own_app: FastAPI) -> Any:
    async with client_of(own_app) as client:
        yield client


async def found(client: httpx.AsyncClient, query: str) -> dict[tuple[str, ...], list[tuple[str, str | None]]]:
    """The types and fields of each item's differences, by the slugs on both sides."""
    diff = (await client.get(f"/v1/diff?{query}")).raise_for_status().json()
    return {
        (item["kind"], *[s["slug"] for s in item["before"]], ">", *[s["slug"] for s in item["after"]]): [
            (one["type"], one["field"]) for one in item["differences"]
        ]
        for item in diff["items"]
    }


async def test_every_type_of_difference_between_two_releases(
    own: httpx.AsyncClient, empty_engine: Engine
) -> None:
    put(
        empty_engine,
        service("s-a", "最低生活保障", "c-a", in_="d-b", content="按月发放"),
        service("s-n", "新服务", "c-d"),
        service("s-m", "助餐助浴", "c-c"),
        standard("st-a", "不低于600元", 600, firmness="commitment"),
        rule("r-a", 60, "s-b", strength="entitlement"),
        withdrawals=[
            withdrawal("s-c", kind="services", day="2023-01-01", reason="合并实施。"),
            withdrawal("s-d", kind="services", day="2023-01-01", reason="合并实施。"),
            withdrawal("c-d", day="2023-02-01", reason="不再使用。"),
        ],
    )
    assert await found(own, "from=1&to=2") == {
        ("concepts", "c-d", ">"): [("withdrawn", None)],
        ("services", "s-a", ">", "s-a"): [
            ("renamed", "name"), ("moved", "domain"), ("revised", "content"), ("revised", "sources"),
        ],
        ("services", "s-c", "s-d", ">", "s-m"): [("merged", None)],
        ("services", ">", "s-n"): [("added", None)],
        ("standards", "st-a", ">", "st-a"): [
            ("tightened", "value"), ("strength_raised", "firmness"), ("revised", "sources"),
        ],
        ("rules", "r-a", ">", "r-a"): [
            ("audience_widened", "condition"), ("strength_raised", "strength"), ("revised", "sources"),
        ],
    }  # fmt: skip
    # Looked at backwards, everything is the other way round.
    back = await found(own, "from=2&to=1")
    assert back["services", "s-m", ">", "s-c", "s-d"] == [("split", None)]
    assert back["standards", "st-a", ">", "st-a"][:2] == [
        ("loosened", "value"),
        ("strength_lowered", "firmness"),
    ]
    assert back["rules", "r-a", ">", "r-a"][:2] == [
        ("audience_narrowed", "condition"),
        ("strength_lowered", "strength"),
    ]
    assert back["concepts", ">", "c-d"] == [("added", None)]
    diff = (await own.get("/v1/diff?from=1")).json()
    assert diff["summary"]["kept"] == 9
    assert (diff["before"], diff["after"]["release"]) == (
        {"on": TODAY.isoformat(), "release": 1, "plan": None, "plan_name": None}, 2,
    )  # fmt: skip
    texts = {one["text"] for item in diff["items"] for one in item["differences"]}
    assert texts >= {
        "不再有服务概念“丁”（自2023年2月1日起撤销：不再使用）。",
        "名称由“低保”改为“最低生活保障”。",
        "所属服务领域由“弱有所扶”调整为“老有所养”。",
        "服务内容新增“按月发放”。",
        "“助餐”、“助浴”合并为“助餐助浴”。",
        "承诺程度由力争提高为承诺。",
        "对象范围扩大：由“年满65周岁”调整为“年满60周岁”。",
        "约束力由重点对象提高为明确保障。",
    }
    (raised,) = [t for t in texts if t.startswith("要求提高")]
    assert raised.startswith("要求提高：由“不低于500元”调整为“不低于600元”")


async def test_a_discrepancy_is_called_by_what_it_says(own: httpx.AsyncClient, empty_engine: Engine) -> None:
    quote = source("低保", "explanation")
    whole = {"kind": "discrepancies", "slug": "dis", "plan": "plan-a", "type": "other", "sources": [quote]}
    whole |= {"explanation": "Two figures.", "explanation_zh": "表一与正文的数目不同。"}
    put(empty_engine, whole | {"valid_from": "2025-01-01"})
    put(
        empty_engine, withdrawals=[withdrawal("dis", kind="discrepancies", day="2026-01-01", reason="已更正")]
    )
    report = (await own.get("/v1/diff?from=1&to_on=2024-06-01&format=text")).text
    assert "1. 自2025年1月1日起新增矛盾“表一与正文的数目不同”。\n" in report
    assert "2. 自2026年1月1日起撤销矛盾“表一与正文的数目不同”：已更正。\n" in report
    report = (await own.get("/v1/diff?from=1&to_on=2025-06-01&format=text")).text
    assert "1. 新增1项：“表一与正文的数目不同”。\n" in report
    last, first, *_ = feed_of(await own.get("/v1/releases.atom")).entries
    assert last.content[0].value == "撤销矛盾“表一与正文的数目不同”，自2026年1月1日起：已更正。"
    assert first.content[0].value == "新增矛盾“表一与正文的数目不同”，自2025年1月1日起。"


async def test_a_report_reads_like_one(own: httpx.AsyncClient, empty_engine: Engine) -> None:
    put(empty_engine, standard("st-a", "不低于600元", 600), service("s-n", "“新”服务", "c-d"))
    put(empty_engine, concept(slug="c-e", name="明年", valid_from="2025-01-01"))
    url = "/v1/diff?from=1&to=3&to_on=2024-06-01"
    text = await own.get(url, headers={"Accept": "text/plain"})
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.text.splitlines() == [
        "公共服务目录变化情况",
        "",
        "比对起点：2024年6月1日，发布1",
        "比对终点：2024年6月1日，发布3",
        "",
        "一、总体情况",
        "共2项有变化，其中新增1项、标准要求提高1项、内容修订1项（一项可有多种变化）；另有14项保持不变。",
        "",
        "二、服务项目（1项）",
        "1. 新增1项：“‘新’服务”。",
        "",
        "三、服务标准（1项）",
        "1. “低保标准”：要求提高：由“不低于500元”调整为“不低于600元”。出处有调整。",
        "",
        "四、已发布、尚未生效（1项）",
        "1. 自2025年1月1日起新增服务概念“明年”。",
    ]
    assert (await own.get(f"{url}&format=text")).text == text.text
    nothing = await own.get("/v1/diff?from=3&to=3&format=text")
    assert "没有差异，16项均与原来一致。" in nothing.text
    for slug, reason in (("s-c", "停办"), ("s-d", "已并入助餐。")):
        put(empty_engine, withdrawals=[withdrawal(slug, kind="services", day="2025-01-01", reason=reason)])
    before, after = [
        (await own.get(f"/v1/diff?from=3&to_on={day}&format=text")).text
        for day in ("2024-06-01", "2025-06-01")
    ]
    assert "自2025年1月1日起撤销服务项目“助餐”：停办。\n" in before
    assert "自2025年1月1日起撤销服务项目“助浴”：已并入助餐。\n" in before
    assert "不再有服务项目“助餐”（自2025年1月1日起撤销：停办）。\n" in after
    assert "不再有服务项目“助浴”（自2025年1月1日起撤销：已并入助餐）。\n" in after
    (entry, *_) = feed_of(await own.get("/v1/releases.atom?kind=rules&until=1")).entries
    assert entry.content[0].value == "新增资格规则“养老”，自2021年1月1日起。"
    gone = await own.get("/v1/services/s-c?on=2025-06-01", headers={"Accept-Language": "zh"})
    assert gone.json()["detail"] == "自2025-01-01起撤销，最后的版本仍可查阅。原因：停办"


async def test_two_days_of_one_release_differ_by_what_begins_between(
    own: httpx.AsyncClient, empty_engine: Engine
) -> None:
    put(
        empty_engine,
        service("s-a", "低保", "c-a", valid_from="2024-01-01", content="新内容")
        | {"valid_from": "2024-01-01"},
    )
    assert await found(own, "from_on=2023-12-31&to_on=2024-01-01") == {
        ("services", "s-a", ">", "s-a"): [("revised", "content"), ("revised", "sources")]
    }
    assert await found(own, "from_on=2024-01-01&to_on=2024-06-01") == {}
    put(empty_engine, concept(slug="c-a", name="甲", valid_from="2023-01-01"))
    assert await found(own, "from=2") == {("concepts", "c-a", ">", "c-a"): [("revised", "valid_from")]}


NEXT = "plan-b"


def next_plan() -> list[dict[str, Any]]:
    """The next five years: one service kept, one renamed, two merged, one new, one gone, and what goes with them."""
    return [
        plan(NEXT, name="乙规划"), domain("e-a", "弱有所扶", "2021-01-01", NEXT),
        domain("e-b", "老有颐养", "2021-01-01", NEXT),
        service("t-a", "低保", "c-a", of=NEXT, in_="e-a"), service("t-b", "基本养老", "c-b", of=NEXT, in_="e-a"),
        service("t-c", "助餐助浴", "c-c", of=NEXT, in_="e-a"), service("t-d", "新服务", "c-d", of=NEXT, in_="e-b"),
        standard("tt-a", "不低于700元", 700, of=NEXT, year=2030), rule("rr-a", 70, "t-b", of=NEXT),
    ]  # fmt: skip


async def test_the_next_plan_is_matched_by_concept_and_name(
    own: httpx.AsyncClient, empty_engine: Engine
) -> None:
    put(empty_engine, *next_plan())
    query = f"from_plan=plan-a&to_plan={NEXT}&to_on=2026-06-01&kept=true"
    assert await found(own, query) == {
        ("plans", "plan-a", ">", NEXT): [],
        ("domains", "d-a", ">", "e-a"): [],
        ("domains", ">", "e-b"): [("added", None)],
        ("domains", "d-b", ">"): [("withdrawn", None)],
        ("services", "s-a", ">", "t-a"): [],
        ("services", "s-b", ">", "t-b"): [("renamed", "name")],
        ("services", "s-c", "s-d", ">", "t-c"): [("merged", None)],
        ("services", ">", "t-d"): [("added", None)],
        ("rules", "r-a", ">", "rr-a"): [("audience_narrowed", "condition")],
        ("standards", "st-a", ">", "tt-a"): [("tightened", "value"), ("revised", "year")],
    }
    diff = (await own.get(f"/v1/diff?{query}")).json()
    assert (diff["summary"]["kept"], diff["before"]["plan_name"], diff["after"]["plan"]) == (
        3,
        "甲规划",
        NEXT,
    )
    only = await found(own, f"from_plan=plan-a&to_plan={NEXT}&to_on=2026-06-01&kind=services")
    assert {key[0] for key in only} == {"services"}
    assert all(only.values())
    back = await found(own, f"from_plan={NEXT}&to_plan=plan-a&to_on=2026-06-01")
    assert back["services", "t-c", ">", "s-c", "s-d"] == [("split", None)]
    text = (await own.get(f"/v1/diff?{query}&format=text")).text
    assert text.startswith("《甲规划》与《乙规划》对照\n")
    assert "保持不变1项：“低保”。" in text
    assert "“助餐”、“助浴”合并为“助餐助浴”。" in text


async def test_plans_of_two_regions_are_not_held_against_each_other(
    own: httpx.AsyncClient, empty_engine: Engine
) -> None:
    put(
        empty_engine,
        REGION | {"slug": "510803", "name": "别处"},
        plan("plan-c", name="丙规划", region="510803"),
    )
    for query, parameter in (
        ("from_plan=plan-a&to_plan=plan-c", "to_plan"),
        ("from_plan=plan-a&to_plan=nothing", "to_plan"),
        ("from_plan=plan-a&to_plan=plan-a&from_on=2000-01-01", "from_plan"),
        ("from_plan=plan-a", "to_plan"),
        ("to_plan=plan-a", "from_plan"),
        ("from_plan=plan-a&to_plan=plan-a&slug=s-a", "slug"),
    ):
        refused = await own.get(f"/v1/diff?{query}")
        assert refused.status_code == 422, query
        assert [error["parameter"] for error in refused.json()["errors"]] == [parameter]


async def test_a_difference_is_narrowed(own: httpx.AsyncClient, empty_engine: Engine) -> None:
    put(
        empty_engine, plan(NEXT, name="乙规划"), domain("e-a", "另域", "2021-01-01", NEXT), concept(slug="c-x"),
        service("s-a", "低保", "c-a", of=NEXT, in_="e-a"), domain("d-b", "老有颐养", "2021-01-01"),
    )  # fmt: skip
    moved = ("services", "s-a", ">", "s-a")
    for query, kinds in (
        ("plan=plan-a", {"domains", "services"}),
        (f"plan={NEXT}", {"plans", "domains", "services"}),
        ("region=510802", {"plans", "domains", "services"}),
        ("kind=concepts", {"concepts"}),
        ("slug=s-a", {"services"}),
        ("kind=domains&slug=d-b", {"domains"}),
        ("plan=nothing", set()),
    ):
        of_query = await found(own, f"from=1&{query}")
        assert {key[0] for key in of_query} == kinds, query
        if "services" in kinds:
            # Who looks at the plan that it left sees where it went.
            assert of_query[moved][:2] == [("moved", "plan"), ("moved", "domain")]


async def test_a_difference_comes_in_pages_and_is_kept(own: httpx.AsyncClient, empty_engine: Engine) -> None:
    put(empty_engine, *(concept(slug=f"x-{n}", name=f"新{n}") for n in range(7)))
    whole = (await own.get("/v1/diff?from=1")).json()
    assert whole["next"] is None
    items: list[Any] = []
    url: str | None = "/v1/diff?from=1&limit=3"
    while url:
        page = (await own.get(url)).raise_for_status().json()
        assert (page["total"], page["summary"]) == (7, {"added": 7, "kept": 15})
        items += page["items"]
        url = page["next"]
        put(empty_engine, concept(slug="x-0", name=f"改{len(items)}"))
    assert items == whole["items"]
    floating = await own.get("/v1/diff?from=1&to=2")
    assert "immutable" not in floating.headers["cache-control"]
    pinned = await own.get(floating.headers["content-location"])
    assert "immutable" in pinned.headers["cache-control"]
    assert pinned.content == floating.content
    tag = {"If-None-Match": floating.headers["etag"]}
    assert (await own.get("/v1/diff?from=1&to=2", headers=tag)).status_code == 304
    as_text = await own.get("/v1/diff?from=1&to=2", headers=tag | {"Accept": "text/plain"})
    assert as_text.status_code == 200


async def test_a_difference_is_worked_out_once_for_all_its_pages(own_app: FastAPI) -> None:
    engine = own_app.state.engine
    put(engine, *(concept(slug=f"x-{n}", name=f"新{n}") for n in range(7)))
    async with client_of(own_app) as client:
        with statements(engine) as first:
            page = (await client.get("/v1/diff?from=1&limit=3")).json()
        with statements(engine) as second:
            assert len((await client.get(page["next"])).json()["items"]) == 3
    assert len(second) < 5 < len(first)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "from"), ("to=1", "from"), ("from=9", "from"), ("from=0&to=9", "to"), ("from=-1", "from"),
        ("from=1&from_on=2024-02-30", "from_on"), ("from=1&kind=people", "kind"), ("from=1&kept=true", "kept"),
        ("from=1&format=pdf", "format"), ("from=1&cursor=W10", "cursor"), ("from=1&limit=0", "limit"),
        ("from=1&on=2024-01-01", "on"), ("from_=1", "from_"), ("from=1&plan=%00", "plan"), ("from=%D9%A3x", "from"),
    ],
)  # fmt: skip
async def test_what_cannot_be_compared(client: httpx.AsyncClient, query: str, parameter: str) -> None:
    refused = await client.get(f"/v1/diff?{query}", headers={"Accept-Language": "zh"})
    assert refused.status_code == 422
    assert parameter in [error.get("parameter") for error in refused.json()["errors"]]
    assert re.search("[\u4e00-\u9fff]", refused.json()["errors"][0]["detail"])


async def test_a_difference_is_what_the_lists_differ_by(empty_engine: Engine) -> None:
    """After random releases, between random places in both times: nothing is missing, and nothing too much."""
    walk, known = Walk(empty_engine, seed=7), set[tuple[str, str]]()
    for _ in range(60):
        walk.step(known)
    app = application(empty_engine.url.render_as_string(hide_password=False))
    rng = random.Random(11)  # noqa: S311 - a test that can be run again
    compared = 0
    async with client_of(app) as client:
        latest = (await client.get("/v1/releases?limit=1")).json()["release"]
        for _ in range(25):
            ends = [(walk.day(), rng.randrange(latest + 1)) for _ in range(2)]
            if rng.random() < 0.3:
                ends[1] = (ends[0][0], ends[1][1])
            sides = [
                {
                    (kind, item["slug"]): item["version"]
                    for kind in ("regions", "plans", "domains", "concepts")
                    for item in await every(client, f"/v1/{kind}?on={on}&release={release}&limit=200")
                }
                for on, release in ends
            ]
            (from_on, of), (to_on, to) = ends
            diff = (
                await client.get(f"/v1/diff?from={of}&to={to}&from_on={from_on}&to_on={to_on}&limit=1000")
            ).json()
            told = [
                {(item["kind"], s["slug"]): s["version"] for item in diff["items"] for s in item[side]}
                for side in ("before", "after")
            ]
            same = dict(sides[0].items() & sides[1].items())
            assert told == [{k: v for k, v in side.items() if k not in same} for side in sides]
            assert diff["summary"]["kept"] == len(same)
            compared += diff["total"]
    app.state.engine.dispose()
    assert compared > 50


def test_a_difference_can_be_seen_before_anything_is_committed(empty_engine: Engine) -> None:
    """As a dry run does: rows of a release to be, looked at and rolled back."""
    put(empty_engine, concept())
    with Session(empty_engine) as session:
        before = At(TODAY, latest_release(session))
        session.add(Release(number=2, recorded_at=date_time(), publisher="clerk", message="To be"))
        session.flush()
        session.add(
            ConceptVersion(
                category=None,
                change_note=None,
                slug="snow-clearing",
                version=2,
                release=2,
                valid_from=date(2021, 1, 1),
                name="除雪",
            )
        )
        session.flush()
        diff = difference(session, before, At(TODAY, 2))
        session.rollback()
    assert [(item.after[0].version, item.differences[0].text) for item in diff.items] == [
        (2, "名称由“扫雪除冰”改为“除雪”。")
    ]
    assert "名称由“扫雪除冰”改为“除雪”" in report(diff)
    with Session(empty_engine) as session:
        assert latest_release(session) == 1


def date_time() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def test_two_documents_can_be_compared_without_a_catalogue() -> None:
    one = ConceptContent(
        category=None, change_note=None, slug="c", valid_from=date(2021, 1, 1), name="扫雪", aliases=["铲雪"]
    )
    other = ConceptContent(
        category=None, change_note=None, slug="c", valid_from=date(2022, 1, 1), name="扫雪", aliases=[]
    )
    (only,) = compare("concepts", plain(one), plain(other), World({}, {}, {}))
    assert (only.type, only.field, only.old, only.new, only.text) == (
        "revised", "aliases", ["铲雪"], [], "删去别名“铲雪”。",
    )  # fmt: skip
    assert compare("concepts", plain(one), plain(one), World({}, {}, {})) == []


def test_two_documents_of_rules_are_seen_with_the_facts_of_a_catalogue(empty_engine: Engine) -> None:
    put(empty_engine, *base())
    written = [{k: v for k, v in rule("r-x", age, "s-b").items() if k != "kind"} for age in (65, 70)]
    one, other = (RuleContent.model_validate(document) for document in written)
    with Session(empty_engine) as session:
        first, *_ = between_documents(session, At(TODAY, 1), one, other)
    assert (first.type, first.text) == (
        "audience_narrowed", "对象范围缩小：由“年满65周岁”调整为“年满70周岁”。",
    )  # fmt: skip


async def test_the_whole_seed_can_be_told(client: httpx.AsyncClient) -> None:
    """Every kind in its own words: names and labels, and no code of ours."""
    text = (await client.get(f"/v1/diff?from=0&to=1&format=text&plan={LIZHOU}")).text
    names = {"services": "服务项目", "rules": "资格规则", "indicators": "发展指标", "discrepancies": "矛盾"}
    for kind, name in names.items():
        total = (await client.get(f"/v1/{kind}?plan={LIZHOU}&limit=1&on=2024-06-01&release=1")).json()[
            "total"
        ]
        assert f"{name}（{total}项）" in text
    assert "None" not in text
    assert not re.findall(r"lizhou-[a-z0-9-]+", text)


def test_the_command_says_the_same(seeded_url: str) -> None:
    def run(*arguments: str) -> tuple[int, str, str]:
        process = started("diff", *arguments, url=seeded_url)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    code, out, _ = run("--from", "0", "--to", "1", "--plan", LIZHOU, "--kind", "domains")
    assert code == 0
    assert "二、服务领域（" in out
    assert "“幼有所育”" in out
    code, out, _ = run("--from", "0", "--kind", "domains", "--to-on", "2024-06-01", "--json")
    assert json.loads(out)["summary"]["added"] >= 10
    code, _, err = run("--from", "0", "--to-on", "tomorrow")
    assert (code, "--to-on: Should be a day" in err) == (2, True)
