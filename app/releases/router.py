"""Releases over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.errors import Conflict, Forbidden, NotFound, TooLarge, TooMany, Unauthorized, responses
from app.keys.access import Editor
from app.keys.models import permit
from app.limits import limited
from app.paging import Page, cut
from app.reading import CHINA, ListQuery, NoQuery, PageQuery, Reader
from app.releases.models import NEWEST_FIRST, Change, ReleaseDocument, brought_by, find, present, up_to
from app.releases.submission import (
    LARGEST,
    Publication,
    PublishQuery,
    Submission,
    may_publish_alone,
    publish_submission,
    trial,
)
from app.replay import Retry, once
from app.versioning import At

router = APIRouter(prefix="/v1/releases", tags=["releases"])

NumberInPath = Annotated[
    int, Path(title="发布号", description="Number of the release, from 1", ge=1, le=2**31 - 1)
]


@router.get("", operation_id="listReleases", summary="List releases (发布列表)", responses=responses())
def list_releases(query: Annotated[ListQuery, Query()], reading: Reader) -> Page[ReleaseDocument]:
    """All releases up to the one asked for, newest first."""
    at = reading.at(query)
    lines, total, following = cut(reading, up_to(at.release), NEWEST_FIRST, at, query)
    items = present(reading.session, [line[0] for line in lines])
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
    engine, changeset = request.app.state.engine, submission.changeset(key.holder)
    if query.dry_run:
        return trial(engine, changeset).response()
    permit(key, "publisher")
    may_publish_alone(request.app.state.settings)
    return once(engine, key, retry, lambda session: publish_submission(session, changeset)).response()


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
    change = brought_by(number)
    lines, total, following = cut(
        reading, change.select(), [change.c.place, change.c.slug, change.c.version], at, query
    )
    items = [
        Change(
            kind=line.kind,
            slug=line.slug,
            version=line.version,
            change="withdrawn" if line.withdrawn else "added" if line.version == 1 else "revised",
            valid_from=line.valid_from,
            note=line.withdrawn_because if line.withdrawn else line.change_note,
            href=f"/v1/{line.kind}/{line.slug}/versions/{line.version}",
        )
        for line in lines
    ]
    return Page(items=items, total=total, on=at.on, release=at.release, next=following)
