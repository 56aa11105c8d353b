"""Proposals: the rows, and what goes over the wire. What happened to one is only ever added to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

from pydantic import BaseModel, ConfigDict
from pydantic import Field as WireField
from sqlalchemy import JSON, Select, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, SQLModel, col

from app.database import Moment
from app.errors import NotFound
from app.keys.models import Key
from app.proposals.flow import Action, State, take
from app.reading import PageQuery
from app.releases.submission import Submission
from app.versioning import Text


class Proposal(SQLModel, table=True):
    """A changeset on its way to be published."""

    __tablename__ = "proposal"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    key: str = Field(foreign_key="api_key.id")
    author: str
    created_at: datetime = Field(sa_type=Moment)


class ProposalRevision(SQLModel, table=True):
    """What is proposed, each time that it was changed."""

    __tablename__ = "proposal_revision"

    proposal: int = Field(primary_key=True, foreign_key="proposal.number")
    number: int = Field(primary_key=True)
    changeset: dict[str, Any] = Field(sa_type=JSON)


class ProposalEvent(SQLModel, table=True):
    """What was done to it, and the state that it has been in since."""

    __tablename__ = "proposal_event"

    proposal: int = Field(primary_key=True, foreign_key="proposal.number")
    number: int = Field(primary_key=True)
    action: str
    state: str
    revision: int
    key: str = Field(foreign_key="api_key.id")
    by: str
    at: datetime = Field(sa_type=Moment)
    comment: str | None = None
    release: int | None = Field(default=None, foreign_key="release.number", index=True)


class EventDocument(BaseModel):
    """One thing that was done to a proposal."""

    model_config = ConfigDict(title="办理记录")

    action: Action = WireField(title="操作", description="What was done")
    state: State = WireField(title="状态", description="The state from then on")
    revision: int = WireField(title="稿次", description="The revision it was done to")
    by: str = WireField(title="办理人", description="The holder of the key it was done with")
    at: datetime = WireField(title="时间", description="When (UTC)")
    comment: str | None = WireField(title="意见", description="What was said to it, else null")
    release: int | None = WireField(title="发布号", description="The release it became, else null")


class ProposalSummary(BaseModel):
    """A proposal as it stands in the list."""

    model_config = ConfigDict(title="提案摘要")

    number: int = WireField(title="提案号", description="Number of the proposal, from 1")
    state: State = WireField(
        title="状态",
        description="draft (拟稿), in_review (审核中), approved (已审核), published (已发布) or withdrawn (已撤回)",
    )
    author: str = WireField(title="拟稿人", description="The holder of the key that opened it")
    created_at: datetime = WireField(title="创建时间", description="When it was opened (UTC)")
    revision: int = WireField(title="稿次", description="How often it has been written, from 1")
    message: str = WireField(title="说明", description="What the release would be about")
    release: int | None = WireField(title="发布号", description="The release it became, else null")
    links: dict[str, str] = WireField(title="链接", description="What belongs to it, as URLs")


class ProposalDocument(ProposalSummary):
    """A proposal with all that it would publish and all that was done to it."""

    model_config = ConfigDict(title="提案")

    changeset: Submission = WireField(
        title="变更集", description="What it would publish, in its newest revision"
    )
    events: list[EventDocument] = WireField(
        title="办理记录", description="All that was done to it, oldest first"
    )


class Remark(BaseModel):
    """What somebody says about a proposal."""

    model_config = ConfigDict(title="意见", extra="forbid")

    comment: Text = WireField(title="意见", description="In your own words")


class OptionalRemark(BaseModel):
    """What somebody may say while doing something."""

    model_config = ConfigDict(title="意见", extra="forbid")

    comment: Text | None = WireField(default=None, title="意见", description="In your own words, or null")


class ProposalQuery(PageQuery):
    """What the list of proposals can be filtered by."""

    state: State | None = WireField(default=None, title="状态", description="Proposals in this state")


def open_proposal(session: Session, key: Key, submission: Submission) -> Proposal:
    number = (session.scalar(select(func.max(col(Proposal.number)))) or 0) + 1
    now = datetime.now(UTC)
    proposal = Proposal(number=number, key=key.id, author=key.holder, created_at=now)
    session.add(proposal)
    session.flush()
    session.add(ProposalRevision(proposal=number, number=1, changeset=submission.model_dump(mode="json")))
    session.add(
        ProposalEvent(
            proposal=number,
            number=1,
            action="open",
            state="draft",
            revision=1,
            key=key.id,
            by=key.holder,
            at=now,
        )
    )
    session.flush()
    return proposal


def find(session: Session, number: int) -> Proposal:
    proposal = session.get(Proposal, number)
    if proposal is None:
        raise NotFound(
            "There is no proposal with this number; /v1/proposals lists them.",
            "没有该提案号，已有提案见 /v1/proposals。",
        )
    return proposal


def events(session: Session, number: int) -> Sequence[ProposalEvent]:
    found = select(ProposalEvent).where(col(ProposalEvent.proposal) == number)
    return session.scalars(found.order_by(col(ProposalEvent.number))).all()


def changeset(session: Session, number: int, revision: int) -> Submission:
    found = session.get_one(ProposalRevision, (number, revision))
    return Submission.model_validate(found.changeset)


def act(
    session: Session,
    number: int,
    action: Action,
    key: Key,
    *,
    comment: str | None = None,
    submission: Submission | None = None,
) -> ProposalEvent:
    """Does one thing to a proposal, as the way of proposals allows; with a submission, that becomes its next revision."""
    proposal = find(session, number)
    last = events(session, number)[-1]
    author = session.get_one(Key, proposal.key)
    state = take(action, cast("State", last.state), key, author)
    revision = last.revision
    if submission is not None:
        revision += 1
        written = submission.model_dump(mode="json")
        session.add(ProposalRevision(proposal=number, number=revision, changeset=written))
    event = ProposalEvent(
        proposal=number,
        number=last.number + 1,
        action=action,
        state=state,
        revision=revision,
        key=key.id,
        by=key.holder,
        at=datetime.now(UTC),
        comment=comment,
        release=last.release,
    )
    session.add(event)
    return event


def newest_first(query: ProposalQuery) -> Select[Proposal, ProposalEvent, ProposalRevision]:
    """Each proposal with its last event and its newest revision."""
    same = aliased(ProposalEvent)
    last = select(func.max(col(same.number))).where(col(same.proposal) == col(Proposal.number))
    wanted = (
        select(Proposal, ProposalEvent, ProposalRevision)
        .join(ProposalEvent, col(ProposalEvent.proposal) == col(Proposal.number))
        .join(
            ProposalRevision,
            (col(ProposalRevision.proposal) == col(Proposal.number))
            & (col(ProposalRevision.number) == col(ProposalEvent.revision)),
        )
        .where(col(ProposalEvent.number) == last.correlate(Proposal).scalar_subquery())
    )
    return wanted if query.state is None else wanted.where(col(ProposalEvent.state) == query.state)


def summary(proposal: Proposal, last: ProposalEvent, message: str) -> dict[str, Any]:
    base = f"/v1/proposals/{proposal.number}"
    links = {"self": base, "trial": f"{base}/trial"}
    if last.release is not None:
        links["release"] = f"/v1/releases/{last.release}"
    return {
        "number": proposal.number,
        "state": last.state,
        "author": proposal.author,
        "created_at": proposal.created_at,
        "revision": last.revision,
        "message": message,
        "release": last.release,
        "links": links,
    }


def present(session: Session, number: int) -> ProposalDocument:
    """A proposal with its changeset and all that happened to it."""
    proposal = find(session, number)
    happened = events(session, number)
    submission = changeset(session, number, happened[-1].revision)
    return ProposalDocument(
        **summary(proposal, happened[-1], submission.message),
        changeset=submission,
        events=[EventDocument(**event.model_dump()) for event in happened],
    )
