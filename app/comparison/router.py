"""Comparison over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.comparison.compare import compare, floors
from app.comparison.models import ComparisonQuery, ConceptComparison, FloorQuery, Floors
from app.problems import responses
from app.reading import Reader

router = APIRouter(prefix="/v1", tags=["comparison"])


@router.get(
    "/compare",
    operation_id="compareConcept",
    summary="Compare one benefit in several regions (区域对比)",
    responses=responses(),
)
def compare_concept(query: Annotated[ComparisonQuery, Query()], reading: Reader) -> ConceptComparison:
    """Services, standards and rules side by side; amounts in one unit and period, with what was converted."""
    at = reading.at(query)
    return compare(reading.session, at, query.concept, query.regions.split(","))


@router.get(
    "/standards/floors",
    operation_id="checkFloors",
    summary="Check a region's standards against those above it (底线核对)",
    responses=responses(),
)
def check_floors(query: Annotated[FloorQuery, Query()], reading: Reader) -> Floors:
    """Each standard of a region beside the comparable ones of its ancestors, where both exist."""
    at = reading.at(query)
    return floors(reading.session, at, query.region)
