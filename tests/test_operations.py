"""What an operator relies on: figures, request ids, an orderly end, and the files in deploy/."""

import json
import re
import signal
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from app.database import create
from tests.changes import concept, put
from tests.office import opened
from tests.running import PROJECT, free_port, started, until

pytestmark = pytest.mark.anyio


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_requests_are_counted_by_route_and_never_by_what_was_asked(client: httpx.AsyncClient) -> None:
    before = samples((await client.get("/metrics")).text)
    await client.get("/v1/services", params={"q": "秘密"})
    await client.get("/v1/services/no-such-service")
    await client.head("/v1/services/no-such-service")
    await client.get("/secret-path")
    await client.post("/v1/eligibility", json={"region": "510802", "facts": {"age": 4711}})
    answer = await client.get("/metrics")
    after = samples(answer.text)
    assert answer.headers["content-type"].startswith("text/plain")
    asked = {
        ("GET", "/v1/services", "200"): 1,
        ("GET", "/v1/services/{slug}", "404"): 1,
        ("HEAD", "/v1/services/{slug}", "404"): 1,
        ("GET", "other", "404"): 1,
        ("POST", "/v1/eligibility", "422"): 1,
    }
    for (method, handler, status), times in asked.items():
        key = (
            "http_requests_total",
            frozenset({"method": method, "handler": handler, "status": status}.items()),
        )
        assert after[key] - before.get(key, 0) == times, key
    # The figures themselves may hold any digits: a sum of seconds is no one's age.
    names = {name for name, _ in after} | {word for _, labels in after for label in labels for word in label}
    for secret in ("秘密", "no-such-service", "secret-path", "4711"):
        assert not [name for name in names if secret in name]


async def test_the_newest_release_is_a_figure(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        put(empty_engine, concept())
        figures = samples((await office.get("/metrics")).text)
        assert figures["catalogue_release", frozenset()] == 1
        assert figures["catalogue_database_up", frozenset()] == 1


async def test_every_answer_has_a_request_id_that_the_log_knows(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    own = await client.get("/v1/services/no-such-service", headers={"X-Request-ID": "proxy-17.a_b"})
    assert own.headers["x-request-id"] == "proxy-17.a_b"
    made = [(await client.get("/healthz")).headers["x-request-id"] for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{32}", id_) for id_ in made)
    assert made[0] != made[1]
    for odd in ("a b", "x" * 65, "<script>", ""):
        answer = await client.get("/healthz", headers={"X-Request-ID": odd})
        assert answer.headers["x-request-id"] != odd
    assert capsys.readouterr().out == ""


def test_what_is_being_answered_is_answered_before_the_end(seeded_url: str) -> None:
    port = free_port()
    program = started("serve", url=seeded_url, before=("env", f"PORT={port}", "LOG_LEVEL=info"))
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
            until(lambda: is_up(client))
            persons = (
                "\n".join(
                    json.dumps({"id": str(age), "region": "510802", "facts": {"age": age % 100}})
                    for age in range(400)
                )
                + "\n"
            )
            with httpx.stream(
                "POST",
                f"http://127.0.0.1:{port}/v1/eligibility/batch?on=2024-06-01",
                content=persons,
                headers={"Content-Type": "application/x-ndjson"},
                trust_env=False,
                timeout=60,
            ) as answer:
                lines = answer.iter_lines()
                first = next(lines)
                program.send_signal(signal.SIGTERM)  # in the middle of an answer
                told = [first, *lines]
            assert answer.status_code == 200
            assert len(told) == 400
            assert [json.loads(line)["id"] for line in told] == [str(age) for age in range(400)]
        assert program.wait(timeout=60) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
    finally:
        program.kill()
        program.communicate()


def is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_the_unit_runs_commands_that_exist() -> None:
    unit = (PROJECT / "deploy" / "catalogue.service").read_text(encoding="utf-8")
    commands = re.findall(r"^Exec\w+=\S+/catalogue (\w+)", unit, re.M)
    assert commands == ["migrate", "publish", "serve"]


def test_the_compose_file_releases_before_it_serves() -> None:
    file: dict[str, Any] = yaml.safe_load((PROJECT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    services = file["services"]
    assert services["catalogue"]["depends_on"]["release"]["condition"] == "service_completed_successfully"
    assert services["release"]["depends_on"]["database"]["condition"] == "service_healthy"
    for name in ("release", "catalogue"):
        assert (PROJECT / "deploy" / services[name]["build"] / "Dockerfile").is_file()
        # A password may hold any character: in a URL, some of them would end it.
        assert "PASSWORD" not in services[name]["environment"]["DATABASE_URL"]
        create(services[name]["environment"]["DATABASE_URL"]).dispose()
    assert all(port.startswith("127.0.0.1:") for port in services["catalogue"]["ports"])
