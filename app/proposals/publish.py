"""What may happen to a proposal's changeset: tried at any time, published once it is approved."""

from datetime import date

from sqlmodel import Session

from app.changesets import Checked, check
from app.errors import NotNow
from app.keys.models import Key
from app.lint.gate import Gate
from app.proposals.flow import Action
from app.proposals.history import changeset, events, find, note, open_proposal, present, step
from app.publishing import publish_within
from app.releases.submission import Publication, Submission
from app.releases.submission import tried as trial
from app.replay import Answer


def opened(session: Session, key: Key, submission: Submission, gate: Gate) -> Answer:
    """Opens a proposal as a draft. It is found as good as a release would be, or nothing is kept of it."""
    _try(session, check(submission.changeset(key.holder)), gate)
    proposal = open_proposal(session, key, submission)
    return Answer(201, present(session, proposal.number), f"/v1/proposals/{proposal.number}")


def revised(session: Session, number: int, key: Key, submission: Submission, gate: Gate) -> Answer:
    taken = step(session, number, "revise", key)
    _try(session, check(submission.changeset(key.holder)), gate)
    note(session, taken, key, submission=submission)
    return Answer(200, present(session, number))


def done(session: Session, number: int, action: Action, key: Key, comment: str | None) -> Answer:
    """Anything that changes only where the proposal stands."""
    note(session, step(session, number, action, key), key, comment=comment)
    return Answer(200, present(session, number))


def approved(session: Session, number: int, key: Key, comment: str | None, revision: int | None) -> Answer:
    """Approves a proposal as it was read: with a `revision`, that one and no later."""
    taken = step(session, number, "approve", key)
    newest = taken.last.revision
    if revision not in (None, newest):
        raise NotNow(
            f"Its newest revision is {newest}, not {revision}: read that one first. Nothing was approved.",
            f"最新稿次为{newest}，而非{revision}：请先审阅最新稿。未予通过。",
            state=taken.last.state,
            revision=newest,
        )
    note(session, taken, key, comment=comment)
    return Answer(200, present(session, number))


def published(session: Session, number: int, key: Key, comment: str | None, gate: Gate) -> Answer:
    """Publishes an approved proposal as the next release, all of it or nothing."""
    taken = step(session, number, "publish", key)
    submission = changeset(session, number, taken.last.revision)
    became = publish_within(session, check(submission.changeset(key.holder)), gate)
    if became.release is None:
        raise NotNow(
            "It changes nothing any more, as all of it is published already: have it withdrawn.",
            "其内容均已发布，不会产生任何变更，请予撤回。",
            state="approved",
        )
    note(session, taken, key, comment=comment, release=became.release)
    return Answer(200, present(session, number))


def tried(session: Session, number: int, gate: Gate, on: date) -> Publication:
    """What publishing it now would do and change, in a transaction that is given up."""
    proposal = find(session, number)
    submission = changeset(session, number, events(session, number)[-1].revision)
    return trial(session, check(submission.changeset(proposal.author)), gate, on)


def _try(session: Session, checked: Checked, gate: Gate) -> None:
    """Raises what publishing would raise, and leaves no trace."""
    trial = session.begin_nested()
    publish_within(session, checked, gate)
    trial.rollback()
