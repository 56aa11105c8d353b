"""What is sent in to be published, and what became of it."""

from datetime import date
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from sqlalchemy import Engine
from sqlmodel import Session

from app.changesets import Changeset, Checked, check
from app.database import writing
from app.diff.difference import difference
from app.diff.models import Diff
from app.errors import Forbidden, Invalid
from app.faults import Fault, pointer, said_by_pydantic
from app.lint.gate import Gate
from app.publishing import publish_within
from app.queries import NoQuery
from app.replay import Answer
from app.settings import Settings
from app.versioning import At, Name, Text

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

    @model_validator(mode="wrap")
    @classmethod
    def all_that_is_wrong(cls, sent: Any, read: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401 - whatever was sent
        """Raises `Invalid` with the faults of the documents beside those of what is around them."""
        try:
            return read(sent)
        except ValidationError as error:
            if not isinstance(sent, dict):
                raise
            around = [Fault(said_by_pydantic(e), pointer(e["loc"])) for e in error.errors()]
            raise Invalid.of([*around, *_faults_of_documents(sent)]) from error

    def changeset(self, publisher: Name) -> Changeset:
        return Changeset(**self.model_dump(), publisher=publisher)


def _faults_of_documents(sent: dict[str, Any]) -> list[Fault]:
    """What can be said of the documents and withdrawals, whatever is around them; nothing where they are no lists."""
    lists = {name: sent[name] for name in ("documents", "withdrawals") if name in sent}
    try:
        return check(Changeset(message="-", publisher="-", base_release=0, **lists)).faults
    except ValidationError:
        return []


class Publication(BaseModel):
    """What became of a changeset, or would become of it."""

    model_config = ConfigDict(title="发布结果")

    release: int | None = Field(
        title="发布号", description="The release it became; null where it changes nothing, or was only tried"
    )
    added: int = Field(title="新增", description="How many resources it adds")
    revised: int = Field(title="修订", description="How many resources it revises")
    withdrawn: int = Field(title="撤销", description="How many resources it ends")
    diff: Diff | None = Field(
        default=None, title="差异", description="What it would change, where it was only tried; else null"
    )


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


def publish_submission(session: Session, changeset: Changeset, gate: Gate) -> Answer:
    """Publishes within a transaction of `database.writing`, and says so."""
    published = publish_within(session, check(changeset), gate)
    said = Publication(**published.model_dump())
    if published.release is None:
        return Answer(200, said)
    return Answer(201, said, f"/v1/releases/{published.release}")


def trial(engine: Engine, changeset: Changeset, gate: Gate, on: date) -> Publication:
    """What publishing would do and change, in a transaction that is given up."""
    checked = check(changeset)
    with writing(engine, keep=False) as session:
        return tried(session, checked, gate, on)


def tried(session: Session, checked: Checked, gate: Gate, on: date) -> Publication:
    """The same within a transaction that somebody else gives up."""
    published = publish_within(session, checked, gate)
    said = published.model_dump() | {"release": None}
    if published.release is None:
        return Publication(**said)
    after = At(on, published.release)
    return Publication(**said, diff=difference(session, At(on, after.release - 1), after))
