"""Safe retries: what was answered to a key's `Idempotency-Key` is answered again, and nothing is done twice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, StringConstraints
from sqlalchemy import JSON, Engine, delete
from sqlmodel import Field, Session, SQLModel, col

from app.database import Moment, writing
from app.errors import Invalid
from app.keys.models import Key

KEPT = timedelta(days=7)


class RememberedAnswer(SQLModel, table=True):
    """What a request with an `Idempotency-Key` was answered, and which request that was."""

    __tablename__ = "remembered_answer"

    key: str = Field(primary_key=True, foreign_key="api_key.id")
    idempotency_key: str = Field(primary_key=True)
    fingerprint: str
    status: int
    location: str | None = None
    body: dict[str, Any] = Field(sa_type=JSON)
    at: datetime = Field(sa_type=Moment)


class Answer(NamedTuple):
    """The answer to a write."""

    status: int
    body: BaseModel | dict[str, Any]
    location: str | None = None

    def response(self) -> Response:
        body = self.body.model_dump(mode="json") if isinstance(self.body, BaseModel) else self.body
        headers = {"Cache-Control": "no-store"} | ({"Location": self.location} if self.location else {})
        return JSONResponse(body, self.status, headers=headers)


class Attempt(NamedTuple):
    """One try of a request that may be tried again."""

    idempotency_key: str
    fingerprint: str


async def attempt(
    request: Request,
    idempotency_key: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")] | None,
        Header(
            title="幂等键",
            description="Any text of your own for this request: sent again with the same text, it is answered as "
            "the first time and nothing is done twice; kept for 7 days",
        ),
    ] = None,
) -> Attempt | None:
    if idempotency_key is None:
        return None
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()
    return Attempt(idempotency_key, sha256(asked).hexdigest())


Retry = Annotated[Attempt | None, Depends(attempt)]


def once(engine: Engine, key: Key, tried: Attempt | None, work: Callable[[Session], Answer]) -> Answer:
    """Does the work and remembers its answer, in one transaction; or answers as it did before.

    A failure is not remembered: nothing was done, so trying again is safe.
    """
    with writing(engine) as session:
        if tried is None:
            return work(session)
        now = datetime.now(UTC)
        session.execute(delete(RememberedAnswer).where(col(RememberedAnswer.at) < now - KEPT))
        before = session.get(RememberedAnswer, (key.id, tried.idempotency_key))
        if before is not None:
            return _again(before, tried)
        answer = work(session)
        body = answer.body.model_dump(mode="json") if isinstance(answer.body, BaseModel) else answer.body
        session.add(
            RememberedAnswer(
                key=key.id,
                idempotency_key=tried.idempotency_key,
                fingerprint=tried.fingerprint,
                status=answer.status,
                location=answer.location,
                body=body,
                at=now,
            )
        )
        return answer


def _again(before: RememberedAnswer, tried: Attempt) -> Answer:
    if before.fingerprint != tried.fingerprint:
        raise Invalid.parameter(
            "Idempotency-Key",
            "This Idempotency-Key was used for another request: take a new one.",
            "该 Idempotency-Key 已用于另一请求，请换用新的值。",
        )
    return Answer(before.status, before.body, before.location)
