"""The six plans together: what is entered, what is shared, what is compared, what contradicts itself."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from app.comparison.units import common
from tests.changes import concept, put
from tests.conftest import application, client_of
from tests.test_changes import REGION, plan
from tests.test_diff import standard
from tests.test_reads import every

pytestmark = pytest.mark.anyio

PLANS = {
    "liangzhou-employment-2016-2020": "620602",
    "liangzhou-income-2016-2020": "620602",
    "lizhou-public-services-2021-2025": "510802",
    "shanxi-public-services-2016-2020": "140000",
    "xishuangbanna-employment-2016-2020": "532800",
    "xuyong-hrss-2021-2025": "510524",
}


@pytest.fixture
async def whole(whole_url: str) -> AsyncIterator[httpx.AsyncClient]:
    app = application(whole_url)
    async with client_of(app) as client:
        yield client
    app.state.engine.dispose()


async def get(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await client.get(url)).raise_for_status().json()
    return answer


async def test_all_six_plans_are_there_with_every_kind(whole: httpx.AsyncClient) -> None:
    plans = await every(whole, "/v1/plans")
    assert {plan["slug"]: plan["region"]["code"] for plan in plans} == PLANS
    for slug in PLANS:
        held = await get(whole, f"/v1/plans/{slug}/coverage")
        assert all(held["resources"].values()), (slug, held)
        assert all(held["sources"][kind] >= count for kind, count in held["resources"].items())
        assert held["text"]["figure_sentences"] >= held["text"]["figure_sentences_quoted"] > 0


async def test_one_benefit_is_one_concept_in_four_regions(whole: httpx.AsyncClient) -> None:
    services = await every(whole, "/v1/services?concept=unemployment-insurance")
    assert {service["region"]["code"] for service in services} >= {"510802", "620602", "510524", "532800"}


async def test_unlike_periods_are_compared_in_one_and_it_says_so(whole: httpx.AsyncClient) -> None:
    found = await get(whole, "/v1/compare?concept=minimum-living-guarantee&regions=620602,510802")
    assert [side["region"]["code"] for side in found["sides"]] == ["620602", "510802"]
    amounts = {
        item["standard"]: item
        for group in found["measured"]
        if (group["measure"], group["unit"], group["per"]) == ("amount", "元", "year")
        for item in group["items"]
    }
    texts = {item["value_text"]: item for item in amounts.values()}
    urban = next(item for text, item in texts.items() if "380" in text)
    rural = next(item for text, item in texts.items() if "2434" in text)
    assert (urban["value"], rural["value"]) == (4560, 2434)
    assert urban["converted"] == "380 元/月 × 12 = 4560 元/年"
    assert rural["converted"] is None
    assert urban["value"] > rural["value"]


async def test_a_standing_is_among_regions_and_says_of_whom_and_when(whole: httpx.AsyncClient) -> None:
    alone = await get(whole, "/v1/compare?concept=minimum-living-guarantee&regions=620602,510802")
    amounts = [item for group in alone["measured"] if group["measure"] == "amount" for item in group["items"]]
    assert {item["region"] for item in amounts} == {"620602"}
    assert {item["standing"] for item in amounts} == {None}
    assert {item["population"] for item in amounts} == {"城市低保", "农村低保"}
    pensions = await get(whole, "/v1/compare?concept=employee-basic-pension&regions=620602,532800")
    (per_year,) = [group["items"] for group in pensions["measured"] if group["measure"] == "amount"]
    assert [(item["region"], item["year"], item["standing"]) for item in per_year] == [
        ("620602", 2020, "highest"), ("532800", None, "between"), ("620602", None, "lowest"),
    ]  # fmt: skip


async def test_a_total_of_five_years_does_not_stand_beside_others(whole: httpx.AsyncClient) -> None:
    found = await get(whole, "/v1/compare?concept=vocational-skills-training&regions=620602")
    counts = {(g["per"], g["period"]): g["items"] for g in found["measured"] if g["measure"] == "count"}
    assert {item["value"] for item in counts["year", None]} == {10_000}
    assert {item["value"] for item in counts[None, "five_years"]} == {50_000}


async def test_standards_are_held_against_those_above(whole: httpx.AsyncClient) -> None:
    found = await get(whole, "/v1/standards/floors?region=620602")
    own = await every(whole, "/v1/standards?region=620602&limit=200")
    assert {one["standard"] for one in found["items"]} | set(found["without_floor"]) == {
        s["slug"] for s in own
    }


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ("concept=minimum-living-guarante&regions=620602,510802", ["concept: No concept has this slug"]),
        ("concept=minimum-living-guarantee&regions=620602,999999", ["regions: Number 2: the national list"]),
        ("concept=x&regions=999999,999998", ["regions: Number 1:", "regions: Number 2:", "concept: "]),
        ("concept=minimum-living-guarantee&regions=620602,620602", ["regions: Should name each region once"]),
        ("concept=minimum-living-guarantee&regions=620602，510802", ["regions: Should be one to twenty"]),
        ("concept=minimum-living-guarantee&regions=62060٢", ["regions: Should be one to twenty"]),
    ],
)
async def test_nothing_on_a_side_means_that_there_is_nothing(
    whole: httpx.AsyncClient, asked: str, wrong: list[str]
) -> None:
    answer = await whole.get(f"/v1/compare?{asked}", headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    said = [f"{error['parameter']}: {error['detail']}" for error in answer.json()["errors"]]
    assert len(said) == len(wrong)
    assert all(one.startswith(start) for one, start in zip(said, wrong, strict=True)), said


RATE = {"measure": "ratio", "comparator": "at_most"}
TIME = {"measure": "deadline", "comparator": "at_most"}


@pytest.mark.parametrize(
    ("own", "above", "verdict"),
    [
        ({"value": 600}, {"value": 500}, "above"),
        ({"value": 400}, {"value": 500}, "below"),
        ({"value": 6000, "per": "year"}, {"value": 500, "per": "month"}, "equal"),
        # A rate that is to stay low, a time that is to be short.
        ({"value": 3.5} | RATE, {"value": 4} | RATE, "above"),
        ({"value": 4.5} | RATE | {"comparator": "less_than"}, {"value": 4} | RATE, "below"),
        ({"value": 24} | TIME | {"comparator": "equal"}, {"value": 12} | TIME, "below"),
        ({"value": 500, "comparator": "more_than"}, {"value": 500}, "above"),
        ({"value": 500, "value_high": 800, "comparator": "range"}, {"value": 500}, "above"),
        # A charge, of which none is best.
        ({"value": 0, "comparator": "equal"}, {"value": 50, "comparator": "equal"}, "above"),
        ({"value": 50, "comparator": "equal"}, {"value": 0, "comparator": "equal"}, "below"),
        # Bounds on other sides, one year against five: neither is more.
        ({"value": 500, "comparator": "at_most"}, {"value": 400}, None),
        ({"value": 500, "period": "annual"}, {"value": 2000, "period": "five_years"}, None),
    ],
)  # fmt: skip
async def test_a_floor_is_kept_where_its_promise_is(
    empty_engine: Engine, own: dict[str, Any], above: dict[str, Any], verdict: str | None
) -> None:
    regions = [REGION, REGION | {"slug": "510000", "name": "四川省", "level": "province"}]
    plans = [plan("plan-a"), plan("plan-b", region="510000")]
    standards = [
        standard("own", "若干", **{"value": 1, "population": None} | own),
        standard("floor", "若干", of="plan-b", **{"value": 1, "population": None} | above),
    ]
    put(empty_engine, *regions, *plans, concept(slug="c-a"), *standards)
    app = application(empty_engine.url.render_as_string(hide_password=False))
    async with client_of(app) as client:
        found = await get(client, "/v1/standards/floors?region=510802")
    app.state.engine.dispose()
    assert [(one["floor"], one["region_above"], one["verdict"]) for one in found["items"]] == (
        [] if verdict is None else [("floor", "510000", verdict)]
    )
    assert found["without_floor"] == (["own"] if verdict is None else [])


async def test_a_lost_value_is_not_a_zero(whole: httpx.AsyncClient) -> None:
    indicators = await every(whole, "/v1/indicators?limit=200")
    states = {figure["state"] for i in indicators for figure in (i["baseline"], i["target"]) if figure}
    assert states == {"stated", "none", "lost", "absent"}
    for indicator in indicators:
        for figure in (indicator["baseline"], indicator["target"]):
            if figure and figure["state"] != "stated":
                assert figure["value"] is None, indicator["slug"]
    card = [i for i in indicators if i["baseline"] and i["baseline"]["value"] == 0]
    assert card


async def test_one_year_is_not_five(whole: httpx.AsyncClient) -> None:
    jobs = next(
        i
        for i in await every(whole, "/v1/indicators?plan=lizhou-public-services-2021-2025&limit=200")
        if i["name"] == "城镇新增就业" and i["table"] == "表1"
    )
    assert (jobs["baseline"]["value"], jobs["baseline"]["span"]) == (1.08, "annual")
    assert (jobs["target"]["value"], jobs["target"]["text"], jobs["target"]["span"]) == (
        5.4,
        "[5.4]",
        "five_years",
    )
    assert jobs["discrepancies"]


async def test_a_discrepancy_cites_both_sides_and_is_shown_where_it_matters(whole: httpx.AsyncClient) -> None:
    for discrepancy in await every(whole, "/v1/discrepancies?limit=200"):
        assert len(discrepancy["sources"]) >= 2, discrepancy["slug"]
        for touched in discrepancy["touches"]:
            resource = await get(whole, f"/v1/{touched['kind']}/{touched['slug']}")
            assert resource["discrepancies"].count(discrepancy["slug"]) == 1, touched


NUMERALS = {1: "一", 2: "二两", 3: "三", 4: "四", 5: "五", 6: "六", 7: "七", 8: "八", 9: "九", 10: "十"}


async def test_every_standard_names_its_number_in_its_own_words(whole: httpx.AsyncClient) -> None:
    strangers = [
        (standard["slug"], standard["value"], standard["value_text"])
        for standard in await every(whole, "/v1/standards?limit=200")
        if standard["value"] is not None
        and not standard["value_derived"]
        and f"{standard['value']:g}" not in standard["value_text"].replace(",", "")
        and not any(numeral in standard["value_text"] for numeral in NUMERALS.get(standard["value"], ""))
    ]
    assert not strangers


@pytest.mark.parametrize(
    ("value", "unit", "per", "expected", "said"),
    [
        (380, "元", "month", (4560, "元", "year"), "380 元/month × 12 = 4560 元/year"),
        (2434, "元", "year", (2434, "元", "year"), None),
        (1.5, "小时", None, (90, "分钟", None), "1.5 小时 × 60 = 90 分钟"),
        (98, "%", None, (98, "%", None), None),
        (98, "%", "month", (98, "%", "month"), None),
        (2750, "万人", None, (27_500_000, "人", None), "2750 万人 × 10000 = 27500000 人"),
        (1234.56, "元", "month", (14_814.72, "元", "year"), "1234.56 元/month × 12 = 14814.72 元/year"),
        (2, "万元", "person_month", (240_000, "元", "person_year"), "2 万元/person_month × 120000 = 240000 元/person_year"),
    ],
)  # fmt: skip
def test_units_become_common(
    value: float, unit: str, per: str | None, expected: tuple[float, str, str | None], said: str | None
) -> None:
    found = common(value, unit, per)
    assert (found.value, found.unit, found.per) == expected
    assert found.converted == said
