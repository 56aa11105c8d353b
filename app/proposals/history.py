"""What happened to a proposal: read, and added to; never changed."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.errors import NotFound
from app.keys.models import Key
from app.proposals.flow import Action, State, take
from app.proposals.models import (
    EventDocument,
    Proposal,
    ProposalDocument,
    ProposalEvent,
    ProposalQuery,
    ProposalRevision,
)
from app.releases.submission import Submission


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
    found = session.get(ProposalRevision, (number, revision))
    if found is None:
        raise NotFound("The proposal has no such revision yet.", "该提案尚无此稿次。")
    return Submission.model_validate(found.changeset)


class Taken(NamedTuple):
    """A step that may be taken: on what, after which event, and where it leads."""

    proposal: Proposal
    action: Action
    last: ProposalEvent
    state: State


def step(session: Session, number: int, action: Action, key: Key) -> Taken:
    """Whether the key may do this to the proposal as it stands; raises `Forbidden` or `NotNow` if not."""
    proposal = find(session, number)
    last = events(session, number)[-1]
    author = session.get_one(Key, proposal.key)
    return Taken(proposal, action, last, take(action, cast("State", last.state), key, author))


def note(
    session: Session,
    taken: Taken,
    key: Key,
    *,
    comment: str | None = None,
    submission: Submission | None = None,
    release: int | None = None,
) -> None:
    """Writes down that a step was taken; with a submission, that becomes the proposal's next revision."""
    number, last = taken.proposal.number, taken.last
    revision = last.revision
    if submission is not None:
        revision += 1
        written = submission.model_dump(mode="json")
        session.add(ProposalRevision(proposal=number, number=revision, changeset=written))
    session.add(
        ProposalEvent(
            proposal=number,
            number=last.number + 1,
            action=taken.action,
            state=taken.state,
            revision=revision,
            key=key.id,
            by=key.holder,
            at=datetime.now(UTC),
            comment=comment,
            release=last.release if release is None else release,
        )
    )
    session.flush()


def signed(session: Session, releases: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Who drafted and who approved each of the releases that came from a proposal."""
    approval, publication = aliased(ProposalEvent), aliased(ProposalEvent)
    found = (
        select(col(publication.release), col(Proposal.author), col(approval.by))
        .join(Proposal, col(Proposal.number) == col(publication.proposal))
        .join(approval, col(approval.proposal) == col(Proposal.number))
        .where(
            col(publication.action) == "publish",
            col(publication.release).in_(list(releases)),
            col(approval.action) == "approve",
        )
        .order_by(col(approval.number))
    )
    # A proposal may have been approved, returned and approved again: the last one counts.
    return {release: (author, approver) for release, author, approver in session.execute(found) if release}


def newest_first(query: ProposalQuery) -> Select[Proposal, ProposalEvent, str]:
    """Each proposal with its last event and the message of its newest revision: all of it may be 32 MiB."""
    same = aliased(ProposalEvent)
    last = select(func.max(col(same.number))).where(col(same.proposal) == col(Proposal.number))
    wanted = (
        select(Proposal, ProposalEvent, col(ProposalRevision.changeset)["message"].as_string())
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


def present(session: Session, number: int, revision: int | None = None) -> ProposalDocument:
    """A proposal with its changeset, as it is or as it was in a revision, and all that happened to it."""
    proposal = find(session, number)
    happened = events(session, number)
    newest = changeset(session, number, happened[-1].revision)
    return ProposalDocument(
        **summary(proposal, happened[-1], newest.message),
        changeset=newest if revision is None else changeset(session, number, revision),
        events=[EventDocument(**event.model_dump()) for event in happened],
    )
