"""Differences over HTTP: typed as JSON, or a report to read."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.cursor import Cursor, bad_cursor
from app.diff.asked import compared, places
from app.diff.models import Diff, DiffQuery
from app.diff.text import report
from app.problems import responses
from app.reading import Reader, Reading
from app.versioning import At

router = APIRouter(prefix="/v1/diff", tags=["comparison"])

FORMS = {"json": "application/json", "text": "text/plain"}


@router.get(
    "",
    operation_id="diffStates",
    summary="Say what distinguishes two states, or two plans (差异比对)",
    response_model=Diff,
    responses={200: {"content": {FORMS["text"]: {"schema": {"type": "string"}}}}, **responses()},
)
def get_diff(query: Annotated[DiffQuery, Query()], reading: Reader) -> Diff | Response:
    """Two releases (`from`, `to`), two days (`from_on`, `to_on`) or both; or two plans of one region, resources matched by
    concept and name. Each difference has a type that says what it means; `format=text` is a report in Chinese."""
    form = reading.chosen_form(query.format, FORMS)
    before, after, asked = ends(reading, query)
    diff = reading.request.app.state.differences.get(
        tuple(asked.filters().items()), lambda: compared(reading.session, before, after, query)
    )
    if form == "text":
        return Response(
            report(diff), media_type="text/plain; charset=utf-8", headers=dict(reading.response.headers)
        )
    return page(reading, diff, asked)


def ends(reading: Reading, query: DiffQuery) -> tuple[At, At, DiffQuery]:
    """The two places in time, and the query that always asks for them, with the answer's headers set."""
    before, after = places(reading.session, query, reading.today())
    clocks = {"from_": before.release, "to": after.release, "from_on": before.on, "to_on": after.on}
    given = all(getattr(query, name) is not None for name in clocks)
    reading.fixed_by({name.rstrip("_"): str(value) for name, value in clocks.items()}, immutable=given)
    return before, after, query.model_copy(update=clocks)


def page(reading: Reading, diff: Diff, asked: DiffQuery) -> Diff:
    """The part of a difference that the query's cursor stands before."""
    of, start = reading.fingerprint(asked), 0
    if asked.cursor is not None:
        after = Cursor.decoded(asked.cursor, of).after
        if len(after) != 1 or not isinstance(after[0], int) or after[0] < 0:
            raise bad_cursor()
        start = after[0]
    end, following = start + asked.limit, None
    if end < diff.total:
        on, release = diff.after.on.isoformat(), diff.after.release
        cursor = Cursor(on=on, release=release, of=of, total=diff.total, after=[end])
        following = reading.url(asked.filters() | {"limit": str(asked.limit), "cursor": cursor.encoded()})
        reading.link("next", following)
    return diff.model_copy(update={"items": diff.items[start:end], "next": following})
