"""HTTP manners that hold for every path: HEAD, OPTIONS, `If-None-Match: *`, `Accept`, and a log without query text."""

import re
import time
import uuid
from collections import Counter
from http import HTTPStatus
from typing import Annotated

import anyio
import structlog
from fastapi import Query, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Match, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Invalid, TooSlow
from app.faults import Fault, Said
from app.metrics import Metrics
from app.problems import answer, note_failure, too_large
from app.queries import NoQuery

log = structlog.get_logger()

# What a form of a few fields comes to at most; bodies that may be longer say so at their route.
SMALL_BODY = 64 * 1024
# What a proxy in front may call a request.
REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Pages load nothing from outside, whatever address a script of theirs has in it.
ONLY_OURS = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; worker-src blob:"
)
GIVEN_AGAIN = Said("Given more than once: give it once.", "该项重复，请只写一次")


async def given_once(request: Request) -> None:
    """A dependency: no parameter is given twice, since all but the last would go unheard without a word."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    faults = [Fault(GIVEN_AGAIN, parameter=name) for name, times in given.items() if times > 1]
    if faults:
        raise Invalid.of(faults)


class Manners:
    """Answers HEAD as GET without its body, OPTIONS with what a path allows, and `If-None-Match: *`.

    `patience` is how many seconds are spent waiting for a body.
    """

    def __init__(self, app: ASGIApp, router: Router, patience: float) -> None:
        self.app = app
        self.router = router
        self.patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await self._options(scope, receive, send)
        else:
            await self._read(scope, receive, send)

    async def _options(self, scope: Scope, receive: Receive, send: Send) -> None:
        allow = self._allowed(scope)
        if allow is None:
            await self.app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", allow.encode())]})
        await send({"type": "http.response.body", "body": b""})

    def _allowed(self, scope: Scope) -> str | None:
        """For `Allow`: what any route takes at this path; None where there is none."""
        allowed = [m for m in METHODS if self._matches({**scope, "method": m})]
        if "GET" in allowed:
            allowed.append("HEAD")
        return ", ".join([*allowed, "OPTIONS"]) if allowed else None

    def _matches(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self.router.routes)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked, head = scope, scope["method"] == "HEAD"
        # Shared with the request, so that what a dependency leaves there reaches every answer.
        scope["state"] = left = dict(scope.get("state") or {})
        if head:
            scope = {**scope, "method": "GET"}
        any_will_do = (
            scope["method"] == "GET" and Headers(scope=scope).get("if-none-match", "").strip() == "*"
        )
        silent = head
        refused = False

        async def send_politely(message: Message) -> None:
            nonlocal silent, refused
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in left.get("headers", {}).items():
                    headers.setdefault(name, value)  # a refusal says for itself which limit it is for
                if message["status"] == HTTPStatus.METHOD_NOT_ALLOWED:
                    headers["allow"] = self._allowed(asked) or ""  # the framework asks the first route only
                if headers.get("content-type", "").startswith("text/html"):
                    headers["content-security-policy"] = ONLY_OURS
                if (
                    message["status"] == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                    and "json" not in headers["content-type"]
                ):
                    # The framework's own guard says so in plain text.
                    refused = True
                    await answer(Request(scope), too_large(scope))(scope, receive, send)
                    return
                if any_will_do and message["status"] == HTTPStatus.OK and "etag" in headers:
                    silent = True
                    for name in ("content-length", "content-type", "content-encoding"):
                        del headers[name]
                    message = {**message, "status": 304}
            elif refused:
                return
            elif silent:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(scope, in_time(receive, self.patience), send_politely)
        finally:
            asked["route"] = scope.get("route")


def in_time(receive: Receive, patience: float) -> Receive:
    """The request's body, waited for only so long: sent a byte at a time, it would hold on to us for ever.

    A batch of persons is answered while it is read: the time that answering takes does not count.
    """
    left = patience
    whole = False

    async def receive_in_time() -> Message:
        nonlocal left, whole
        if whole:
            return await receive()
        began = anyio.current_time()
        try:
            with anyio.fail_after(left):
                message = await receive()
        except TimeoutError:
            raise TooSlow(
                f"The body did not come within {patience:g} seconds: send it again.",
                f"请求正文未在{patience:g}秒内送达，请重新发送。",
            ) from None
        left -= anyio.current_time() - began
        whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    return receive_in_time


class RequestLog:
    """Gives each request an id, and leaves one line and one count of it: never what was asked or said."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_and_note)
            except Exception as error:  # noqa: BLE001 - the last line of defence: the server's own log shows messages
                if status == 0:
                    await answer(Request(scope), error)(scope, receive, send_and_note)
                else:
                    note_failure(scope["path"], error)
            finally:
                took = time.perf_counter() - began
                self.metrics.note(scope["method"], _handler(scope), status, took)
                log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    ms=round(took * 1000, 1),
                )


def _handler(scope: Scope) -> str:
    """The path as it was declared; what no route answered is one thing, however it was spelled."""
    return getattr(scope.get("route"), "path", "other")


def no_parameters(query: Annotated[NoQuery, Query()]) -> None:
    """A dependency for what takes none: who adds `dry_run=true` there must not think that it was a trial."""
