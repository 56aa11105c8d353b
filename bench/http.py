"""The catalogue over HTTP with one worker, beside a raw function, a naive list and OpenFisca's web API in the same run.

Run as `python -m bench.http` only: as a script, its name would hide the standard library's `http`.
"""

import argparse
import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
from fastapi import FastAPI
from sqlalchemy import JSON
from sqlmodel import Field, Session, SQLModel, create_engine, select

from app.eligibility.rules import Rule
from bench.people import LIZHOU, ON, REGION, TOLD, items, people, rules

PROJECT = Path(__file__).parent.parent
LIST_OF_20 = "/v1/services?limit=20"
LIST_OF_91 = f"/v1/services?plan={LIZHOU}&listed=true&limit=100"
ONE = "/v1/services/lizhou-2021-childcare-maternal-health"
SEARCH = "/v1/services?q=%E4%BD%8E%E4%BF%9D"  # 低保
FILTERED = "/v1/services?resident_of=510802&listed=true&limit=20"
PINNED = f"{LIST_OF_20}&on=2024-06-01&release=1"
CONNECTIONS, PERSONS, FEW, TRIED = 2, 100, 10, 10
# Seconds that one scenario is measured before it is another's turn.
AT_A_TIME = 1
# wrk's own report is for reading; this one is for us. Every person's request is made before the clock runs.
SCRIPT = """
local requests, turn = {}, 0
function init()
  for line in io.lines("%(bodies)s") do
    requests[#requests + 1] = wrk.format("%(method)s", nil, {%(headers)s}, line ~= "" and line or nil)
  end
end
function request()
  turn = turn %% #requests + 1
  return requests[turn]
end
function done(summary, latency)
  local e = summary.errors
  print(string.format('report [%%d, %%d, %%d, %%d, %%d]', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"""


class Naive(SQLModel):
    """A service as somebody writes it who wants to be done: every value in a column, and out again."""

    slug: str = Field(primary_key=True)
    version: int
    release: int
    recorded_at: str
    valid_from: str
    name: str
    aliases: list[str] = Field(sa_type=JSON)
    concept: str
    concept_name: str
    plan: str
    plan_name: str
    domain: str
    domain_name: str
    region: dict[str, Any] = Field(sa_type=JSON)
    ordinal: int | None
    listed: bool
    audience: str | None
    content: str | None
    not_stated: list[str] = Field(sa_type=JSON)
    sources: list[dict[str, Any]] = Field(sa_type=JSON)
    links: dict[str, str] = Field(sa_type=JSON)


class NaiveRow(Naive, table=True):
    __tablename__ = "naive_service"


def naive() -> FastAPI:
    """What a naive program lists the same services with."""
    app, engine = FastAPI(), create_engine(os.environ["DATABASE_URL"])

    @app.get("/services", response_model=list[Naive])
    def services(limit: int = 20) -> Any:  # noqa: ANN401 - response_model says it
        with Session(engine) as session:
            return session.exec(select(NaiveRow).limit(limit)).all()

    return app


SOME_BYTES = bytes(2000)


async def raw(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401, ARG001 - ASGI's signature
    """The least that any program could do on this server."""
    if scope["type"] == "http":
        length = str(len(SOME_BYTES)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": SOME_BYTES})


def fill(url: str, items: list[dict[str, Any]]) -> None:
    engine = create_engine(url)
    SQLModel.metadata.create_all(engine, tables=[NaiveRow.metadata.tables["naive_service"]])
    with Session(engine) as session:
        session.add_all(NaiveRow(**{name: item[name] for name in Naive.model_fields}) for item in items)
        session.commit()
    engine.dispose()


class Figures(NamedTuple):
    """One measurement: requests a second, and half and ninety-nine hundredths of them done within so many ms."""

    rate: float
    p50: float
    p99: float


@dataclass
class Scenario:
    """One kind of request, and what was measured of it."""

    name: str
    url: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    bodies: list[str] = field(default_factory=lambda: [""])
    status: int = 200
    beside: str | None = None
    measured: list[Figures] = field(default_factory=list)
    size: int = 0

    def try_out(self) -> None:
        """Sends some of the requests once: it warms up, and what is measured is the right answer."""
        with httpx.Client(trust_env=False, timeout=60) as client:
            for body in self.bodies[:TRIED]:
                answer = client.request(
                    self.method,
                    self.url,
                    headers={"Accept-Encoding": "", **self.headers},
                    content=body or None,
                )
                if answer.status_code != self.status:
                    raise SystemExit(f"{self.name}: {answer.status_code} {answer.text[:300]}")
                self.size = max(self.size, len(answer.content))

    def measure(self, folder: Path) -> None:
        self.measured.append(with_wrk(self, folder) if shutil.which("wrk") else with_httpx(self))

    def of(self, figure: str) -> float:
        return float(median(getattr(one, figure) for one in self.measured))


def with_wrk(scenario: Scenario, folder: Path) -> Figures:
    (folder / "bodies").write_text("".join(f"{body}\n" for body in scenario.bodies), "utf-8")
    headers = ", ".join(
        f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in scenario.headers.items()
    )
    (folder / "wrk.lua").write_text(
        SCRIPT % {"bodies": folder / "bodies", "method": scenario.method, "headers": headers}, "utf-8"
    )
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{AT_A_TIME}s",
        "-s",
        str(folder / "wrk.lua"),
        scenario.url,
    ]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    report = next(line for line in said.splitlines() if line.startswith("report "))
    requests, duration, p50, p99, errors = json.loads(report.removeprefix("report "))
    if errors:
        raise SystemExit(f"{scenario.name}: {errors} errors")
    return Figures(requests / duration * 1e6, p50 / 1000, p99 / 1000)


def with_httpx(scenario: Scenario) -> Figures:
    """In place of wrk: much slower itself, so that fast answers look alike."""
    took: list[float] = []

    async def one(client: httpx.AsyncClient, ends: float, turn: int) -> None:
        while (began := time.perf_counter()) < ends:
            body = scenario.bodies[turn % len(scenario.bodies)]
            turn += CONNECTIONS
            answer = await client.request(
                scenario.method, scenario.url, headers=scenario.headers, content=body or None
            )
            if answer.status_code != scenario.status:
                raise SystemExit(f"{scenario.name}: {answer.status_code}")
            took.append(time.perf_counter() - began)

    async def all_() -> None:
        headers = {"Accept-Encoding": ""}
        async with httpx.AsyncClient(trust_env=False, timeout=60, headers=headers) as client:
            ends = time.perf_counter() + AT_A_TIME
            await asyncio.gather(*(one(client, ends, turn) for turn in range(CONNECTIONS)))

    asyncio.run(all_())
    took.sort()
    return Figures(len(took) / AT_A_TIME, median(took) * 1000, took[len(took) * 99 // 100] * 1000)


@contextmanager
def served(ready: str, *command: str, url: str = "", **settings: str) -> Iterator[str]:
    """A server as a process of its own on a free port; PORT in the command stands for it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", *(part.replace("PORT", port) for part in command)],
        cwd=PROJECT,
        env=os.environ
        | {"DATABASE_URL": url, "HOST": "127.0.0.1", "PORT": port, "ELIGIBILITY_LIMIT": ""}
        | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        wait(process, base + ready)
        yield base
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait(process: subprocess.Popen[bytes], url: str) -> None:
    ends = time.monotonic() + 90
    while True:
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        if process.poll() is not None or time.monotonic() > ends:
            raise SystemExit(f"{' '.join(map(str, process.args))} does not serve {url}")  # type: ignore[arg-type]  # they are all text here
        time.sleep(0.05)


def catalogue(*command: str, url: str) -> None:
    environment = os.environ | {"DATABASE_URL": url}
    subprocess.run([sys.executable, "-m", "app", *command], cwd=PROJECT, env=environment, check=True)


def questions(base: str) -> Iterator[Scenario]:
    """The same persons for both: a dozen facts told, the rest unknown."""
    persons = people(PERSONS, told=TOLD)
    services = [service["slug"] for service in items(f"{LIZHOU}/services.yaml")]
    few = services[:: len(services) // FEW][:FEW]
    for about, chosen in ((f"all {len(services)} services", None), (f"{FEW} services", few)):
        for explain in ("none", "brief"):
            yield Scenario(
                f"POST eligibility, {explain}, {about}",
                f"{base}/v1/eligibility",
                "POST",
                {"Content-Type": "application/json"},
                [
                    json.dumps(
                        {"region": REGION, "on": ON.isoformat(), "facts": person, "explain": explain}
                        | ({"services": chosen} if chosen else {})
                    )
                    for person in persons
                ],
                beside="OpenFisca",
            )


def simulations(base: str) -> Scenario:
    persons, asked, month = people(PERSONS, told=TOLD), rules(), ON.isoformat()[:7]
    return Scenario(
        f"OpenFisca's web API, {len(asked)} rules",
        f"{base}/calculate",
        "POST",
        {"Content-Type": "application/json"},
        [json.dumps(simulation(person, asked, month)) for person in persons],
    )


def simulation(person: dict[str, Any], asked: list[Rule], month: str) -> dict[str, Any]:
    told = {fact: {month: value} for fact, value in person.items()}
    wanted = {rule.slug.replace("-", "_"): {month: None} for rule in asked}
    return {"persons": {"one": told | wanted}}


def reads(base: str, uncached: str) -> Iterator[Scenario]:
    plain = {"Accept-Encoding": ""}
    tag = httpx.get(base + LIST_OF_20, headers=plain, trust_env=False).headers["ETag"]
    yield Scenario("GET a list of 20 services", base + LIST_OF_20, beside="naive")
    yield Scenario("GET the same, day and release given", base + PINNED, beside="naive")
    yield Scenario(
        "GET the same, not modified", base + LIST_OF_20, headers={"If-None-Match": tag}, status=304
    )
    yield Scenario("GET one service", base + ONE, beside="naive")
    yield Scenario("GET a search for 低保", base + SEARCH, beside="naive")
    yield Scenario("uncached: a list of 20 services", uncached + LIST_OF_20, beside="naive")
    yield Scenario("uncached: 20 of those for residents", uncached + FILTERED, beside="naive")
    yield Scenario("uncached: a list of 91 services", uncached + LIST_OF_91, beside="naive")
    yield Scenario("uncached: one service", uncached + ONE, beside="naive")
    yield Scenario("uncached: a search for 低保", uncached + SEARCH, beside="naive")


def show(scenarios: list[Scenario], peers: dict[str, Scenario]) -> None:
    for one in [*scenarios, *peers.values()]:
        ratio = ""
        if one.beside in peers:
            pairs = zip(one.measured, peers[one.beside].measured, strict=True)
            ratio = f"   {median(ours.rate / theirs.rate for ours, theirs in pairs):5.1f} times {one.beside}"
        name = one.name + " " * (44 - len(one.name.encode("gbk")))
        rate, p50, p99 = one.of("rate"), one.of("p50"), one.of("p99")
        print(f"  {name} {rate:7.0f}/s  p50 {p50:7.2f} ms  p99 {p99:7.2f} ms  {one.size:7} bytes{ratio}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.http", description=__doc__)
    parser.add_argument("--seconds", type=int, default=50, help="about how long in all (default: 50)")
    ends = time.monotonic() + parser.parse_args().seconds
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        url, naive_url = f"sqlite:///{folder}/catalogue.db", f"sqlite:///{folder}/naive.db"
        catalogue("migrate", url=url)
        catalogue("publish", "seed", url=url)
        base = stack.enter_context(served("/readyz", "app", "serve", url=url))
        uncached = stack.enter_context(served("/readyz", "app", "serve", url=url, CACHE_MB="0"))
        fill(naive_url, httpx.get(base + LIST_OF_91, trust_env=False).json()["items"])
        uvicorn = "uvicorn --factory bench.http:naive --port PORT --no-access-log --log-level warning"
        naive_base = stack.enter_context(served("/services", *uvicorn.split(), url=naive_url))
        bytes_only = "uvicorn bench.http:raw --port PORT --no-access-log --log-level warning"
        raw_base = stack.enter_context(served("/", *bytes_only.split()))
        openfisca = (
            "openfisca_core.scripts.openfisca_command serve --country-package bench.openfisca_lizhou "
            "--workers 1 --bind 127.0.0.1:PORT"
        )
        scenarios = [*reads(base, uncached), *questions(base)]
        peers = {
            "raw": Scenario("a raw ASGI function", raw_base),
            "naive": Scenario("naive FastAPI and SQLModel, list of 20", f"{naive_base}/services"),
        }
        if find_spec("openfisca_core"):
            openfisca_base = stack.enter_context(served("/entities", *openfisca.split()))
            peers["OpenFisca"] = simulations(openfisca_base)
        for scenario in [*scenarios, *peers.values()]:
            scenario.try_out()
        rounds, began = 0, time.monotonic()
        while not rounds or time.monotonic() + (time.monotonic() - began) / rounds < ends:
            for scenario in [*scenarios, *peers.values()]:
                scenario.measure(folder)
            rounds += 1
        with_ = "wrk" if shutil.which("wrk") else "httpx"
        print(f"{CONNECTIONS} connections, one worker each, {with_}; medians of {rounds} rounds")
        show(scenarios, peers)


if __name__ == "__main__":
    main()
