"""Proposals: the rows, and what goes over the wire. What happened to one is only ever added to."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic import Field as WireField
from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from app.database import Moment
from app.proposals.flow import Action, State
from app.queries import NoQuery, PageQuery, without_nul
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
        title="拟发布内容", description="What it would publish, in the revision asked for, else in its newest"
    )
    events: list[EventDocument] = WireField(
        title="办理记录", description="All that was done to it, oldest first"
    )


Comment = Annotated[Text, AfterValidator(without_nul)]


class Remark(BaseModel):
    """What somebody says about a proposal."""

    model_config = ConfigDict(title="意见", extra="forbid")

    comment: Comment = WireField(title="意见", description="In your own words")


class OptionalRemark(BaseModel):
    """What somebody may say while doing something."""

    model_config = ConfigDict(title="意见", extra="forbid")

    comment: Comment | None = WireField(default=None, title="意见", description="In your own words, or null")


class Approval(OptionalRemark):
    """What somebody agrees to."""

    model_config = ConfigDict(title="审核意见", extra="forbid")

    revision: int | None = WireField(
        default=None,
        ge=1,
        le=2**31 - 1,
        title="稿次",
        description="The revision that you read: where it has been written anew since, nothing is approved",
    )


class RevisionQuery(NoQuery):
    """Which of its revisions."""

    revision: int | None = WireField(
        default=None,
        ge=1,
        le=2**31 - 1,
        title="稿次",
        description="Show what it would have published in this revision; default: the newest",
    )


class ProposalQuery(PageQuery):
    """What the list of proposals can be filtered by."""

    state: State | None = WireField(default=None, title="状态", description="Proposals in this state")
