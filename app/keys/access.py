"""What a request's key allows: dependencies for routes."""

from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine, update
from sqlmodel import col

from app.database import at_once, reading
from app.errors import StorageUnavailable, Unauthorized
from app.http import SMALL_BODY
from app.keys.models import Key, Role, authenticate, permit, use_is_noted

BEARER = HTTPBearer(
    scheme_name="key",
    description="A key made with `catalogue keys create`; reading needs none unless the operator says so "
    "(用 catalogue keys create 创建的密钥；除非运维另行设定，查询无需密钥)",
    auto_error=False,
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


async def key_of(request: Request, credentials: Credentials) -> Key | None:
    """The key that a request carries; None where it carries none, `Unauthorized` where it is no good."""
    if credentials is None:
        if request.headers.get("authorization"):
            raise Unauthorized(
                "Send the key as `Authorization: Bearer KEY`.",
                "请以 Authorization: Bearer 密钥 的形式提供密钥。",
            )
        return None
    # Only a request that carries a key waits for the database.
    try:
        return await run_in_threadpool(_known, request.app.state.engine, credentials.credentials)
    except Unauthorized:
        request.app.state.limits.hit("wrong-keys", address_of(request))
        raise


def _known(engine: Engine, text: str) -> Key:
    with reading(engine) as session:
        key = authenticate(session, text)
        session.expunge(key)
    if not use_is_noted(key):
        _note_use(engine, key)
    return key


GivenKey = Annotated[Key | None, Depends(key_of)]


def with_role(role: Role) -> Callable[[Key | None], Awaitable[Key]]:
    """A dependency: the request's key, which has at least this role."""

    async def checked(key: GivenKey) -> Key:
        if key is None:
            raise Unauthorized(
                "This takes a key: send it as `Authorization: Bearer KEY`.",
                "此操作需要密钥，请以 Authorization: Bearer 密钥 的形式提供。",
            )
        return permit(key, role)

    return checked


class KeyBeforeLongBody(APIRoute):
    """A route that reads a long body of nobody but an editor.

    The framework reads and parses a body before it looks at what the route depends on: for anybody who sends us
    32 MiB, that would take seconds in which nobody else is answered.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_known(request: Request) -> Response:
            length = request.headers.get("content-length", "")
            short = length.isdecimal() and int(length) <= SMALL_BODY
            if request.method != "GET" and not short:
                await with_role("editor")(await key_of(request, await BEARER(request)))
            return await handle(request)

        return handle_known


Holder = Annotated[Key, Depends(with_role("reader"))]
Editor = Annotated[Key, Depends(with_role("editor"))]
Approver = Annotated[Key, Depends(with_role("approver"))]
Publisher = Annotated[Key, Depends(with_role("publisher"))]


async def may_read(key: GivenKey) -> None:
    """A dependency for where the settings say that reading takes a key: any will do."""
    if key is None:
        raise Unauthorized(
            "Reading takes a key here: send it as `Authorization: Bearer KEY`.",
            "本服务的查询需要密钥，请以 Authorization: Bearer 密钥 的形式提供。",
        )


def _note_use(engine: Engine, key: Key) -> None:
    """Best effort: a database that is busy or read-only does not keep anybody from reading."""
    try:
        with at_once(engine) as session:
            session.execute(update(Key).where(col(Key.id) == key.id).values(last_used_at=datetime.now(UTC)))
    except StorageUnavailable:
        return
