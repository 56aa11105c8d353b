"""Answers kept in memory and given again, as long as they are true.

A read is a pure function of its URL, the headers it is negotiated by, the day and the latest release; an
immutable one of its URL and headers alone. So an answer kept is asked for one thing at most: whether the day and
the latest release are still those it was given at. A release shows at once, whichever process published it.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import NamedTuple

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.database import translated
from app.reading import has_tag
from app.versioning import At, latest_release

# All that answers are negotiated by; one that varies by anything else is not kept. The host is there for its links.
NEGOTIATED = ("host", "accept", "accept-datetime")
VARIES_BY = {"accept", "accept-datetime", "accept-encoding"}
# Whoever asks in these ways is not asked often: the routes answer.
CONDITIONS = ("if-modified-since", "range", "authorization")
OVERHEAD = 2000
MEGABYTE = 1024 * 1024

Asked = tuple[str | bytes | bool | None, ...]


class Kept(NamedTuple):
    """An answer, and the day and latest release it holds for; None where it holds for ever."""

    now: At | None
    headers: list[tuple[bytes, bytes]]
    body: bytes
    tag: str


class Answers:
    """The answers given last, up to so many bytes; used by one event loop alone."""

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 0
        self.kept: OrderedDict[Asked, Kept] = OrderedDict()

    def get(self, asked: Asked) -> Kept | None:
        if asked in self.kept:
            self.kept.move_to_end(asked)
        return self.kept.get(asked)

    def keep(self, asked: Asked, answer: Kept) -> None:
        if asked in self.kept:
            self.size -= _bytes(asked, self.kept.pop(asked))
        self.kept[asked] = answer
        self.size += _bytes(asked, answer)
        while self.size > self.most:
            self.size -= _bytes(*self.kept.popitem(last=False))


def _bytes(asked: Asked, answer: Kept) -> int:
    return OVERHEAD + len(answer.body) + sum(len(part) for part in asked if isinstance(part, str | bytes))


class Cache:
    """Stands before the routes, and behind what every answer passes: HEAD, `If-None-Match: *`, the log."""

    def __init__(self, app: ASGIApp, engine: Engine, today: Callable[[], date], megabytes: int) -> None:
        self.app, self.engine, self.today = app, engine, today
        self.answers = Answers(megabytes * MEGABYTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if any(name in headers for name in CONDITIONS):
            await self.app(scope, receive, send)
            return
        asked = _asked(scope, headers)
        kept = self.answers.get(asked)
        if kept is None or kept.now is not None:
            now = At(self.today(), await run_in_threadpool(self._latest))
            if kept is None or kept.now != now:
                await self.app(scope, receive, self._keeping(asked, now, send))
                return
        await _give(kept, headers.get("if-none-match"), send)

    def _latest(self) -> int:
        with translated(), self.engine.connect() as connection:
            return latest_release(connection)

    def _keeping(self, asked: Asked, now: At, send: Send) -> Send:
        """Sends an answer on, and keeps it where the same may be given again."""
        start: Message = {}

        async def send_and_keep(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = {**message, "headers": list(message["headers"])}
            elif "status" in start and not message.get("more_body", False):
                headers, body = Headers(raw=start["headers"]), message.get("body", b"")
                if start["status"] == HTTPStatus.OK and _may_be_kept(headers, body):
                    for_ever = "immutable" in headers["cache-control"]
                    answer = Kept(None if for_ever else now, start["headers"], body, headers["etag"])
                    self.answers.keep(asked, answer)
            else:
                start = {}
            await send(message)

        return send_and_keep


def _asked(scope: Scope, headers: Headers) -> Asked:
    return (
        scope["scheme"],
        scope["path"],
        scope["query_string"],
        "gzip" in headers.get("accept-encoding", ""),
        *(headers.get(name) for name in NEGOTIATED),
    )


def _may_be_kept(headers: Headers, body: bytes) -> bool:
    varies_by = {name.strip().lower() for name in headers.get("vary", "").split(",") if name.strip()}
    return (
        "etag" in headers
        and headers.get("cache-control", "").startswith("public")
        and varies_by <= VARIES_BY
        and len(body) <= MEGABYTE
    )


async def _give(kept: Kept, if_none_match: str | None, send: Send) -> None:
    status, headers, body = HTTPStatus.OK, kept.headers, kept.body
    if has_tag(if_none_match, kept.tag):
        status, body = HTTPStatus.NOT_MODIFIED, b""
        headers = [
            header
            for header in headers
            if not header[0].startswith(b"content-") or header[0] == b"content-location"
        ]
    await send({"type": "http.response.start", "status": int(status), "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})
