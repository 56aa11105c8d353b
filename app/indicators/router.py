"""Indicators over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.errors import NotFound
from app.indicators.models import IN_PLAN_ORDER, Indicator, IndicatorQuery, IndicatorVersion, present
from app.mementos.gate import ONE, TimeGate
from app.paging import Page, history
from app.problems import responses
from app.queries import ListQuery, ReadQuery
from app.reading import Reader, SlugInPath, VersionInPath
from app.sheets.answer import page_or_file
from app.versioning import pinned

router = APIRouter(prefix="/v1/indicators", tags=["indicators"])


@router.get(
    "",
    operation_id="listIndicators",
    summary="List indicators (发展指标列表)",
    response_model=Page[Indicator],
    responses=responses(),
)
def list_indicators(query: Annotated[IndicatorQuery, Query()], reading: Reader) -> Page[Indicator] | Response:
    """The indicators in force, plan by plan in the order of the text. Filters are combined with AND."""
    at = reading.at(query)
    return page_or_file(
        reading, at, query, IndicatorVersion, present, query.where(reading.session, at), IN_PLAN_ORDER
    )


@router.get(
    "/{slug}",
    operation_id="getIndicator",
    summary="Get one indicator (发展指标)",
    responses=ONE,
)
def get_indicator(slug: SlugInPath, query: Annotated[ReadQuery, Query()], reading: TimeGate) -> Indicator:
    """The version of one indicator that applies on the day."""
    at, row = reading.current(IndicatorVersion, slug, query)
    return present(reading.session, at, [row])[0]


@router.get(
    "/{slug}/versions",
    operation_id="listIndicatorVersions",
    summary="List the versions of an indicator (发展指标版本)",
    responses=responses(NotFound),
)
def list_indicator_versions(
    slug: SlugInPath, query: Annotated[ListQuery, Query()], reading: Reader
) -> Page[Indicator]:
    """Every version of one indicator up to the release, newest first, withdrawals included."""
    at = reading.at(query)
    listing = history(reading, IndicatorVersion, slug, at, query)
    return listing.page(present(reading.session, at, listing.rows))


@router.get(
    "/{slug}/versions/{version}",
    operation_id="getIndicatorVersion",
    summary="Get one version of an indicator (发展指标某一版本)",
    responses=responses(NotFound),
)
def get_indicator_version(
    slug: SlugInPath, version: VersionInPath, query: Annotated[ReadQuery, Query()], reading: Reader
) -> Indicator:
    """One immutable version, for ever the same; what it refers to is shown as of its own first day and release."""
    row = pinned(reading.session, IndicatorVersion, slug, version)
    at = reading.pinned_at(query, row)
    reading.link_versions("indicators", slug)
    return present(reading.session, at, [row])[0]
