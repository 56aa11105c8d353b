"""HTTP manners that hold for every path: HEAD, OPTIONS, `If-None-Match: *`, `Accept`, and a log without query text."""

import re
import time
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Match, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooLarge, answer, note_failure

log = structlog.get_logger()

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Manners:
    """Answers HEAD as GET without its body, OPTIONS with what a path allows, and `If-None-Match: *`."""

    def __init__(self, app: ASGIApp, router: Router) -> None:
        self.app = app
        self.router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await self._options(scope, receive, send)
        else:
            await self._read(scope, receive, send)

    async def _options(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowed = [m for m in METHODS if self._matches({**scope, "method": m})]
        if not allowed:
            await self.app(scope, receive, send)
            return
        if "GET" in allowed:
            allowed.append("HEAD")
        allow = ", ".join([*allowed, "OPTIONS"]).encode()
        await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", allow)]})
        await send({"type": "http.response.body", "body": b""})

    def _matches(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self.router.routes)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = scope["method"] == "HEAD"
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
                if (
                    message["status"] == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                    and "json" not in headers["content-type"]
                ):
                    # The framework's own guard says so in plain text.
                    refused = True
                    problem = TooLarge("Send less at a time.", "请减少单次请求的内容。")
                    await answer(Request(scope), problem)(scope, receive, send)
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

        await self.app(scope, receive, send_politely)


class RequestLog:
    """One line per request: method, path, status and time taken, and never what was asked or said."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception as error:  # noqa: BLE001 - the last line of defence: the server's own log shows messages
            if status == 0:
                await answer(Request(scope), error)(scope, receive, send_and_note)
            else:
                note_failure(scope["path"], error)
        finally:
            took = round((time.perf_counter() - began) * 1000, 1)
            log.info("request", method=scope["method"], path=scope["path"], status=status, ms=took)


def preferred(accept: str, offered: Mapping[str, str]) -> str:
    """The name of the media type that an `Accept` header prefers (RFC 9110); the first one where it does not say."""
    wanted: dict[str, float] = {}
    for part in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        weights = [p[2:] for p in parameters if p.startswith("q=")] or ["1"]
        wanted[media] = float(weights[0]) if re.fullmatch(r"[01](\.\d{0,3})?", weights[0]) else 0.0

    def weight(media: str) -> float:
        ranges = (media, f"{media.partition('/')[0]}/*", "*/*")
        return next((wanted[one] for one in ranges if one in wanted), 0.0)

    return max(offered, key=lambda name: weight(offered[name]))
