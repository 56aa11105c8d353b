"""Small changesets to publish in tests."""

from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from app.changesets import Changeset
from app.publishing import Published, publish
from app.versioning import latest_release

CONCEPT = {"kind": "concepts", "slug": "snow-clearing", "valid_from": "2021-01-01", "name": "扫雪除冰"}


def concept(**changes: Any) -> dict[str, Any]:
    """A document of the simplest kind, changed as told."""
    return CONCEPT | changes


def put(
    engine: Engine,
    *documents: dict[str, Any],
    withdrawals: list[dict[str, Any]] | None = None,
    publisher: str = "clerk",
    base: int | None = None,
) -> Published:
    """Publishes documents on top of what is there, or of release `base`."""
    if base is None:
        with Session(engine) as session:
            base = latest_release(session)
    changeset = Changeset(
        message="A change",
        publisher=publisher,
        base_release=base,
        documents=list(documents),
        withdrawals=withdrawals or [],
    )
    return publish(engine, changeset)


def withdrawal(
    slug: str = "snow-clearing", *, day: str, reason: str, kind: str = "concepts"
) -> dict[str, Any]:
    return {"kind": kind, "slug": slug, "valid_from": day, "reason": reason}
