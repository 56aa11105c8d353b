"""Search as people type: short words, old names, traditional characters, pinyin."""

from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from app.indexing import pinyin, words
from tests.changes import concept, put
from tests.test_reads import every

pytestmark = pytest.mark.anyio


async def search(
    client: httpx.AsyncClient, q: str, kind: str = "services", **more: Any
) -> list[dict[str, Any]]:
    return await every(client, str(httpx.URL(f"/v1/{kind}", params={"q": q, "limit": 200, **more})))


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("低保", "最低生活保障"),
        ("最低生活保障", "最低生活保障"),
        ("公租房", "公租房保障"),
        ("廉租房", "公租房保障"),
        ("五保", "特困人员救助供养"),
        ("两项补贴", "困难残疾人生活补贴和重度残疾人护理补贴"),
        ("12345", "“12333”(已并入“12345”)热线电话咨询服务"),
        ("医疗救助", "医疗救助"),
        ("醫療救助", "医疗救助"),
        ("yiliaojiuzhu", "医疗救助"),
        ("yljz", "医疗救助"),
        ("YLJZ", "医疗救助"),
        ("ｙｌｊｚ", "医疗救助"),
        ("yiliaojiu", "医疗救助"),
        ("jiuzhu yiliao", "医疗救助"),
        ("救助 医疗", "医疗救助"),
        ("dibao", "最低生活保障"),
        ("失业保险", "失业保险"),
        ("职业技能培训、鉴定和生活费补贴", "职业技能培训、鉴定和生活费补贴"),
    ],
)
async def test_the_best_hit_comes_first(client: httpx.AsyncClient, q: str, first: str) -> None:
    hits = await search(client, q, listed=True)
    assert hits[0]["name"] == first
    assert hits[0]["matched"]


async def test_an_exact_alias_comes_before_every_partial_name(client: httpx.AsyncClient) -> None:
    hits = await search(client, "医保")
    exact = [any(m["text"] == "医保" for m in hit["matched"]) for hit in hits]
    assert exact == sorted(exact, reverse=True)
    assert exact[0]


@pytest.mark.parametrize("q", ["残", "老", "医", "法", "播"])
async def test_one_character_finds_all_that_hold_it(client: httpx.AsyncClient, q: str) -> None:
    """An independent oracle: read everything and look."""
    everything = await every(client, "/v1/services?limit=200")
    expected = {
        service["slug"]
        for service in everything
        if any(
            q in (text or "")
            for text in (
                service["name"], service["audience"], service["content"], service["concept_name"],
                service["domain_name"], *service["aliases"],
            )
        )
    }  # fmt: skip
    goals = await every(client, "/v1/domains?limit=200")
    in_goal = {domain["slug"] for domain in goals if q in domain["goal"]}
    expected |= {service["slug"] for service in everything if service["domain"] in in_goal}
    assert {hit["slug"] for hit in await search(client, q)} == expected


async def test_every_word_must_be_found_and_filters_still_hold(client: httpx.AsyncClient) -> None:
    assert await search(client, "低保 火星") == []
    both = {hit["slug"] for hit in await search(client, "残疾 补贴")}
    assert both == {h["slug"] for h in await search(client, "残疾")} & {
        h["slug"] for h in await search(client, "补贴")
    }
    housing = await search(client, "住房", domain="lizhou-2021-housing")
    assert {hit["domain"] for hit in housing} == {"lizhou-2021-housing"}


async def test_every_hit_says_why(client: httpx.AsyncClient) -> None:
    hits = await search(client, "低保")
    why = {(m["kind"], m["field"], m["text"], m["written"]) for m in hits[0]["matched"]}
    assert ("concepts", "aliases", "低保", "text") in why
    by_sound = (await search(client, "yljz"))[0]["matched"][0]
    assert (by_sound["text"], by_sound["written"]) == ("医疗救助", "initials")
    for hit in await search(client, "医"):
        assert all("医" in match["text"] for match in hit["matched"])
        assert hit["matched"]
    assert "matched" not in (await client.get("/v1/services?limit=1")).json()["items"][0]


async def test_pages_of_a_search_hold_each_hit_once_in_order(client: httpx.AsyncClient) -> None:
    whole = [hit["slug"] for hit in await search(client, "补贴")]
    paged = [hit["slug"] for hit in await every(client, "/v1/services?q=%E8%A1%A5%E8%B4%B4&limit=5")]
    assert paged == whole
    assert len(set(whole)) == len(whole) > 10


@pytest.mark.parametrize(
    "q",
    [
        '"',
        "'",
        "*",
        "a*",
        "NEAR(",
        "低保 OR 医保",
        "-低保",
        "(低保",
        "低:保",
        "a'b",
        "\\",
        "%",
        "🦊",
        "低\x00保",
    ],
)
async def test_what_means_something_to_a_database_means_nothing_here(
    client: httpx.AsyncClient, q: str
) -> None:
    answer = await client.get("/v1/services", params={"q": q})
    assert answer.status_code in {200, 422}


@pytest.mark.parametrize(
    ("q", "code"),
    [
        ("利州", "510802"),
        ("lizhouqu", "510802"),
        ("xsbn", "532800"),
        ("重庆", "500000"),
        ("chongqing", "500000"),
    ],
)
async def test_regions_are_found_by_their_names(client: httpx.AsyncClient, q: str, code: str) -> None:
    assert code in [hit["code"] for hit in await search(client, q, "regions")][:3]


async def test_search_obeys_both_clocks(own_client: httpx.AsyncClient, engine: Engine) -> None:
    put(
        engine,
        concept(slug="medical-assistance", valid_from="2024-05-01", name="医疗救助", aliases=["看病钱"]),
    )
    assert (await search(own_client, "看病钱"))[0]["concept"] == "medical-assistance"
    assert await search(own_client, "看病钱", release=1) == []
    assert await search(own_client, "看病钱", on="2024-04-30") == []


def test_words_and_pinyin() -> None:
    assert words("“12333”(已并入)热线 ABC") == ["12333", "已", "并", "入", "热", "线", "abc"]
    assert pinyin("重庆市长寿区") == ["chong", "qing", "shi", "chang", "shou", "qu"]
