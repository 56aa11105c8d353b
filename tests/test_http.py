"""HTTP manners: validators, caching, methods, encodings, cross-origin reads, and what is refused."""

import re

import httpx
import pytest

from app.catalogue import KINDS
from app.changesets import Changeset, check
from app.faults import CODE, ONE_LINE, PATTERNS, SLUG
from tests.running import PROJECT
from tests.stores import LIZHOU

pytestmark = pytest.mark.anyio

ONE = f"/v1/plans/{LIZHOU}"


@pytest.mark.parametrize("url", [ONE, "/v1/services?limit=3", "/v1/releases", f"{ONE}/versions/1"])
async def test_a_second_read_costs_nothing(client: httpx.AsyncClient, url: str) -> None:
    first = await client.get(url)
    tag = first.headers["etag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = await client.get(url, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b""), known
        for header in ("etag", "cache-control", "content-location"):
            assert again.headers[header] == first.headers[header]
    assert (await client.get(url, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_any_tag_does_not_stand_for_what_is_not_there(client: httpx.AsyncClient) -> None:
    missing = await client.get("/v1/plans/no-such-plan", headers={"If-None-Match": "*"})
    assert missing.status_code == 404


async def test_a_tag_is_tied_to_day_release_and_representation(client: httpx.AsyncClient) -> None:
    tags = [
        (await client.get(url, headers={"Accept-Encoding": encoding})).headers["etag"]
        for url in (f"{ONE}?on=2024-01-01", f"{ONE}?on=2024-01-02", "/v1/plans?on=2024-01-01")
        for encoding in ("gzip", "identity")
    ]
    assert len(set(tags)) == len(tags)
    assert not any(tag.startswith("W/") for tag in tags)


async def test_the_same_read_gives_the_same_bytes(client: httpx.AsyncClient) -> None:
    for url in ("/v1/services?limit=200", "/v1/services?q=%E5%8C%BB%E7%96%97"):
        assert (await client.get(url)).content == (await client.get(url)).content


async def test_floating_and_pinned_reads_have_different_manners(client: httpx.AsyncClient) -> None:
    floating = await client.get(ONE)
    assert "immutable" not in floating.headers["cache-control"]
    twin = floating.headers["content-location"]
    assert twin == f"{ONE}?on=2024-06-01&release=1"
    pinned = await client.get(twin)
    assert "immutable" in pinned.headers["cache-control"]
    assert pinned.content == floating.content
    assert "immutable" in (await client.get(f"{ONE}/versions/1")).headers["cache-control"]


async def test_links_lead_to_versions_and_next_pages(client: httpx.AsyncClient) -> None:
    link = (await client.get(ONE)).headers["link"]
    relations = {"latest-version", "version-history", "original timegate", "timemap"}
    assert set(re.findall(r'rel="([^"]+)"', link)) == relations
    for target in re.findall(r"<([^>]+)>", link):
        assert (await client.get(target)).status_code == 200
    page = await client.get("/v1/services?limit=2")
    assert f'<{page.json()["next"]}>; rel="next"' in page.headers["link"]


@pytest.mark.parametrize("url", [ONE, "/v1/services", "/", "/healthz", "/docs", "/v1/plans/nothing"])
async def test_head_is_get_without_the_body(client: httpx.AsyncClient, url: str) -> None:
    get, head = await client.get(url), await client.head(url)
    assert head.status_code == get.status_code
    assert head.content == b""
    ignored = {"date", "x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in ignored} == {
        k: v for k, v in get.headers.items() if k not in ignored
    }


async def test_options_says_what_a_path_allows(client: httpx.AsyncClient) -> None:
    answer = await client.options("/v1/services")
    assert answer.status_code == 204
    assert {m.strip() for m in answer.headers["allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}
    assert (await client.options("/no/such/path")).status_code == 404


@pytest.mark.parametrize("url", [ONE, "/v1/releases", "/v1/eligibility", "/healthz"])
async def test_other_methods_are_refused_with_what_is_allowed(client: httpx.AsyncClient, url: str) -> None:
    answer = await client.patch(url)
    assert answer.status_code == 405
    assert answer.headers["allow"] == (await client.options(url)).headers["allow"]
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "The body is not JSON that can be read: check quotes, commas and brackets."),
        ("zh", "请求正文不是可读取的 JSON：请检查引号、逗号和括号。"),
    ],
)
async def test_a_body_that_is_no_json_is_said_to_be_none(
    client: httpx.AsyncClient, language: str, said: str
) -> None:
    headers = {"Accept-Language": language, "Content-Type": "application/json"}
    answer = await client.post("/v1/eligibility", content='{"region": 510802', headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "", "detail": said}]


async def test_gzip_is_smaller_and_says_that_it_varies(client: httpx.AsyncClient) -> None:
    plain = await client.get("/v1/services", headers={"Accept-Encoding": "identity"})
    packed = await client.get("/v1/services", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.num_bytes_downloaded < len(plain.content) / 4
    assert packed.content == plain.content
    assert "Accept-Encoding" in plain.headers["vary"]


async def test_pages_of_other_origins_may_read(client: httpx.AsyncClient) -> None:
    origin = {"Origin": "https://portal.example"}
    read = await client.get(ONE, headers=origin)
    assert read.headers["access-control-allow-origin"] == "*"
    assert "ETag" in read.headers["access-control-expose-headers"]
    preflight = await client.options(ONE, headers=origin | {"Access-Control-Request-Method": "GET"})
    assert preflight.status_code == 200


@pytest.mark.parametrize(
    ("url", "parameter"),
    [
        ("/v1/services?colour=red", "colour"),
        ("/v1/services?region=51080", "region"),
        ("/v1/services?region=999999", "region"),
        ("/v1/services?resident_of=990000", "resident_of"),
        ("/v1/regions?within=000000", "within"),
        ("/v1/services?on=2024-02-30", "on"),
        ("/v1/services?on=1717200000", "on"),
        ("/v1/services?on=2024-06-01T00:00:00Z", "on"),
        ("/v1/services?release=-1", "release"),
        ("/v1/services?release=2", "release"),
        ("/v1/services?release=99999999999999999999", "release"),
        ("/v1/services?known_at=2024-06-01T00:00:00", "known_at"),
        ("/v1/services?known_at=yesterday", "known_at"),
        ("/v1/services?known_at=2999-01-01T00:00:00Z", "known_at"),
        ("/v1/services?known_at=2024-06-01T00:00:00Z&release=1", "known_at"),
        ("/v1/services?limit=0", "limit"),
        ("/v1/services?limit=201", "limit"),
        ("/v1/services?limit=many", "limit"),
        ("/v1/services?listed=perhaps", "listed"),
        ("/v1/services?plan=%27%3B%20DROP%20TABLE", "plan"),
        ("/v1/services?cursor=nonsense", "cursor"),
        ("/v1/services?cursor=%00%ff", "cursor"),
        ("/v1/services?q=", "q"),
        ("/v1/services?q=%2C%2C", "q"),
        (f"/v1/services?q={'x' * 101}", "q"),
        (f"{ONE}?verbose=1", "verbose"),
        (f"{ONE}?on=2024-06-01&on=2020-06-01", "on"),
        ("/v1/services?plan=a&listed=true&plan=b", "plan"),
        ("/v1/releases?after=0&after=1", "after"),
        ("/v1/lint?code=plan-ended&code=history-gap", "code"),
        ("/v1/releases/1?on=2024-01-01", "on"),
        (f"{ONE}/versions/0", "version"),
    ],
)
async def test_what_is_wrong_is_said_with_its_place(
    client: httpx.AsyncClient, url: str, parameter: str
) -> None:
    answer = await client.get(url)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


async def test_all_faults_are_said_at_once(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/services?colour=red&limit=0&on=soon")
    assert {error["parameter"] for error in answer.json()["errors"]} == {"colour", "limit", "on"}


async def test_a_pattern_is_said_in_words(client: httpx.AsyncClient) -> None:
    document = {"kind": "concepts", "slug": "Tea House", "name": "tea ", "valid_from": "2021-01-01"}
    seed = {"kind": "regions", "slug": "5108", "name": "x", "level": "county", "valid_from": "2021-01-01"}
    found = check(Changeset(message="x", publisher="x", base_release=0, documents=[document, seed])).faults
    assert {fault.pointer: fault.said for fault in found} == {
        "/documents/0/slug": PATTERNS[SLUG],
        "/documents/0/name": PATTERNS[ONE_LINE],
        "/documents/1/slug": PATTERNS[CODE],
    }
    answer = await client.get("/v1/services?region=5108&plan=A", headers={"Accept-Language": "zh"})
    assert {error["parameter"]: error["detail"] for error in answer.json()["errors"]} == {
        "region": PATTERNS[CODE].zh,
        "plan": PATTERNS[SLUG].zh,
    }
    assert not re.search(r"[\\^$]", "".join(text for said in PATTERNS.values() for text in said))


async def test_a_dry_run_that_is_none_as_well_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/releases?dry_run=true&dry_run=false", json={})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"parameter": "dry_run", "detail": "Given more than once: give it once."}
    ]


async def test_a_cursor_belongs_to_its_list(client: httpx.AsyncClient) -> None:
    following = (await client.get("/v1/services?limit=2")).json()["next"]
    cursor = dict(httpx.URL(following).params)["cursor"]
    for elsewhere in (
        f"/v1/concepts?cursor={cursor}",
        f"/v1/services?listed=true&cursor={cursor}",
        f"/v1/services?on=2025-01-01&cursor={cursor}",
        f"/v1/services?cursor={cursor[:-3]}",
    ):
        answer = await client.get(elsewhere)
        assert answer.status_code == 422, elsewhere
        assert answer.json()["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("en;q=0.5, zh;q=0.9", "zh"),
        ("", "en"),
    ],
)
async def test_errors_speak_the_readers_language(
    client: httpx.AsyncClient, accept: str, language: str
) -> None:
    answer = await client.get("/v1/plans/nothing", headers={"Accept-Language": accept})
    assert answer.headers["content-language"] == language
    assert ("标识" in answer.json()["detail"]) == (language == "zh")
    assert "Accept-Language" in answer.headers["vary"]


async def test_an_unknown_path_is_a_problem_too(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v2/services")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:catalogue:problem:not-found"


async def test_health_and_readiness(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok", "release": None}
    ready = await client.get("/readyz")
    assert ready.json() == {"status": "ok", "release": 1}
    assert ready.headers["cache-control"] == "no-store"


async def test_the_front_page_speaks_to_people_and_to_programs(client: httpx.AsyncClient) -> None:
    page = await client.get("/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html")
    for kind, (content, _) in KINDS.items():
        assert f'<a href="/v1/{kind}">{content.noun.zh}</a>' in page.text
    assert "公共服务目录" in page.text
    assert 'href="/docs"' in page.text
    assert (await client.get("/")).json()["links"]["services"] == "/v1/services"


async def test_the_api_catalog_is_a_link_set(client: httpx.AsyncClient) -> None:
    answer = await client.get("/.well-known/api-catalog")
    assert answer.headers["content-type"] == "application/linkset+json"
    (anchor,) = answer.json()["linkset"]
    for relation in ("service-desc", "service-doc", "status", "item"):
        for target in anchor[relation]:
            assert (await client.get(target["href"])).status_code == 200


async def test_the_module_for_devices_is_served_as_it_is_kept(client: httpx.AsyncClient) -> None:
    kept = (PROJECT / "app" / "static" / "eligibility.js").read_bytes()
    assert len(kept) > 10_000
    for packed in ("identity", "gzip"):
        served = await client.get("/static/eligibility.js", headers={"Accept-Encoding": packed})
        assert served.status_code == 200
        assert served.headers["content-type"].split(";")[0] == "text/javascript"
        assert served.headers.get("content-encoding", "identity") == packed
        assert served.content == kept
    validators = {"If-None-Match": served.headers["etag"]}
    again = await client.get("/static/eligibility.js", headers=validators)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == served.headers["etag"]
    other = await client.get("/static/eligibility.js", headers={"If-None-Match": '"another"'})
    assert (other.status_code, other.content) == (200, kept)
    head = await client.head("/static/eligibility.js", headers={"Accept-Encoding": "identity"})
    assert (int(head.headers["content-length"]), head.content) == (len(kept), b"")
    assert (await client.get("/static/../main.py")).status_code == 404
    assert (await client.get("/static/%2e%2e/main.py")).status_code == 404
