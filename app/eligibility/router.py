"""Eligibility over HTTP. Facts come in a body, are answered and forgotten; nothing of them is kept or logged."""

from datetime import date
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.database import reading as reading_session
from app.eligibility.assess import (
    changes,
    chosen,
    derived,
    documents,
    question,
    receipt,
    summary,
    understood,
)
from app.eligibility.batch import BatchLine, Books, Person, answers
from app.eligibility.desk import AtDesk, book_of
from app.eligibility.evaluate import outcomes
from app.eligibility.forecast import turning_days
from app.eligibility.models import BatchQuery, EligibilityAnswer, EligibilityRequest
from app.eligibility.outlooks import (
    ChangeOfFact,
    Comparison,
    ComparisonRequest,
    Edition,
    ForecastAnswer,
    ForecastRequest,
    ReplayAnswer,
    ReplayRequest,
    TurningDay,
    WayIn,
    WhatIfAnswer,
    WhatIfRequest,
)
from app.eligibility.what_if import what_if
from app.errors import Invalid, TooLarge, TooMany, Unauthorized
from app.http import no_parameters
from app.limits import limited
from app.problems import language_of, responses
from app.reading import Reading
from app.versioning import At

router = APIRouter(prefix="/v1/eligibility", tags=["eligibility"], dependencies=limited("eligibility"))

# A request about one person; the facts of all plans together fit in many times over.
LARGEST = 256 * 1024
TEN_YEARS, FIFTY_YEARS = 3653, 18263


@router.post(
    "",
    operation_id="assessEligibility",
    summary="Say what a person is eligible for, and why (资格判定)",
    responses=responses(Unauthorized, TooLarge, TooMany),
    max_body_size=LARGEST,
    dependencies=[Depends(no_parameters)],
)
def assess(asked: EligibilityRequest, desk: AtDesk) -> EligibilityAnswer:
    """For the whole list at once: eligible, not eligible or undetermined, the reasons, what is missing, what to ask."""
    at, book = desk.open(asked.region, asked.on, asked.release)
    services = chosen(book, asked)
    known = derived(book, understood(book, asked.facts), at.on)
    answers = outcomes(services, known)
    return EligibilityAnswer(
        on=at.on,
        release=at.release,
        region=book.region,
        summary=summary(answers),
        outcomes=documents(book, services, known, answers, asked.explain),
        next_question=question(book, services, known, asked.declined, at.on, answers),
        receipt=receipt(book, asked.region, at.on, at.release, answers),
    )


@router.post(
    "/replay",
    operation_id="replayEligibility",
    summary="Check a receipt, and what has changed since (回执核验)",
    responses=responses(Unauthorized, TooLarge, TooMany),
    max_body_size=LARGEST,
    dependencies=[Depends(no_parameters)],
)
def replay(asked: ReplayRequest, desk: AtDesk) -> ReplayAnswer:
    """Decides again as of the receipt, with the same facts, services and region; then as of today."""
    if asked.on is not None or asked.release is not None:
        raise Invalid.at(
            "/receipt", "The receipt says for which day and release.", "日期与发布号以回执为准。"
        )
    then, book = desk.open(asked.region, asked.receipt.on, asked.receipt.release)
    given = understood(book, asked.facts)
    known = derived(book, given, then.on)
    again = receipt(book, asked.region, then.on, then.release, outcomes(chosen(book, asked), known))
    now, new_book = desk.open(asked.region, None, None)
    new_known = derived(new_book, understood(new_book, asked.facts), now.on)
    return ReplayAnswer(
        valid=again == asked.receipt,
        on=now.on,
        release=now.release,
        changes=changes((book, known), (new_book, new_known)),
    )


@router.post(
    "/compare",
    operation_id="compareEligibility",
    summary="Compare two editions for one person (两版对比)",
    responses=responses(Unauthorized, TooLarge, TooMany),
    max_body_size=LARGEST,
    dependencies=[Depends(no_parameters)],
)
def compare(asked: ComparisonRequest, desk: AtDesk) -> Comparison:
    """The same person at two days or releases, with the clauses that made each difference."""
    sides = []
    for edition in (asked.before, asked.after):
        at, book = desk.open(asked.region, edition.on, edition.release)
        sides.append((at, (book, derived(book, understood(book, asked.facts), at.on))))
    (before, old), (after, new) = sides
    return Comparison(
        before=Edition(on=before.on, release=before.release),
        after=Edition(on=after.on, release=after.release),
        changes=changes(old, new),
    )


@router.post(
    "/forecast",
    operation_id="forecastEligibility",
    summary="Say from when an outcome turns (未来变化)",
    responses=responses(Unauthorized, TooLarge, TooMany),
    max_body_size=LARGEST,
    dependencies=[Depends(no_parameters)],
)
def forecast(asked: ForecastRequest, desk: AtDesk) -> ForecastAnswer:
    """The first day on which each outcome turns because time passes, by the rules in force today."""
    at, book = desk.open(asked.region, asked.on, asked.release)
    furthest = date.max.toordinal()
    until = asked.until or date.fromordinal(min(at.on.toordinal() + TEN_YEARS, furthest))
    if not at.on <= until <= date.fromordinal(min(at.on.toordinal() + FIFTY_YEARS, furthest)):
        raise Invalid.at("/until", "Look ahead by at most fifty years.", "最多可预测五十年。")
    given = understood(book, asked.facts)
    derived(book, given, at.on)
    turns = turning_days(chosen(book, asked), book.facts, given, at.on, until)
    return ForecastAnswer(
        on=at.on,
        until=until,
        release=at.release,
        turning_days=[
            TurningDay(
                service=turn.service,
                name=book.offers[turn.service].name,
                before=turn.before,
                after=turn.after,
                earliest=turn.earliest,
                latest=turn.latest,
            )
            for turn in sorted(turns, key=lambda turn: (turn.earliest, turn.service))
        ],
    )


@router.post(
    "/what-if",
    operation_id="imagineEligibility",
    summary="Say which changes would make a person eligible (假设分析)",
    responses=responses(Unauthorized, TooLarge, TooMany),
    max_body_size=LARGEST,
    dependencies=[Depends(no_parameters)],
)
def imagine(asked: WhatIfRequest, desk: AtDesk) -> WhatIfAnswer:
    """The smallest changes of what people can choose; never of age, sex, health or fate."""
    at, book = desk.open(asked.region, asked.on, asked.release)
    given = understood(book, asked.facts)
    derived(book, given, at.on)
    ways = {slug: what_if(service, book.facts, given, at.on) for slug, service in chosen(book, asked).items()}
    return WhatIfAnswer(
        on=at.on,
        release=at.release,
        ways=[
            WayIn(
                service=slug,
                name=book.offers[slug].name,
                changes=[
                    [ChangeOfFact(fact=one.fact, name=book.facts[one.fact].name, to=one.to) for one in change]
                    for change in found
                ],
            )
            for slug, found in ways.items()
            if found
        ],
    )


@router.post(
    "/batch",
    operation_id="assessEligibilityBatch",
    summary="Say what many people are eligible for, line by line (批量判定)",
    response_class=StreamingResponse,
    responses={
        200: {
            "model": BatchLine,
            "description": "One line of JSON per person, in the order they came",
            "content": {"application/x-ndjson": {"schema": {"$ref": "#/components/schemas/BatchLine"}}},
        },
        **responses(Unauthorized, TooMany),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "One person a line; at most 64 KiB a line and 64 MiB in all",
            "content": {"application/x-ndjson": {"schema": Person.model_json_schema()}},
        }
    },
)
async def batch(query: Annotated[BatchQuery, Query()], request: Request) -> StreamingResponse:
    """Answers while the lines still come. A line that is wrong gets its own error, and the others their answers."""

    def at_and_books() -> tuple[At, Books]:
        with reading_session(request.app.state.engine) as session:
            at = Reading(session, request, Response(), request.app.state.today).unkept(
                query.on, query.release
            )
        return at, lambda region: book_of(request, at, region)

    at, books = await run_sync(at_and_books)
    lines = answers(request.stream(), books, at, query.explain, language_of(request))
    return Lines(lines, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})


class Lines(StreamingResponse):
    """A stream that is written while the request's body is still read.

    Starlette's own waits for the client to go away by reading on, and would swallow the body's lines.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await self.stream_response(send)
