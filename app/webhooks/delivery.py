"""Telling webhooks of releases: each in order, again with growing pauses until it is heard, or given up.

Any number of processes may do this at once: whoever moves `next_attempt_at` first has the turn. A message may still
come twice, after a crash between sending and writing that down; its `Webhook-Id` is then the same.
"""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Engine, and_, or_, select, update
from sqlmodel import Session, col

from app.changes.feed import brought
from app.changes.models import Scope
from app.database import reading, writing
from app.errors import Problem
from app.versioning import Release, latest_release
from app.webhooks.models import Webhook, in_use
from app.webhooks.sending import Sent, send

log = structlog.get_logger()

# Who does not answer must not keep all the others waiting.
AT_ONCE = 8
# Who has the turn has it for this long: more than sending may take.
TURN = timedelta(minutes=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(days=3)
OK, GONE = range(200, 300), 410

Clock = Callable[[], datetime]


def now_in_utc() -> datetime:
    return datetime.now(UTC)


def deliver(
    engine: Engine, *, private: bool, clock: Clock = now_in_utc, stopped: Callable[[], bool] = lambda: False
) -> int:
    """Sends what is due, one message to each webhook, until it is `stopped`; says how many were tried."""

    def tell_one(id_: str) -> bool:
        return not stopped() and _deliver_to(engine, id_, private=private, clock=clock)

    with ThreadPoolExecutor(AT_ONCE, "webhooks") as threads:
        return sum(threads.map(tell_one, _due(engine, clock())))


def _deliver_to(engine: Engine, id_: str, *, private: bool, clock: Clock) -> bool:
    """Whether there was a message to send to this webhook, and the turn to send it was ours."""
    webhook = _take_turn(engine, id_, clock())
    if webhook is None:
        return False
    with reading(engine) as session:
        release = _next_release(session, webhook)
        message = None if release is None else (release.number, _message(release))
    if message is None:
        _tell(engine, webhook, told=None, sent=None, clock=clock)
        return False
    number, body = message
    sent = send(webhook.url, webhook.secret, f"{webhook.id}.{number}", body, private=private)
    _tell(engine, webhook, told=number, sent=sent, clock=clock)
    return True


def _due(engine: Engine, now: datetime) -> list[str]:
    with reading(engine) as session:
        due = select(col(Webhook.id)).where(_is_due(now), col(Webhook.told_release) < latest_release(session))
        return list(session.scalars(due.order_by(col(Webhook.id))))


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(in_use(), or_(col(Webhook.next_attempt_at).is_(None), col(Webhook.next_attempt_at) <= now))


def _take_turn(engine: Engine, id_: str, now: datetime) -> Webhook | None:
    with writing(engine) as session:
        mine = update(Webhook).where(col(Webhook.id) == id_, _is_due(now)).values(next_attempt_at=now + TURN)
        if session.execute(mine).rowcount == 0:  # type: ignore[attr-defined]  # an update has it
            return None
        webhook = session.get_one(Webhook, id_)
        session.expunge(webhook)
        return webhook


def _next_release(session: Session, webhook: Webhook) -> Release | None:
    """The first release after the last one told that the webhook wants to hear of."""
    newer = select(Release).where(col(Release.number) > webhook.told_release)
    if webhook.plan is not None or webhook.kind is not None:
        scope = Scope(kind=webhook.kind, plan=webhook.plan)
        change = brought(webhook.told_release, latest_release(session), scope)
        newer = newer.where(col(Release.number).in_(select(change.c.release)))
    return session.scalar(newer.order_by(col(Release.number)).limit(1))


def _message(release: Release) -> str:
    data: dict[str, Any] = {
        "release": release.number,
        "publisher": release.publisher,
        "message": release.message,
        "href": f"/v1/releases/{release.number}",
        "changes": f"/v1/releases/{release.number}/changes",
    }
    told = {"type": "release.published", "timestamp": release.recorded_at.isoformat(), "data": data}
    return json.dumps(told, ensure_ascii=False)


def _tell(engine: Engine, webhook: Webhook, *, told: int | None, sent: Sent | None, clock: Clock) -> None:
    """Writes down how it went; nothing to send means that all releases so far are dealt with."""
    now = clock()
    with writing(engine) as session:
        kept = session.get(Webhook, webhook.id)
        if kept is None:
            return  # deleted in the meantime
        if sent is None or sent.status in OK:
            kept.told_release = latest_release(session) if told is None else told
            kept.attempts, kept.failure, kept.failing_since, kept.next_attempt_at = 0, None, None, None
            return
        kept.attempts += 1
        kept.failure = sent.failure or f"status {sent.status}"
        kept.failing_since = kept.failing_since or now
        kept.next_attempt_at = now + pause(kept.attempts)
        if sent.status == GONE or now - kept.failing_since >= GIVEN_UP_AFTER:
            kept.stopped_at = now


def pause(attempts: int) -> timedelta:
    """Twice as long each time, and not for all at the same moment."""
    doubled: int = 2 ** min(attempts - 1, 20)
    longest = min(FIRST_PAUSE * doubled, LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - it only spreads the load


class Courier:
    """A thread that delivers while the program serves."""

    def __init__(self, engine: Engine, *, private: bool, every: float = 2.0) -> None:
        self.engine, self.private, self.every = engine, private, every
        self.stopped = Event()
        self.thread = Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopped.set()
        self.thread.join()

    def _run(self) -> None:
        while not self.stopped.wait(self.every):
            try:
                while deliver(self.engine, private=self.private, stopped=self.stopped.is_set):
                    pass
            except Problem as problem:
                log.warning("webhooks wait", problem=problem.urn)
            except Exception as error:  # noqa: BLE001 - one bad webhook must not end all the others
                log.error("webhooks failed", error=type(error).__name__)  # noqa: TRY400 - a message may name a URL
