"""Releases over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.changes.feed import brought, described
from app.changes.models import Change
from app.errors import NotFound, responses
from app.paging import Page, cut
from app.reading import CHINA, NoQuery, PageQuery, Reader
from app.releases.atom import feed, updated
from app.releases.feed import FeedQuery, entries, newest
from app.releases.models import NEWEST_FIRST, ReleaseDocument, ReleaseQuery, find, present, up_to
from app.versioning import At, Release

router = APIRouter(prefix="/v1/releases", tags=["releases"])

ATOM = "application/atom+xml"
NumberInPath = Annotated[
    int, Path(title="发布号", description="Number of the release, from 1", ge=1, le=2**31 - 1)
]


@router.get("", operation_id="listReleases", summary="List releases (发布列表)", responses=responses())
def list_releases(query: Annotated[ReleaseQuery, Query()], reading: Reader) -> Page[ReleaseDocument]:
    """The releases up to the one asked for, newest first; with `after`, what has come since that one."""
    at = reading.at(query)
    lines, total, following = cut(reading, up_to(at.release, query.after or 0), NEWEST_FIRST, at, query)
    items = [present(line[0]) for line in lines]
    reading.link("alternate", "/v1/releases.atom", type=ATOM)
    return Page(items=items, total=total, on=at.on, release=at.release, next=following)


@router.get(
    ".atom",
    operation_id="getReleaseFeed",
    summary="Follow releases in a feed reader (发布订阅, Atom)",
    response_class=Response,
    responses={200: {"content": {ATOM: {"schema": {"type": "string"}}}}, **responses()},
)
def get_release_feed(query: Annotated[FeedQuery, Query()], reading: Reader) -> Response:
    """The newest releases, each with what it changed, in Chinese; with filters, only those that changed such a thing."""
    until = reading.until(query)
    found = newest(reading.session, until, query)
    shown = entries(reading.session, found[: query.limit], query)
    reading.modified(updated(shown))
    filters = query.filters()
    links = {"self": reading.base() + reading.url(dict(sorted(reading.request.query_params.items())))}
    if len(found) > query.limit:
        older = filters | {"limit": str(query.limit), "until": str(found[-1].number)}
        links["next"] = reading.base() + reading.url(older)
    oldest = reading.session.get(Release, 1)
    body = feed(shown, oldest, filters, reading.base(), links)
    return Response(body, media_type=f"{ATOM}; charset=utf-8", headers=dict(reading.response.headers))


@router.get(
    "/{number}", operation_id="getRelease", summary="Get one release (发布)", responses=responses(NotFound)
)
def get_release(
    number: NumberInPath,
    query: Annotated[NoQuery, Query()],  # noqa: ARG001 - it refuses parameters
    reading: Reader,
) -> ReleaseDocument:
    """One release, for ever the same."""
    release = find(reading.session, number)
    reading.for_ever({})
    reading.link("related", f"/v1/releases/{number}/changes")
    return present(release)


@router.get(
    "/{number}/changes",
    operation_id="listReleaseChanges",
    summary="List what a release changed (发布的变更)",
    responses=responses(NotFound),
)
def list_release_changes(
    number: NumberInPath, query: Annotated[PageQuery, Query()], reading: Reader
) -> Page[Change]:
    """Every version that one release brought, kind by kind."""
    release = find(reading.session, number)
    reading.for_ever({})
    at = At(release.recorded_at.astimezone(CHINA).date(), number)
    change = brought(number - 1, number)
    lines, total, following = cut(
        reading, change.select(), [change.c.place, change.c.slug, change.c.version], at, query
    )
    items = described(reading.session, ((line.kind, line.slug, line.version) for line in lines))
    return Page(items=items, total=total, on=at.on, release=at.release, next=following)
