"""Keys: who gets in, with what, and what is kept of it."""

import httpx
import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from app.cli import app
from app.database import writing
from app.keys.models import ROLES, revoke
from app.settings import Settings
from tests.changes import concept, put
from tests.office import Office, opened, submission

pytestmark = pytest.mark.anyio


def id_of(key: str) -> str:
    return key.split("_")[1]


async def test_a_write_takes_a_key_of_the_role(empty_engine: Engine) -> None:
    async with opened(empty_engine, direct_publishing=True) as office:
        for who, status in (
            (None, 401),
            ("reader", 403),
            ("editor", 403),
            ("approver", 403),
            ("publisher", 201),
        ):
            answer = await office.post("/v1/releases", submission(), who)
            assert answer.status_code == status, who
            assert answer.headers["cache-control"] == "no-store"
            assert ("www-authenticate" in answer.headers) is (status == 401)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key[:-1],
        lambda key: key + "x",
        lambda key: key.replace("cat_", "dog_"),
        lambda key: key.upper(),
        lambda key: "cat_" + "0" * 8 + key[12:],
        lambda key: key[:13],
        lambda _: "kat",
        lambda _: "cat__",
        lambda _: "' OR 1=1 --",
        lambda _: "cat_\x7f_" + "x" * 5000,
    ],
)
async def test_a_wrong_key_is_refused_and_not_repeated(empty_engine: Engine, spoil: object) -> None:
    async with opened(empty_engine) as office:
        wrong = spoil(office.keys["publisher"])  # type: ignore[operator]  # each of the ways to spoil one
        answer = await office.post("/v1/proposals", submission(), wrong)
        assert answer.status_code == 401
        assert wrong not in answer.text
        assert (await office.get("/v1/proposals", wrong)).status_code == 401


async def test_a_revoked_key_is_refused_at_once(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        key = office.keys["editor"]
        assert (await office.get("/v1/proposals", key)).status_code == 200
        with writing(empty_engine) as session:
            revoke(session, id_of(key))
        assert (await office.get("/v1/proposals", key)).status_code == 401


async def test_another_scheme_is_told_what_to_send(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        answer = await office.client.get("/v1/proposals", headers={"Authorization": "Basic eDp5"})
        assert answer.status_code == 401
        assert "Bearer" in answer.json()["detail"]


async def test_reading_takes_a_key_where_the_settings_say_so(empty_engine: Engine) -> None:
    async with opened(empty_engine, reading_takes_key=True) as office:
        assert (await office.get("/v1/concepts")).status_code == 401
        assert (await office.post("/v1/eligibility", {"region": "510802", "facts": {}})).status_code == 401
        answer = await office.get("/v1/concepts", "reader")
        assert answer.status_code == 200
        assert answer.headers["cache-control"].startswith("private")
        put(empty_engine, concept())
        headers = office.headers("reader") | {"Accept-Datetime": "Sat, 01 Jun 2024 04:00:00 GMT"}
        led = await office.client.get("/v1/concepts/snow-clearing", headers=headers)
        assert (led.status_code, led.headers["cache-control"]) == (302, "private, max-age=60")
        for path in ("/", "/healthz", "/docs"):
            assert (await office.get(path)).status_code == 200, path


async def test_only_a_hash_of_a_key_is_kept(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        with empty_engine.connect() as connection:
            kept = str(connection.execute(text("SELECT * FROM api_key")).all())
    for key in office.keys.values():
        assert key.split("_", 2)[2] not in kept


async def test_when_a_key_was_last_used_is_kept(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        await office.get("/v1/proposals", "editor")
        with empty_engine.connect() as connection:
            rows = connection.execute(text("SELECT role, last_used_at IS NOT NULL FROM api_key")).all()
    assert {role: bool(used) for role, used in rows} == {role: role == "editor" for role in ROLES}


async def test_a_key_that_cannot_be_noted_as_used_works_all_the_same(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        with writing(empty_engine):
            assert (await office.get("/v1/proposals", "editor")).status_code == 200


async def test_too_many_writes_are_refused_for_a_while(empty_engine: Engine) -> None:
    async with opened(empty_engine, writes_limit="3/minute") as office:
        answers = [await office.post("/v1/proposals", submission()) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
        assert answers[0].headers["ratelimit-policy"] == '"writes";q=3;w=60'
        assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == [
            "r=2",
            "r=1",
            "r=0",
            "r=0",
        ]
        assert 1 <= int(answers[3].headers["retry-after"]) <= 60
        assert (await office.get("/v1/concepts")).status_code == 200


async def test_answers_say_how_many_are_left_of_what_runs_out_first(empty_engine: Engine) -> None:
    async with opened(empty_engine, writes_limit="4/minute") as office:
        # The keys have three left each, the address only two.
        answers = [await office.post("/v1/webhooks", {}, who) for who in ("reader", "editor")]
        assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=3", "r=2"]
    async with opened(empty_engine, writes_limit="2/minute") as office:
        answers = [await from_address(office, n, office.keys["reader"]) for n in range(3)]
        assert [answer.status_code for answer in answers] == [422, 422, 429]
        assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=1", "r=0", "r=0"]


async def from_address(office: Office, number: int, key: str) -> httpx.Response:
    transport = httpx.ASGITransport(
        office.app, raise_app_exceptions=False, client=(f"198.51.100.{number}", 1)
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://catalogue.test") as client:
        return await client.post("/v1/webhooks", json={}, headers=office.headers(key))


@pytest.mark.parametrize("limit", ["often", "60", "60/minute;2/second", "-1/minute", "60/fortnight"])
def test_a_limit_that_is_none_is_said_to_be(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WRITES_LIMIT", "ELIGIBILITY_LIMIT"):
        with monkeypatch.context() as environment:
            environment.setenv(name, limit)
            with pytest.raises(ValidationError, match="such as 60/minute"):
                Settings()


async def test_guessing_keys_is_limited_wherever(empty_engine: Engine) -> None:
    async with opened(empty_engine, writes_limit="3/minute", reading_takes_key=True) as office:
        answers = [await office.get("/v1/concepts", f"cat_{n:08}_x") for n in range(4)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]


async def test_questions_about_eligibility_are_limited_too(empty_engine: Engine) -> None:
    async with opened(empty_engine, eligibility_limit="2/minute") as office:
        asked = {"region": "999999", "facts": {}}
        answers = [await office.post("/v1/eligibility", asked) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [422, 422, 429]


def test_the_command_line_makes_lists_and_ends_keys(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_url)
    run = CliRunner().invoke
    made = run(app, ["keys", "create", "--role", "editor", "--name", "文秘科"])
    key = made.output.split()[-1]
    assert made.exit_code == 0
    assert key.startswith("cat_")
    listed = run(app, ["keys", "list"]).output
    assert id_of(key) in listed
    assert key.split("_", 2)[2] not in listed
    assert run(app, ["keys", "revoke", id_of(key)]).exit_code == 0
    assert "revoked" in run(app, ["keys", "list"]).output
    chinese = {"LANG": "zh_CN.UTF-8"}
    assert "从未使用  已吊销" in run(app, ["keys", "list"], env=chinese).output
    made = run(app, ["keys", "create", "--role", "reader", "--name", "门户"], env=chinese)
    assert "持有人 门户（reader）。只显示这一次，请妥善保管：" in made.output
    assert run(app, ["verify"], env=chinese).output == "共0次发布，均未被改动。最新封存值：-\n"
    assert run(app, ["keys", "revoke", "00000000"]).exit_code == 1
    assert run(app, ["keys", "create", "--role", "king", "--name", "x"]).exit_code == 2
    assert run(app, ["keys", "create", "--role", "editor", "--name", "a\nb"]).exit_code == 2


async def test_a_role_may_what_those_before_it_may(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        for who in ROLES[1:]:
            assert (await office.post("/v1/proposals", submission(), who)).status_code == 201, who
