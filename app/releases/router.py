"""Releases over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.changes.feed import brought, described
from app.changes.models import Change
from app.clock import CHINA
from app.errors import Conflict, Forbidden, NotFound, TooLarge, TooMany, Unauthorized
from app.keys.access import Editor, KeyBeforeLongBody
from app.keys.models import permit
from app.limits import limited
from app.paging import Page, cut
from app.problems import responses
from app.queries import NoQuery, PageQuery
from app.reading import Reader
from app.releases.atom import feed, updated
from app.releases.feed import FeedQuery, entries, newest
from app.releases.models import NEWEST_FIRST, ReleaseDocument, ReleaseQuery, find, present, up_to
from app.releases.submission import (
    LARGEST,
    Publication,
    PublishQuery,
    Submission,
    may_publish_alone,
    publish_submission,
    trial,
)
from app.replay import Answer, Retry, once
from app.versioning import At, Release, check_release

router = APIRouter(prefix="/v1/releases", tags=["releases"], route_class=KeyBeforeLongBody)

ATOM = "application/atom+xml"
NumberInPath = Annotated[
    int, Path(title="发布号", description="Number of the release, from 1", ge=1, le=2**31 - 1)
]


@router.get("", operation_id="listReleases", summary="List releases (发布列表)", responses=responses())
def list_releases(query: Annotated[ReleaseQuery, Query()], reading: Reader) -> Page[ReleaseDocument]:
    """The releases up to the one asked for, newest first; with `after`, what has come since that one."""
    at = reading.at(query)
    after = check_release(reading.session, query.after or 0, "after")
    lines, total, following = cut(reading, up_to(at.release, after), NEWEST_FIRST, at, query)
    items = present(reading.session, [line[0] for line in lines])
    reading.link("alternate", "/v1/releases.atom", type=ATOM)
    return Page(items=items, total=total, on=at.on, release=at.release, next=following)


@router.post(
    "",
    operation_id="publishRelease",
    summary="Publish a changeset (发布)",
    responses={
        200: {
            "model": Publication,
            "description": "Nothing was published: it changes nothing, or was only tried",
        },
        **responses(Unauthorized, Forbidden, Conflict, TooLarge, TooMany),
    },
    status_code=201,
    response_model=Publication,
    dependencies=limited("writes"),
    max_body_size=LARGEST,
)
def publish_release(
    submission: Submission,
    query: Annotated[PublishQuery, Query()],
    key: Editor,
    retry: Retry,
    request: Request,
) -> Response:
    """The changeset becomes the next release, or nothing happens at all.

    Publishing takes a publisher's key and `DIRECT_PUBLISHING`; without it, open a proposal. A dry run is for editors.
    """
    engine, settings = request.app.state.engine, request.app.state.settings
    changeset, gate = submission.changeset(key.holder), settings.lint_gate
    if query.dry_run:
        return Answer(200, trial(engine, changeset, gate, request.app.state.today())).response()
    permit(key, "publisher")
    may_publish_alone(settings)
    return once(engine, key, retry, lambda session: publish_submission(session, changeset, gate)).response()


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
    return present(reading.session, [release])[0]


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
