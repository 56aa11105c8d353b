"""Changes over HTTP: a page, or a line for each."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.changes.feed import brought, described
from app.changes.models import Change, ChangeQuery, ChangesSince
from app.paging import cut
from app.problems import responses
from app.reading import Reader, Reading
from app.versioning import ALWAYS, At

router = APIRouter(prefix="/v1/changes", tags=["releases"])

FORMS = {"json": "application/json", "ndjson": "application/x-ndjson"}
LINES = {"application/x-ndjson": {"schema": {"$ref": "#/components/schemas/Change"}}}


@router.get(
    "",
    operation_id="listChanges",
    summary="List what releases changed, to keep a copy in step (变更列表)",
    response_model=ChangesSince,
    responses={200: {"content": LINES}, **responses()},
)
def list_changes(query: Annotated[ChangeQuery, Query()], reading: Reader) -> ChangesSince | Response:
    """Every version that the releases after one brought, withdrawals included, oldest release first. Whoever applies
    them all holds what the lists say on any day."""
    form = reading.chosen_form(query.format, FORMS)
    until = reading.until(query, reading.place(query))
    page = changes(reading, query, until)
    reading.link("monitor", page.follow)
    if form == "json":
        return page
    lines = (change.model_dump_json() + "\n" for change in page.items)
    return Response("".join(lines), media_type=FORMS[form], headers=dict(reading.response.headers))


def changes(reading: Reading, query: ChangeQuery, until: int) -> ChangesSince:
    """The page of changes up to a release that the query's cursor stands before."""
    after = query.after or 0
    change = brought(after, until, query)
    order = [change.c.release, change.c.place, change.c.slug, change.c.version]
    lines, total, following = cut(reading, change.select(), order, At(ALWAYS, until), query)
    keys = ((line.kind, line.slug, line.version) for line in lines)
    items: list[Change] = described(reading.session, keys, documents=query.documents)
    return ChangesSince(
        items=items,
        total=total,
        after=after,
        until=until,
        next=following,
        follow=_follow(reading, query, until),
    )


def _follow(reading: Reading, query: ChangeQuery, until: int) -> str:
    asked = query.model_copy(update={"after": until, "until": None, "cursor": None})
    return reading.url(asked.filters() | {"limit": str(query.limit)})
