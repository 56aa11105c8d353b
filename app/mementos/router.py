"""TimeMaps over HTTP, for every kind alike."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from app.catalogue import KINDS
from app.changes.models import KindName
from app.errors import NotFound
from app.mementos.gate import TimeGate
from app.mementos.models import TimeMap, in_json, in_links
from app.mementos.timeline import ever, timeline
from app.problems import responses
from app.queries import ReadQuery
from app.reading import SlugInPath
from app.versioning import never_was

router = APIRouter(prefix="/v1", tags=["releases"])

FORMS = {"json": "application/json", "link": "application/link-format"}


class TimeMapQuery(ReadQuery):
    """Up to when, and how it is written."""

    format: Literal["json", "link"] | None = Field(
        None,
        title="格式",
        description="json, or link: RFC 7089's own application/link-format; default: by `Accept`",
    )


@router.get(
    "/{kind}/{slug}/timemap",
    operation_id="getTimeMap",
    summary="List the states that a resource's URL has answered (历史状态目录)",
    response_model=TimeMap,
    responses={200: {"content": {FORMS["link"]: {"schema": {"type": "string"}}}}, **responses(NotFound)},
)
def get_time_map(
    kind: Annotated[KindName, Path(title="类别", description="The kind of the resource")],
    slug: SlugInPath,
    query: Annotated[TimeMapQuery, Query()],
    reading: TimeGate,
) -> TimeMap | Response:
    """RFC 7089's TimeMap: since when the URL answered what, each with the URL that answers it for ever."""
    form = reading.chosen_form(query.format, FORMS)
    at = reading.at(query)
    row = KINDS[kind].row
    states = timeline(reading.session, row, slug, at)
    if not states and not ever(reading.session, row, slug, at.release):
        raise never_was(row, at.release)
    original, kept = reading.original(row, slug), [state for state in states if not state.withdrawn]
    if form == "json":
        return in_json(original, kept)
    return Response(
        in_links(original, kept), media_type=FORMS["link"], headers=dict(reading.response.headers)
    )
