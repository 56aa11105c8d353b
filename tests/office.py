"""An office that publishes over HTTP: an application on an empty catalogue, and a key of each role."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import Engine

from app.database import writing
from app.keys.models import ROLES, Role, create
from app.main import create_app
from app.settings import Settings
from tests.changes import concept
from tests.conftest import TODAY, client_of

Headers = dict[str, str]


class Office:
    """Asks the application, with the keys of four people."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, engine: Engine) -> None:
        self.app = app
        self.client = client
        self.engine = engine
        self.keys = {role: self.new_key(role, f"A {role}") for role in ROLES}

    def new_key(self, role: Role, holder: str) -> str:
        with writing(self.engine) as session:
            return create(session, role, holder)[1]

    def headers(self, who: str | None, retry: str | None = None) -> Headers:
        """`who` is a role, or a key's text."""
        key = {} if who is None else {"Authorization": f"Bearer {self.keys.get(who, who)}"}  # type: ignore[call-overload]  # a role, or a key's own text
        return key | ({} if retry is None else {"Idempotency-Key": retry})

    async def get(self, path: str, who: str | None = None) -> httpx.Response:
        return await self.client.get(path, headers=self.headers(who))

    async def post(
        self, path: str, body: Any = None, who: str | None = None, retry: str | None = None
    ) -> httpx.Response:
        return await self.client.post(
            path, json={} if body is None else body, headers=self.headers(who, retry)
        )

    async def put(self, path: str, body: Any, who: str | None = None) -> httpx.Response:
        return await self.client.put(path, json=body, headers=self.headers(who))

    async def propose(self, *documents: dict[str, Any], who: str = "editor", base: int = 0) -> str:
        """Opens a proposal; its path."""
        answer = await self.post("/v1/proposals", submission(*documents, base=base), who)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"])


def submission(*documents: dict[str, Any], base: int = 0, **more: Any) -> dict[str, Any]:
    """A changeset of small documents, as it is sent in."""
    return {"message": "A change", "base_release": base, "documents": list(documents or [concept()])} | more


@asynccontextmanager
async def opened(engine: Engine, **settings: Any) -> AsyncIterator[Office]:
    url = engine.url.render_as_string(hide_password=False)
    app = create_app(Settings(database_url=url, log_level="warning", **settings), today=lambda: TODAY)
    async with client_of(app) as client:
        yield Office(app, client, engine)
    app.state.engine.dispose()
