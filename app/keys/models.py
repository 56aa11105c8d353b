"""Keys as they are stored: of the secret itself only a hash."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Literal, get_args

from sqlalchemy import select
from sqlmodel import Field, Session, SQLModel, col

from app.database import Moment
from app.errors import Forbidden, NotFound, Unauthorized

# Each may do what those before it may.
Role = Literal["reader", "editor", "approver", "publisher"]
ROLES: tuple[Role, ...] = get_args(Role)
IN_CHINESE: dict[str, str] = {
    "reader": "读者",
    "editor": "拟稿人",
    "approver": "审核人",
    "publisher": "发布人",
}

PREFIX = "cat"
# When a key was last used is kept this exactly, so that reading seldom has to write.
USE_NOTED_EVERY = timedelta(minutes=10)


class Key(SQLModel, table=True):
    """One key. It is revoked, never deleted: what was done with it stays its holder's."""

    __tablename__ = "api_key"

    id: str = Field(primary_key=True)
    role: str
    holder: str
    hash: str
    created_at: datetime = Field(sa_type=Moment)
    last_used_at: datetime | None = Field(default=None, sa_type=Moment)
    revoked_at: datetime | None = Field(default=None, sa_type=Moment)

    def may(self, role: Role) -> bool:
        return ROLES.index(self.role) >= ROLES.index(role)


def create(session: Session, role: Role, holder: str) -> tuple[Key, str]:
    """A new key and its text, which is shown this once.

    The secret has 256 random bits, so a fast hash keeps it as safe as a slow one would.
    """
    secret = secrets.token_urlsafe(32)
    key = Key(
        id=secrets.token_hex(4), role=role, holder=holder, hash=_hash(secret), created_at=datetime.now(UTC)
    )
    session.add(key)
    session.flush()
    return key, f"{PREFIX}_{key.id}_{secret}"


def revoke(session: Session, id_: str) -> Key:
    """Ends a key; one that is revoked already stays as it is."""
    key = session.get(Key, id_)
    if key is None:
        raise NotFound(
            "There is no key with this id; `catalogue keys list` lists them.",
            "没有该编号的密钥，已有密钥见 catalogue keys list。",
        )
    key.revoked_at = key.revoked_at or datetime.now(UTC)
    return key


def every(session: Session) -> Sequence[Key]:
    return session.scalars(select(Key).order_by(col(Key.created_at), col(Key.id))).all()


def authenticate(session: Session, text: str) -> Key:
    """The key that a text belongs to; `Unauthorized` for anything else, without saying what was wrong with it."""
    prefix, _, rest = text.partition("_")
    id_, _, secret = rest.partition("_")
    # PostgreSQL takes no NUL; and an id is never longer.
    known = session.get(Key, id_) if prefix == PREFIX and id_.isalnum() and len(id_) == 8 else None  # noqa: PLR2004 - as long as an id is made
    # What no key has is compared, too, so that the time taken tells nothing.
    right = compare_digest(known.hash if known else _hash(""), _hash(secret))
    if known is None or not right:
        raise Unauthorized(
            "This key is not known: check it, or ask for a new one.", "密钥无效，请核对或重新申请。"
        )
    if known.revoked_at is not None:
        raise Unauthorized("This key is revoked: ask for a new one.", "密钥已吊销，请重新申请。")
    return known


def permit(key: Key, role: Role) -> Key:
    """The key back if it may do what the role may."""
    if not key.may(role):
        raise Forbidden(
            f"This takes a key of the role {role}; yours has the role {key.role}.",
            f"此操作需要{IN_CHINESE[role]}（{role}）的密钥，当前密钥为{IN_CHINESE[key.role]}（{key.role}）。",
        )
    return key


def use_is_noted(key: Key) -> bool:
    return key.last_used_at is not None and datetime.now(UTC) - key.last_used_at < USE_NOTED_EVERY


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
