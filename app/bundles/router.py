"""Bundles over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from app.bundles.models import Bundle, BundleQuery, bundle
from app.problems import responses
from app.reading import Reader
from app.regions.models import Code
from app.rules.books import Rulebooks
from app.versioning import At, check_release

router = APIRouter(prefix="/v1/bundles", tags=["eligibility"])


@router.get(
    "/{region}",
    operation_id="getBundle",
    summary="Get all that a device needs to decide offline (离线包)",
    responses=responses(),
)
def get_bundle(
    region: Annotated[Code, Path(title="行政区划", description="Where the people live")],
    query: Annotated[BundleQuery, Query()],
    request: Request,
    reading: Reader,
) -> Bundle:
    """Facts, rules and services in force for a region; with `since`, what to change in the bundle of that release."""
    at = reading.at(query)
    books: Rulebooks = request.app.state.rulebooks
    base = None
    if query.since is not None:
        before = At(at.on, check_release(reading.session, query.since))
        base = query.since, books.get(reading.session, before, region)
    return bundle(reading.session, at, region, books.get(reading.session, at, region), base)
