"""Webhooks: the row, what goes over the wire, and who may have which."""

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic import Field as WireField
from pydantic_core import PydanticCustomError
from sqlalchemy import ColumnElement, and_, func, select
from sqlmodel import Field, Session, SQLModel, col

from app.changes.models import KindName
from app.database import Moment
from app.errors import Forbidden, NotFound
from app.keys.models import Key
from app.versioning import Slug, latest_release

# Enough for an office with a test system, too few to make us send for somebody else.
MOST = 20


class Webhook(SQLModel, table=True):
    """An address that is told of releases, one after the other, and how far it has been told."""

    __tablename__ = "webhook"

    id: str = Field(primary_key=True)
    key: str = Field(foreign_key="api_key.id")
    url: str
    secret: str
    plan: str | None = None
    kind: str | None = None
    created_at: datetime = Field(sa_type=Moment)
    told_release: int
    attempts: int = 0
    next_attempt_at: datetime | None = Field(default=None, sa_type=Moment)
    failing_since: datetime | None = Field(default=None, sa_type=Moment)
    failure: str | None = None
    stopped_at: datetime | None = Field(default=None, sa_type=Moment)


def in_use() -> ColumnElement[bool]:
    """Whether a webhook is still told: until it is given up, or its key is revoked."""
    valid = select(col(Key.id)).where(col(Key.revoked_at).is_(None))
    return and_(col(Webhook.stopped_at).is_(None), col(Webhook.key).in_(valid))


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        sound = (
            parts.scheme in {"http", "https"}
            and parts.hostname
            and not (parts.username or parts.password or parts.fragment)
            and parts.port != 0
        )
    except ValueError:
        sound = False
    if not sound:
        raise PydanticCustomError(
            "webhook_url",
            "Should be an http or https URL without a user name",
            {"zh": "应为 http 或 https 网址，且不含用户名"},
        )
    return url


Address = Annotated[
    str, StringConstraints(max_length=1000, pattern=r"^[\x21-\x7e]+$"), AfterValidator(_address)
]


class WebhookRequest(BaseModel):
    """Who wants to be told of what."""

    model_config = ConfigDict(title="订阅申请", extra="forbid")

    url: Address = WireField(
        title="网址", description="Where to send; private addresses are refused when it comes to it"
    )
    plan: Slug | None = WireField(
        default=None,
        title="规划",
        description="Only releases that touch this plan and what belongs to it, or did at any time",
    )
    kind: KindName | None = WireField(
        default=None, title="类别", description="Only releases that touch this kind"
    )


class WebhookDocument(BaseModel):
    """A webhook and how it fares."""

    model_config = ConfigDict(title="订阅")

    id: str = WireField(title="编号", description="The webhook")
    url: str = WireField(title="网址", description="Where it is sent to")
    plan: str | None = WireField(title="规划", description="The plan it is narrowed to, else null")
    kind: str | None = WireField(title="类别", description="The kind it is narrowed to, else null")
    created_at: datetime = WireField(title="创建时间", description="When it was made (UTC)")
    told_release: int = WireField(title="已通知发布号", description="The last release that is dealt with")
    attempts: int = WireField(title="失败次数", description="Failures since it last went well")
    next_attempt_at: datetime | None = WireField(
        title="下次尝试", description="When it is tried again (UTC), else null"
    )
    failure: str | None = WireField(title="失败原因", description="What went wrong the last time, else null")
    stopped_at: datetime | None = WireField(
        title="停止时间",
        description="When it was given up (UTC): after three days of failures, or on 410 Gone",
    )


class NewWebhook(WebhookDocument):
    """A webhook that was just made, with its secret."""

    model_config = ConfigDict(title="新订阅")

    secret: str = WireField(
        title="签名密钥",
        description="Shown only now: check signatures with it (Standard Webhooks, HMAC-SHA256)",
    )


def make(session: Session, key: Key, wanted: WebhookRequest) -> Webhook:
    """A new webhook, which is told of releases from now on."""
    count = session.scalar(select(func.count()).select_from(Webhook).where(col(Webhook.key) == key.id)) or 0
    if count >= MOST:
        raise Forbidden(
            f"A key may have {MOST} webhooks: delete one first.",
            f"每个密钥最多{MOST}个订阅，请先删除其他订阅。",
        )
    webhook = Webhook(
        id=secrets.token_hex(8),
        key=key.id,
        url=wanted.url,
        secret=f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
        plan=wanted.plan,
        kind=wanted.kind,
        created_at=datetime.now(UTC),
        told_release=latest_release(session),
    )
    session.add(webhook)
    session.flush()
    return webhook


def own(session: Session, key: Key) -> Sequence[Webhook]:
    found = select(Webhook).where(col(Webhook.key) == key.id)
    return session.scalars(found.order_by(col(Webhook.created_at), col(Webhook.id))).all()


def delete(session: Session, key: Key, id_: str) -> None:
    """Ends a webhook; another key's is not found."""
    webhook = session.get(Webhook, id_)
    if webhook is None or webhook.key != key.id:
        raise NotFound("Your key has no such webhook.", "当前密钥没有该订阅。")
    session.delete(webhook)
