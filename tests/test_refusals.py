"""A real server under fire: slow, huge, forged and hostile requests are refused, change nothing and leave no trace."""

import json
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import Session, SQLModel

from app.database import create, reading, writing
from app.keys.models import create as create_key
from app.sealing import verify
from tests.changes import concept
from tests.running import serving, until
from tests.stores import LIZHOU, Store

PATIENCE = 0.5
MARK = "zebra"  # stands in everything hostile, and nowhere else
HOSTILE = [
    f"' OR 1=1 -- {MARK}",
    f'"; DROP TABLE release; -- {MARK}',
    f"{MARK}' UNION SELECT hash FROM api_key --",
    f'{MARK}%_\\* NEAR(a b) AND OR NOT "',
    f"{MARK}\x00",
    MARK * 2000,
    f"{MARK}\u202e\U0001d54f\ufffd\ud7ff💥",
    f"-1 {MARK}",
]
NAMED: dict[str, str] = {
    "plans": LIZHOU,
    "regions": "510802",
    "concepts": "medical-assistance",
    "domains": "lizhou-2021-health",
    "services": "lizhou-2021-health-medical-assistance",
    "facts": "age",
    "rules": "lizhou-2021-housing-public-rental-housing-rule",
    "standards": "lizhou-2021-table-public-rental",
    "indicators": "lizhou-2021-indicator-infant-places",
    "programmes": "lizhou-2021-programme-01-01",
    "bundles": "510802",
    "documents": "concepts/medical-assistance",
}


class Place(NamedTuple):
    """A server, its database behind it, a publisher's key and where its log goes."""

    url: str
    engine: Engine
    key: str
    log: Path

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 80)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    store: Store = request.getfixturevalue(f"{request.param}_store")
    url = store.copy("seeded")
    engine = create(url, connections=5)
    with writing(engine) as session:
        key = create_key(session, "publisher", "A clerk")[1]
    log = tmp_path_factory.mktemp("refusals") / "log"
    settings: dict[str, Any] = {
        "direct_publishing": True,
        "writes_limit": "",
        "body_seconds": PATIENCE,
        "log_level": "debug",
    }
    with serving(url, log, **settings) as address:
        yield Place(address, engine, key, log)
    engine.dispose()
    store.drop(url)


@pytest.fixture(autouse=True)
def nothing_comes_of_it(place: Place) -> Iterator[None]:
    """No row more or less, every seal as it was, the server alive, and nothing of what was sent in its log."""
    before = stand(place.engine)
    yield
    assert stand(place.engine) == before
    assert httpx.get(f"{place.url}/readyz", trust_env=False).status_code == 200
    log = place.log.read_text(encoding="utf-8", errors="replace")
    assert MARK not in log
    assert '"level": "error"' not in log
    assert "Traceback" not in log


def stand(engine: Engine) -> tuple[dict[str, int], list[str]]:
    with reading(engine) as session:
        counts = {name: count(session, name) for name in SQLModel.metadata.tables}
        verified = verify(session)
    assert verified.broken == []
    return counts, verified.seals


def count(session: Session, table: str) -> int:
    return session.scalar(select(func.count()).select_from(SQLModel.metadata.tables[table])) or 0


# Parameters


def questions(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Every query parameter of everything that can be read, with everything hostile in it."""
    for path, operations in document["paths"].items():
        parameters = operations.get("get", {}).get("parameters", [])
        kind = path.split("/")[2] if path.count("/") > 1 else ""
        filled = (
            path.replace("{slug}", NAMED.get(kind, "x")).replace("{number}", "1").replace("{version}", "1")
        )
        filled = filled.replace("{region}", "510802").replace("{kind}", "concepts")
        if "get" in operations:
            for parameter in parameters:
                if parameter["in"] == "query":
                    for value in HOSTILE:
                        yield filled, {parameter["name"]: value}
            yield filled, {HOSTILE[0]: HOSTILE[1]}


def test_whatever_stands_in_a_parameter(place: Place) -> None:
    with httpx.Client(base_url=place.url, trust_env=False, timeout=60) as client:
        asked = list(questions(client.get("/openapi.json").json()))
        assert len({(path, *query) for path, query in asked}) > 150

        def ask(question: tuple[str, dict[str, str]]) -> tuple[int, int, str, dict[str, str]]:
            path, query = question
            answer = client.get(path, params=query, headers={"Authorization": f"Bearer {place.key}"})
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json", question
                assert answer.json()["detail"]
            total = answer.json().get("total", 0) if answer.status_code == 200 else 0
            return answer.status_code, total, path, query

        with ThreadPoolExecutor(4) as threads:
            answered = list(threads.map(ask, asked))
    assert {status for status, *_ in answered} <= {200, 404, 410, 422}
    for status, total, path, query in answered:
        # What is hostile is either no value here, or one that nothing has; nobody makes up parameters.
        assert status != 200 or total == 0 or not path.startswith("/v1/"), (path, query)


# Headers and bodies, as nobody's client would send them


def send(place: Place, *parts: bytes, more: bytes = b"") -> bytes:
    """Sends raw bytes, then `more` byte by byte until there is an answer; the answer, up to its end."""
    with socket.create_connection(place.address, timeout=30) as connection:
        for part in parts:
            try:
                connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                break  # it has heard enough
        connection.settimeout(0.05)
        answer, remaining = bytearray(), iter(more)

        def answered() -> bool:
            try:
                part = connection.recv(65536)
            except TimeoutError:
                byte = None if answer else next(remaining, None)
                if byte is not None:
                    connection.send(bytes([byte]))
                return False
            except ConnectionResetError:
                return True
            answer.extend(part)
            return part == b""

        until(answered)
        return bytes(answer)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def head(*headers: bytes, path: bytes = b"/v1/releases", method: bytes = b"POST") -> bytes:
    start = method + b" " + path + b" HTTP/1.1\r\nHost: catalogue.test\r\nConnection: close\r\n"
    return start + b"".join(header + b"\r\n" for header in headers) + b"\r\n"


def body() -> bytes:
    sent = {"message": f"A {MARK}", "base_release": 1, "documents": [concept(name=MARK)]}
    return json.dumps(sent).encode()


EVIL = MARK.encode()
HEADERS: Sequence[Sequence[bytes]] = [
    [b"Idempotency-Key: a\r\nSet-Cookie: " + EVIL],
    [b"Idempotency-Key: a\nX-Evil: " + EVIL],
    [b"Idempotency-Key: a\rX-Evil: " + EVIL],
    [b"Idempotency-Key: " + EVIL + b"\x00"],
    [b"Idempotency-Key: " + EVIL + b" with blanks"],
    [b"Idempotency-Key: \xff\xfe" + EVIL],
    [b"Idempotency-Key: " + "斑马".encode() + EVIL],
    [b"Idempotency-Key: a\r\n folded " + EVIL],
    [b"Idempotency-Key: " + EVIL * 100],
    [b"Idempotency-Key: " + EVIL * 40_000],
    [b"Idempotency-Key:"],
    [b"X-Request-ID: a\r\nSet-Cookie: " + EVIL],
    [b"X-Request-ID: " + EVIL + b"\x00\x1b[31m"],
    [b"Accept-Language: " + EVIL * 1000],
    [b"If-None-Match: " + b'"' * 9000 + EVIL],
    [b"Host: " + EVIL + b"/@\\"],
]
KEYS: Sequence[bytes] = [
    b"Authorization: Bearer cat_' OR 1=1 --_" + EVIL,
    b"Authorization: Bearer cat_00000000_" + EVIL * 5000,
    b"Authorization: Bearer cat_" + b"\xe6\x96\x91" * 8 + b"_" + EVIL,
    b"Authorization: Bearer " + EVIL + b"\r\nAuthorization: Bearer " + EVIL,
    b"Authorization: Basic " + EVIL,
    b"Authorization: Bearer",
    b"Authorization: " + EVIL + b"\x00",
]


def test_headers_that_mean_harm(place: Place) -> None:
    length = b"Content-Length: %d" % len(body())
    for forged in (*HEADERS, *([key] for key in KEYS)):
        answer = send(place, head(*forged, length, b"Content-Type: application/json") + body())
        assert status_of(answer) in {400, 401, 422, 431}, (forged[0][:60], answer[:200])
        assert EVIL not in answer
    key = b"Authorization: Bearer " + place.key.encode()
    for forged in HEADERS[3:11]:
        answer = send(place, head(key, *forged, length, b"Content-Type: application/json") + body())
        assert status_of(answer) in {400, 422, 431}, (forged[0][:60], answer[:200])


def test_two_lengths_are_one_too_many(place: Place) -> None:
    """What a proxy and we would read differently is read by neither."""
    key = b"Authorization: Bearer " + place.key.encode()
    within = head(key, b"Content-Length: %d" % len(body()), b"Content-Type: application/json") + body()
    for lengths in (
        (b"Content-Length: 4", b"Content-Length: 5"),
        (b"Content-Length: -1",),
        (b"Content-Length: 4, 5",),
        (b"Content-Length: 4", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding: " + EVIL,),
        (b"Transfer-Encoding: chunked, identity",),
    ):
        answer = send(place, head(*lengths) + b"0\r\n\r\n" + within)
        assert status_of(answer) in {400, 401, 422, 501}, (lengths, answer[:200])


def test_a_body_that_never_ends_is_not_waited_for(place: Place) -> None:
    key = b"Authorization: Bearer " + place.key.encode()
    slow = [
        (b"Content-Length: 100000", b'{"message":'),
        (b"Transfer-Encoding: chunked", b"1\r\n{\r\n" * 50_000),
    ]

    def trickle(way: tuple[bytes, bytes]) -> bytes:
        return send(place, head(key, way[0], b"Content-Type: application/json"), more=way[1] + b" " * 99_000)

    with ThreadPoolExecutor(12) as threads:
        waiting = [threads.submit(trickle, slow[number % 2]) for number in range(12)]
        assert httpx.get(f"{place.url}/v1/plans", trust_env=False).status_code == 200
        for one in waiting:
            answer = one.result()
            assert status_of(answer) == 408
            assert b"application/problem+json" in answer
            assert b"0.5 seconds" in answer


def test_too_much_is_not_read(place: Place) -> None:
    """By nothing that takes a body; a batch of persons is answered line by line, and cut off."""
    key, type_ = b"Authorization: Bearer " + place.key.encode(), b"Content-Type: application/json"
    document = httpx.get(f"{place.url}/openapi.json", trust_env=False).json()
    taking = [
        (method.upper().encode(), path.replace("{number}", "1").encode())
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation and not path.endswith("/batch")
    ]
    assert len(taking) > 10
    chunk = b"%x\r\n" % 2**20 + b" " * 2**20 + b"\r\n"
    for method, path in taking:
        announced = send(place, head(key, type_, b"Content-Length: 1000000000000", path=path, method=method))
        assert status_of(announced) == 413, path
    for method, path in (*taking[:2], *taking[-2:]):
        start = head(key, type_, b"Transfer-Encoding: chunked", path=path, method=method)
        sent = send(place, start, *[chunk] * 40)
        assert sent == b"" or status_of(sent) == 413, path


def test_a_long_body_is_read_of_nobody_without_a_key(place: Place) -> None:
    """None of it ever comes: who waited for it would say 408."""
    document = httpx.get(f"{place.url}/openapi.json", trust_env=False).json()
    writing = [
        (method.upper().encode(), path.replace("{number}", "1").encode())
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation and path.startswith(("/v1/releases", "/v1/proposals"))
    ]
    assert len(writing) > 5
    wrong = b"Authorization: Bearer cat_00000000_" + EVIL
    type_ = b"Content-Type: application/json"
    for method, path in writing:
        for forged in ([], [wrong]):
            length = b"Transfer-Encoding: chunked"
            answer = send(place, head(type_, length, *forged, path=path, method=method))
            assert status_of(answer) == 401, path
    for path in (b"/v1/releases", b"/v1/releases?dry_run=true", b"/v1/proposals"):
        assert status_of(send(place, head(type_, b"Content-Length: 30000000", path=path))) == 401, path
