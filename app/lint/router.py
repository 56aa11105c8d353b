"""The report over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from app.lint.models import LintFinding, LintQuery
from app.paging import Page, sliced
from app.problems import responses
from app.reading import Reader

router = APIRouter(prefix="/v1/lint", tags=["catalogue"])


@router.get(
    "", operation_id="lintCatalogue", summary="List what needs looking at (数据检查)", responses=responses()
)
def lint_catalogue(
    query: Annotated[LintQuery, Query()], reading: Reader, request: Request
) -> Page[LintFinding]:
    """Findings on a day, what weighs most first: broken references, rules that nobody can meet, gaps, what is out of
    date. Also those that begin later, when a version that is published already takes effect. Filters are combined
    with AND.
    """
    at = reading.at(query)
    found = request.app.state.reports.get(reading.session, at, query.plan)
    wanted = query.model_dump(include={"kind", "severity", "code"}, exclude_none=True)
    items = [one for one in found if all(getattr(one, name) == value for name, value in wanted.items())]
    return sliced(reading, items, at, query)
