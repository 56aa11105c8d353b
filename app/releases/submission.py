"""What is sent in to be published, and what became of it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine
from sqlmodel import Session

from app.changesets import Changeset, check
from app.database import writing
from app.errors import Forbidden
from app.publishing import Published, publish_within
from app.reading import NoQuery
from app.replay import Answer
from app.settings import Settings
from app.versioning import Name, Text

# The six plans together fit in three times.
LARGEST = 32 * 1024 * 1024


class Submission(BaseModel):
    """A changeset as it is sent in; who publishes it is told by the key."""

    model_config = ConfigDict(title="变更集", extra="forbid")

    message: Text = Field(title="说明", description="What the release is about")
    base_release: int = Field(
        ge=0,
        le=2**31 - 1,
        title="基础发布号",
        description="The release that you worked from: whatever of this somebody else has changed since is a conflict",
    )
    documents: list[dict[str, Any]] = Field(
        default_factory=list,
        title="文档",
        description="What is to be published: each has its `kind`, its `slug`, `valid_from` and the kind's own "
        "fields, as /v1/documents/{kind}/{slug} shows them",
    )
    withdrawals: list[dict[str, Any]] = Field(
        default_factory=list,
        title="撤销",
        description="What is to end: each has `kind`, `slug`, `valid_from` (the first day without it) and `reason`",
    )

    def changeset(self, publisher: Name) -> Changeset:
        return Changeset(**self.model_dump(), publisher=publisher)


class Publication(BaseModel):
    """What became of a changeset, or would become of it."""

    model_config = ConfigDict(title="发布结果")

    release: int | None = Field(
        title="发布号", description="The release it became; null where it changes nothing, or was only tried"
    )
    added: int = Field(title="新增", description="How many resources it adds")
    revised: int = Field(title="修订", description="How many resources it revises")
    withdrawn: int = Field(title="撤销", description="How many resources it ends")


class PublishQuery(NoQuery):
    """How a changeset is to be published."""

    dry_run: bool = Field(
        default=False,
        title="试发布",
        description="Only say what publishing would do: the same checks, no release",
    )


def may_publish_alone(settings: Settings) -> None:
    """`Forbidden` where what is published takes two pairs of eyes."""
    if not settings.direct_publishing:
        raise Forbidden(
            "Here, what is published takes two pairs of eyes: open a proposal at /v1/proposals. An operator may "
            "allow publishing alone with DIRECT_PUBLISHING.",
            "本服务实行拟稿与审核分离：请在 /v1/proposals 提交提案。运维可用 DIRECT_PUBLISHING 允许直接发布。",
        )


def publication(published: Published, *, tried: bool = False) -> Publication:
    said = published.model_dump()
    return Publication(**(said | {"release": None} if tried else said))


def publish_submission(session: Session, changeset: Changeset) -> Answer:
    """Publishes within a transaction of `database.writing`, and says so."""
    published = publish_within(session, check(changeset))
    if published.release is None:
        return Answer(200, publication(published))
    return Answer(201, publication(published), f"/v1/releases/{published.release}")


def trial(engine: Engine, changeset: Changeset) -> Answer:
    """What publishing would do, in a transaction that is given up."""
    checked = check(changeset)
    with writing(engine, keep=False) as session:
        return Answer(200, publication(publish_within(session, checked), tried=True))
