"""Twenty publishers at once, over HTTP, against servers that are processes of their own."""

from contextlib import ExitStack
from typing import Any

from sqlalchemy import Engine

from app.database import reading, writing
from app.keys.models import create
from app.sealing import verify
from tests.crowd import Crowd
from tests.running import serving
from tests.stores import Store


def test_nothing_is_lost_counted_twice_or_left_out(
    store: Store, empty_url: str, empty_engine: Engine
) -> None:
    servers = {"sqlite": 1, "postgresql": 2}[store.name]
    with writing(empty_engine) as session:
        key = create(session, "publisher", "The crowd")[1]
    with ExitStack() as stack:
        settings: dict[str, Any] = {"direct_publishing": True, "writes_limit": "", "log_level": "error"}
        running = [stack.enter_context(serving(empty_url, **settings)) for _ in range(servers)]
        crowd = Crowd(running, key, publishers=20, changesets=40)
        crowd.gather()
        crowd.check()
    assert min(crowd.told.values()) > 0, crowd.told
    with reading(empty_engine) as session:
        assert verify(session).broken == []
