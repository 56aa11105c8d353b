"""The two clocks: what applied on a day, as the catalogue stood at a release."""

import uuid
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session

from app.concepts.models import ConceptVersion
from app.errors import Gone, NotFound
from app.versioning import At, in_force, in_force_by_slug, latest_release
from tests.changes import concept, put, withdrawal
from tests.test_reads import every

pytestmark = pytest.mark.anyio
SNOW = "/v1/concepts/snow-clearing"


async def test_a_correction_is_the_next_version_and_the_old_release_stays(
    own_client: httpx.AsyncClient, engine: Engine
) -> None:
    put(engine, concept(name="扫雪"))
    put(engine, concept(name="扫雪除冰", change_note="The name was cut short."))
    now = (await own_client.get(SNOW)).json()
    assert (now["name"], now["version"], now["release"], now["as_of_release"]) == ("扫雪除冰", 2, 3, 3)
    before = (await own_client.get(f"{SNOW}?release=2")).json()
    assert (before["name"], before["version"], before["as_of_release"]) == ("扫雪", 1, 2)
    assert (await own_client.get(f"{SNOW}?release=1")).status_code == 404


async def test_a_change_from_a_day_on_leaves_the_days_before(
    own_client: httpx.AsyncClient, engine: Engine
) -> None:
    put(engine, concept(name="扫雪"))
    put(engine, concept(name="除冰", valid_from="2024-07-01"))
    assert (await own_client.get(f"{SNOW}?on=2024-06-30")).json()["name"] == "扫雪"
    assert (await own_client.get(f"{SNOW}?on=2024-07-01")).json()["name"] == "除冰"
    # A correction of the earlier days comes later in the catalogue's time, but not in the calendar's.
    put(engine, concept(name="扫雪除冰"))
    assert (await own_client.get(f"{SNOW}?on=2024-06-30")).json()["name"] == "扫雪除冰"
    assert (await own_client.get(f"{SNOW}?on=2024-07-01")).json()["name"] == "除冰"


async def test_what_is_withdrawn_is_gone_with_its_reason(
    own_client: httpx.AsyncClient, engine: Engine
) -> None:
    put(engine, concept())
    put(engine, withdrawals=[withdrawal(day="2024-05-01", reason="No snow falls here.")])
    gone = await own_client.get(SNOW)
    assert gone.status_code == 410
    body = gone.json()
    assert (body["reason"], body["withdrawn_from"]) == ("No snow falls here.", "2024-05-01")
    assert (await own_client.get(body["last_version"])).json()["name"] == "扫雪除冰"
    assert "version-history" in gone.headers["link"]
    assert (await own_client.get(f"{SNOW}?on=2024-04-30")).status_code == 200
    assert (await own_client.get(f"{SNOW}?release=2")).status_code == 200
    assert (await own_client.get("/v1/concepts?q=扫雪除冰")).json()["total"] == 0
    put(engine, concept(name="扫雪除冰", valid_from="2024-06-01"))
    assert (await own_client.get(SNOW)).json()["version"] == 3


async def test_history_is_newest_first_and_pinned_versions_never_change(
    own_client: httpx.AsyncClient, engine: Engine
) -> None:
    for name in ("甲", "乙", "丙"):
        put(engine, concept(name=name))
    history = (await own_client.get(f"{SNOW}/versions")).json()
    assert [(item["version"], item["name"]) for item in history["items"]] == [(3, "丙"), (2, "乙"), (1, "甲")]
    paged = (await own_client.get(f"{SNOW}/versions?limit=2")).json()
    rest = (await own_client.get(paged["next"])).json()
    assert paged["items"] + rest["items"] == history["items"]
    assert (await own_client.get(f"{SNOW}/versions?release=2")).json()["total"] == 1
    first = await own_client.get(f"{SNOW}/versions/1")
    put(engine, concept(name="丁"))
    assert (await own_client.get(f"{SNOW}/versions/1")).content == first.content
    assert (await own_client.get(f"{SNOW}/versions/2?release=2")).status_code == 404
    assert (await own_client.get(f"{SNOW}/versions/9")).status_code == 404
    assert (await own_client.get("/v1/concepts/nothing/versions")).status_code == 404


async def test_known_at_is_turned_into_the_release_current_then(
    own_client: httpx.AsyncClient, engine: Engine
) -> None:
    put(engine, concept(name="扫雪"))
    release = (await own_client.get("/v1/releases/2")).json()
    then = datetime.fromisoformat(release["recorded_at"])
    put(engine, concept(name="除冰"))
    for moment, expected in (
        (then, 2),
        (then - timedelta(microseconds=1), 1),
        (datetime(2020, 1, 1, tzinfo=UTC), 0),
    ):
        params = {"known_at": moment.isoformat()}
        page = (await own_client.get("/v1/concepts", params=params)).json()
        assert page["release"] == expected
    answer = await own_client.get(SNOW, params={"known_at": then.isoformat()})
    assert answer.json()["name"] == "扫雪"
    assert answer.headers["content-location"].endswith("release=2")


async def test_an_answer_once_given_can_be_given_again(own_client: httpx.AsyncClient, engine: Engine) -> None:
    """References float: a service shows its concept's name as of the release that is asked for."""
    url = "/v1/services/lizhou-2021-health-medical-assistance"
    first = await own_client.get(url)
    put(engine, concept(slug="medical-assistance", valid_from="0001-01-01", name="医疗救助制度"))
    assert (await own_client.get(url)).json()["concept_name"] == "医疗救助制度"
    assert (await own_client.get(first.headers["content-location"])).content == first.content
    pinned = (await own_client.get(f"{url}/versions/1")).json()
    assert pinned["concept_name"] == "医疗救助"


async def test_a_list_stands_still_while_releases_come(own_client: httpx.AsyncClient, engine: Engine) -> None:
    whole = await every(own_client, "/v1/concepts?limit=200")
    page = (await own_client.get("/v1/concepts?limit=200")).json()
    items = page["items"]
    while page["next"]:
        put(engine, concept(slug=f"a-{len(items)}"), concept(slug=items[-1]["slug"], name=f"改{len(items)}"))
        page = (await own_client.get(page["next"])).json()
        items += page["items"]
        assert page["release"] == 1
    assert items == whole


Histories = st.lists(
    st.tuples(st.integers(1, 6), st.booleans(), st.sampled_from("甲乙丙")), min_size=1, max_size=7
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=Histories)
def test_in_force_is_what_the_design_says(empty_engine: Engine, history: list[tuple[int, bool, str]]) -> None:
    """Against a plain model: latest `valid_from`, then highest version; withdrawn means nothing."""
    slug = f"c{uuid.uuid4().hex}"
    written: list[tuple[int, int, bool, int]] = []  # release, day, withdrawn, version
    for day, ends, name in history:
        valid_from = f"2024-01-0{day}"
        withdrawn = ends and bool(written)
        if withdrawn:
            done = put(empty_engine, withdrawals=[withdrawal(slug, day=valid_from, reason="Ends.")])
        else:
            done = put(empty_engine, concept(slug=slug, name=name, valid_from=valid_from))
        if done.release is not None:
            written.append((done.release, day, withdrawn, len(written) + 1))
    with Session(empty_engine) as session:
        for release in range(written[0][0] - 1, latest_release(session) + 1):
            for day in range(8):
                at = At(date(2024, 1, day) if day else date(2023, 12, 31), release)
                seen = [line for line in written if line[0] <= release and line[1] <= day]
                best = max(seen, key=lambda line: (line[1], line[3]), default=None)
                many = in_force_by_slug(session, ConceptVersion, [slug], at)
                if best is None or best[2]:
                    assert many == {}
                    with pytest.raises(NotFound if best is None else Gone):
                        in_force(session, ConceptVersion, slug, at)
                else:
                    assert many[slug].version == best[3]
                    assert in_force(session, ConceptVersion, slug, at).version == best[3]
