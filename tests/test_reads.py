"""What a portal developer reads: lists, single resources, filters, history."""

import re
import shlex
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from app.provenance import normalised
from tests.conftest import TODAY
from tests.stores import LIZHOU, SEED

pytestmark = pytest.mark.anyio


async def every(client: httpx.AsyncClient, url: str) -> list[dict[str, Any]]:
    """All items of a list, page after page."""
    items = []
    following: str | None = url
    while following:
        page = (await client.get(following)).raise_for_status().json()
        items += page["items"]
        following = page["next"]
    assert len(items) == page["total"]
    return items


async def test_lizhou_lists_91_services_in_ten_domains_as_printed(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/v1/services?plan={LIZHOU}&listed=true&limit=100")
    body = answer.json()
    assert body["total"] == len(body["items"]) == 91
    assert body["next"] is None
    per_domain = Counter(service["domain_name"] for service in body["items"])
    assert list(per_domain.items()) == [
        ("幼有所育", 9), ("学有所教", 11), ("劳有所得", 12), ("病有所医", 20), ("老有所养", 4),
        ("住有所居", 3), ("弱有所扶", 14), ("退役军人服务", 4), ("文体服务保障", 9), ("法律服务", 5),
    ]  # fmt: skip
    for domain, count in per_domain.items():
        ordinals = [s["ordinal"] for s in body["items"] if s["domain_name"] == domain]
        assert ordinals == list(range(1, count + 1))
    names = [service["name"] for service in body["items"]]
    assert "“12333”(已并入“12345”)热线电话咨询服务" in names
    assert "职业介绍、职业指导和创业开业指导" in names
    assert names[-1] == "法律咨询"


async def test_every_listed_service_says_where_it_comes_from(client: httpx.AsyncClient) -> None:
    for service in await every(client, f"/v1/services?plan={LIZHOU}&listed=true"):
        assert service["region"]["code"] == "510802"
        assert [step["name"] for step in service["region"]["path"]] == ["四川省", "广元市", "利州区"]
        of_name = [source for source in service["sources"] if "name" in source["fields"]]
        assert any(normalised(service["name"]) in normalised(source["quote"]) for source in of_name)
        for field in ("audience", "content", "lead_body", "funding"):
            assert (service[field] is None) == (field in service["not_stated"])


async def test_one_concept_may_stand_in_two_domains(client: httpx.AsyncClient) -> None:
    for concept, domains in {
        "maternity-insurance": {"幼有所育", "病有所医"},
        "medical-assistance": {"病有所医", "弱有所扶"},
    }.items():
        services = await every(client, f"/v1/services?concept={concept}&listed=true")
        assert {service["domain_name"] for service in services} == domains


async def test_domains_claim_what_they_list(client: httpx.AsyncClient) -> None:
    domains = await every(client, f"/v1/domains?plan={LIZHOU}")
    assert [domain["ordinal"] for domain in domains] == list(range(1, 11))
    for domain in domains:
        listed = (await client.get(f"/v1/services?domain={domain['slug']}&listed=true")).json()["total"]
        assert domain["claimed_count"] == listed


@pytest.mark.parametrize(
    ("query", "at_least"),
    [
        ("region=510802", 91),
        ("region=510800", 0),
        ("resident_of=510802", 91),
        ("resident_of=510800", 0),
        ("listed=true", 91),
        (f"plan={LIZHOU}&domain=lizhou-2021-housing&listed=true", 3),
        ("plan=no-such-plan", 0),
    ],
)
async def test_filters(client: httpx.AsyncClient, query: str, at_least: int) -> None:
    items = await every(client, f"/v1/services?{query}")
    assert len(items) >= at_least
    if at_least == 0:
        assert items == []


async def concepts_of(client: httpx.AsyncClient) -> dict[str, str]:
    return {service["slug"]: service["concept"] for service in await every(client, "/v1/services")}


# What each filter of a list looks at, in an item as it is read.
LOOKED_AT: dict[str, dict[str, Callable[[dict[str, Any], dict[str, str]], Any]]] = {
    "services": {
        "category": lambda item, _: item["category"],
        "concept": lambda item, _: item["concept"],
        "domain": lambda item, _: item["domain"],
        "region": lambda item, _: item["region"]["code"],
    },
    "rules": {
        "service": lambda item, _: item["service"],
        "concept": lambda item, concepts: concepts[item["service"]],
        "strength": lambda item, _: item["strength"],
        "fact": lambda item, _: item["facts"],
    },
    "standards": {
        "service": lambda item, _: item["service"],
        "concept": lambda item, _: item["concept"],
        "measure": lambda item, _: item["measure"],
        "firmness": lambda item, _: item["firmness"],
        "year": lambda item, _: item["year"],
    },
    "indicators": {"domain": lambda item, _: item["domain"], "nature": lambda item, _: item["nature"]},
    "programmes": {
        "service": lambda item, _: item["services"],
        "indicator": lambda item, _: item["indicators"],
        "box": lambda item, _: item["box"],
    },
    "discrepancies": {"type": lambda item, _: item["type"]},
    "domains": {"plan": lambda item, _: item["plan"]},
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, named in LOOKED_AT.items() for name in named]
)
async def test_a_filter_gives_what_has_the_value(client: httpx.AsyncClient, kind: str, name: str) -> None:
    concepts = await concepts_of(client)
    whole = await every(client, f"/v1/{kind}")
    values: dict[Any, set[str]] = {}
    for item in whole:
        value = LOOKED_AT[kind][name](item, concepts)
        for one in value if isinstance(value, list) else [value]:
            values.setdefault(one, set()).add(item["slug"])
    values.pop(None, None)
    # There is but one plan here; every other filter leaves something out.
    assert name in ("region", "plan") or any(len(having) < len(whole) for having in values.values())
    for value in [*values][:: max(1, len(values) // 3)]:
        found = await every(client, f"/v1/{kind}?{urlencode({name: value})}")
        assert {item["slug"] for item in found} == values[value], value


@pytest.mark.parametrize("kind", LOOKED_AT)
async def test_what_belongs_to_a_plan_is_found_by_its_region(client: httpx.AsyncClient, kind: str) -> None:
    total = (await client.get(f"/v1/{kind}?limit=1")).json()["total"]
    for query, wanted in {"region=510802": total, "resident_of=510802": total, "region=510800": 0}.items():
        assert (await client.get(f"/v1/{kind}?{query}&limit=1")).json()["total"] == wanted
    nowhere = await client.get(f"/v1/{kind}?region=999999")
    assert [error["parameter"] for error in nowhere.json()["errors"]] == ["region"]


async def test_a_filter_and_its_opposite_make_the_whole(client: httpx.AsyncClient) -> None:
    slugs = [
        {service["slug"] for service in await every(client, f"/v1/services{query}")}
        for query in ("?listed=true", "?listed=false", "")
    ]
    assert slugs[0].isdisjoint(slugs[1])
    assert slugs[0] | slugs[1] == slugs[2]


async def test_the_plan_carries_number_date_and_period(client: httpx.AsyncClient) -> None:
    plan = (await client.get(f"/v1/plans/{LIZHOU}")).json()
    assert plan["number"] == "广利府发〔2022〕12号"
    assert plan["issued_on"] == "2022-09-27"
    assert (plan["period_start"], plan["period_end"]) == ("2021-01-01", "2025-12-31")


async def test_a_service_outlives_its_plans_period_and_says_so(client: httpx.AsyncClient) -> None:
    url = "/v1/services/lizhou-2021-health-medical-assistance"
    assert (await client.get(f"{url}?on=2025-12-31")).json()["plan_period_ended"] is False
    assert (await client.get(f"{url}?on=2026-01-01")).json()["plan_period_ended"] is True


async def test_before_its_first_day_nothing_is_in_force(client: httpx.AsyncClient) -> None:
    before = await client.get("/v1/services/lizhou-2021-health-medical-assistance?on=2020-12-31")
    assert before.status_code == 404
    assert "2021-01-01" in before.json()["detail"]
    assert (await client.get("/v1/services?on=2020-12-31")).json()["total"] == 0


async def test_every_answer_says_for_which_day_and_release_it_is(client: httpx.AsyncClient) -> None:
    for kind in ("regions", "plans", "domains", "concepts", "services"):
        page = (await client.get(f"/v1/{kind}?limit=1")).json()
        assert (page["on"], page["release"]) == (TODAY.isoformat(), 1)
        one = (await client.get(f"/v1/{kind}/{page['items'][0]['slug']}")).json()
        assert (one["on"], one["release"], one["as_of_release"]) == (TODAY.isoformat(), 1, 1)
        assert one["recorded_at"].endswith("Z")


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("510802", ["四川省", "广元市", "利州区"]),
        ("510000", ["四川省"]),
        ("532800", ["云南省", "西双版纳傣族自治州"]),
        ("110101", ["北京市", "东城区"]),
        ("469001", ["海南省", "省直辖县级行政区划", "五指山市"]),
    ],
)
async def test_a_region_knows_its_ancestors(client: httpx.AsyncClient, code: str, path: list[str]) -> None:
    region = (await client.get(f"/v1/regions/{code}")).json()
    assert [step["name"] for step in region["path"]] == path


async def test_all_regions_are_there_and_can_be_narrowed(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/regions")).json()["total"] == 3225
    within = await every(client, "/v1/regions?within=510800")
    assert {region["name"] for region in within} >= {"利州区", "昭化区", "苍溪县"}
    assert all(region["code"].startswith("5108") for region in within)
    provinces = await every(client, "/v1/regions?level=province")
    assert len(provinces) == 34


async def test_every_link_in_every_kind_of_answer_answers(client: httpx.AsyncClient) -> None:
    entrances = (await client.get("/")).json()["links"]
    pages = [await client.get(url) for url in entrances.values() if url.startswith("/v1/")]
    urls = set(entrances.values())
    for page in pages:
        item = page.json()["items"][0]
        urls |= set(item["links"].values())
    for url in sorted(urls):
        assert (await client.get(url)).status_code == 200, url


async def test_releases_say_what_they_changed(client: httpx.AsyncClient) -> None:
    releases = (await client.get("/v1/releases")).json()
    assert [release["number"] for release in releases["items"]] == [1]
    changes = await every(client, "/v1/releases/1/changes?limit=200")
    assert {change["change"] for change in changes} == {"added"}
    assert Counter(change["kind"] for change in changes)["regions"] == 3225
    assert len({(change["kind"], change["slug"]) for change in changes}) == len(changes)
    assert (await client.get(changes[-1]["href"])).status_code == 200
    assert (await client.get("/v1/releases/2")).status_code == 404


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
async def test_the_readme_prints_what_is_answered(client: httpx.AsyncClient, readme: str) -> None:
    """Each request whose answer stands below it; `…` stands for anything."""
    text = (SEED.parent / readme).read_text(encoding="utf-8")
    examples = re.findall(r"```sh\n([^`]*)```\n+```text\n(\{[^`]*)```", text)
    assert len(examples) == 5
    for command, printed in examples:
        words = shlex.split(command.replace("URL=", ""))
        url = next(word for word in words if word.startswith("http"))
        options = list(pairwise(words))
        data = dict(value.split("=", 1) for option, value in options if option in {"-d", "--data-urlencode"})
        headers = dict(value.split(": ", 1) for option, value in options if option == "-H")
        answer = await client.get(f"{url}?{urlencode(data)}" if data else url, headers=headers)
        said = re.sub(r"\s", "", answer.text)
        for part in re.sub(r"\s", "", printed).split("…"):
            assert part in said, (url, part)
            said = said.partition(part)[2]
