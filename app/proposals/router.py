"""Proposals over HTTP: 拟稿 → 审核 → 发布."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlmodel import col

from app.database import writing
from app.errors import Conflict, Forbidden, NotFound, TooLarge, TooMany, Unauthorized
from app.http import SMALL_BODY, no_parameters
from app.keys.access import Approver, Editor, KeyBeforeLongBody, Publisher
from app.limits import limited
from app.lint.gate import Gate
from app.paging import Page, cut
from app.problems import responses
from app.proposals import publish
from app.proposals.history import newest_first, present, summary
from app.proposals.models import (
    Approval,
    OptionalRemark,
    Proposal,
    ProposalDocument,
    ProposalQuery,
    ProposalSummary,
    Remark,
    RevisionQuery,
)
from app.reading import Reader
from app.releases.submission import LARGEST, Publication, Submission
from app.replay import Retry, once

router = APIRouter(
    prefix="/v1/proposals", tags=["proposals"], max_body_size=SMALL_BODY, route_class=KeyBeforeLongBody
)

NumberInPath = Annotated[int, Path(title="提案号", description="Number of the proposal", ge=1, le=2**31 - 1)]
READ = responses(Unauthorized, Forbidden, NotFound, TooMany)
WRITES = [*limited("writes"), Depends(no_parameters)]
WRITE = responses(Unauthorized, Forbidden, NotFound, Conflict, TooLarge, TooMany)


def gate_of(request: Request) -> Gate:
    gate: Gate = request.app.state.settings.lint_gate
    return gate


@router.get(
    "",
    operation_id="listProposals",
    summary="List proposals (提案列表)",
    responses=responses(Unauthorized, Forbidden, TooMany),
)
def list_proposals(
    query: Annotated[ProposalQuery, Query()],
    key: Editor,  # noqa: ARG001 - it is enough to have one
    reading: Reader,
) -> Page[ProposalSummary]:
    """All proposals, newest first. They are not public: this takes a key of an editor."""
    at = reading.unkept(None, None)
    lines, total, following = cut(reading, newest_first(query), [-col(Proposal.number)], at, query)
    items = [ProposalSummary(**summary(proposal, last, message)) for proposal, last, message, *_ in lines]
    return Page(items=items, total=total, on=at.on, release=at.release, next=following)


@router.post(
    "",
    operation_id="openProposal",
    summary="Open a proposal (拟稿)",
    responses=WRITE,
    status_code=201,
    response_model=ProposalDocument,
    dependencies=WRITES,
    max_body_size=LARGEST,
)
def open_proposal(submission: Submission, key: Editor, retry: Retry, request: Request) -> Response:
    """Keeps a changeset as a draft. It is checked like a release, and refused with every fault there is."""
    return once(
        request.app.state.engine,
        key,
        retry,
        lambda session: publish.opened(session, key, submission, gate_of(request)),
    ).response()


@router.get(
    "/{number}",
    operation_id="getProposal",
    summary="Get one proposal (提案)",
    responses=READ,
)
def get_proposal(
    number: NumberInPath,
    query: Annotated[RevisionQuery, Query()],
    key: Editor,  # noqa: ARG001 - whoever has such a key may
    reading: Reader,
) -> ProposalDocument:
    """What would be published, or would have been in an earlier revision, and all that was done to it."""
    reading.unkept(None, None)
    return present(reading.session, number, query.revision)


@router.get(
    "/{number}/trial",
    operation_id="tryProposal",
    summary="Say what publishing it now would do (试发布)",
    responses=responses(Unauthorized, Forbidden, NotFound, Conflict, TooMany),
    dependencies=WRITES,  # it takes its turn among those who write
)
def try_proposal(number: NumberInPath, key: Editor, request: Request, response: Response) -> Publication:  # noqa: ARG001 - whoever has such a key may
    """The same checks as publishing, and nothing is changed."""
    response.headers["Cache-Control"] = "no-store"
    with writing(request.app.state.engine, keep=False) as session:
        return publish.tried(session, number, gate_of(request), request.app.state.today())


@router.put(
    "/{number}/changeset",
    operation_id="reviseProposal",
    summary="Write a proposal anew (修改)",
    responses=WRITE,
    response_model=ProposalDocument,
    dependencies=WRITES,
    max_body_size=LARGEST,
)
def revise_proposal(
    number: NumberInPath, submission: Submission, key: Editor, retry: Retry, request: Request
) -> Response:
    """The author's next revision of a draft."""
    return once(
        request.app.state.engine,
        key,
        retry,
        lambda session: publish.revised(session, number, key, submission, gate_of(request)),
    ).response()


@router.post(
    "/{number}/comments",
    operation_id="commentProposal",
    summary="Comment on a proposal (意见)",
    responses=WRITE,
    response_model=ProposalDocument,
    dependencies=WRITES,
)
def comment_proposal(
    number: NumberInPath, remark: Remark, key: Editor, retry: Retry, request: Request
) -> Response:
    """Says something about it; its state stays."""
    return once(
        request.app.state.engine,
        key,
        retry,
        lambda session: publish.done(session, number, "comment", key, remark.comment),
    ).response()


@router.post(
    "/{number}/submit",
    operation_id="submitProposal",
    summary="Submit a proposal for review (送审)",
    responses=WRITE,
    response_model=ProposalDocument,
    dependencies=WRITES,
)
def submit_proposal(
    number: NumberInPath, remark: OptionalRemark, key: Editor, retry: Retry, request: Request
) -> Response:
    """From draft to in_review; the author's to do."""
    return once(
        request.app.state.engine,
        key,
        retry,
        lambda session: publish.done(session, number, "submit", key, remark.comment),
    ).response()


@router.post(
    "/{number}/approve",
    operation_id="approveProposal",
    summary="Approve a proposal (审核通过)",
    responses=WRITE,
    response_model=ProposalDocument,
    dependencies=WRITES,
)
def approve_proposal(
    number: NumberInPath, approval: Approval, key: Approver, retry: Retry, request: Request
) -> Response:
    """From in_review to approved; for somebody else than the author. Say which `revision` you read."""
    return once(
        request.app.state.engine,
        key,
        retry,
        lambda session: publish.approved(session, number, key, approval.comment, approval.revision),
    ).response()


@router.post(
    "/{number}/return",
    operation_id="returnProposal",
    summary="Return a proposal to its author (退回)",
    responses=WRITE,
    response_model=ProposalDocument,
    dependencies=WRITES,
)
def return_proposal(
    number: NumberInPath, remark: Remark, key: Approver, retry: Retry, request: Request
) -> Response:
    """From in_review or approved back to draft; for somebody else than the author, who says why."""
    return once(
        request.app.state.engine,
        key,
        retry,
        lambda session: publish.done(session, number, "return", key, remark.comment),
    ).response()


@router.post(
    "/{number}/withdrawal",
    operation_id="withdrawProposal",
    summary="Withdraw a proposal (撤回)",
    responses=WRITE,
    response_model=ProposalDocument,
    dependencies=WRITES,
)
def withdraw_proposal(
    number: NumberInPath, remark: OptionalRemark, key: Editor, retry: Retry, request: Request
) -> Response:
    """Ends a proposal that is not published; the author's to do."""
    return once(
        request.app.state.engine,
        key,
        retry,
        lambda session: publish.done(session, number, "withdraw", key, remark.comment),
    ).response()


@router.post(
    "/{number}/publication",
    operation_id="publishProposal",
    summary="Publish a proposal (发布)",
    responses=WRITE,
    response_model=ProposalDocument,
    dependencies=WRITES,
)
def publish_proposal(
    number: NumberInPath, remark: OptionalRemark, key: Publisher, retry: Retry, request: Request
) -> Response:
    """From approved to published: the next release, or nothing at all."""
    return once(
        request.app.state.engine,
        key,
        retry,
        lambda session: publish.published(session, number, key, remark.comment, gate_of(request)),
    ).response()
