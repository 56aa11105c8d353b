"""Rules over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlmodel import col

from app.errors import Gone, NotFound
from app.mementos.gate import ONE, TimeGate
from app.paging import Page, history
from app.problems import responses
from app.queries import ListQuery, ReadQuery
from app.reading import Reader, SlugInPath, VersionInPath
from app.rules.expressions import Expression, ExpressionQuery, expression
from app.rules.models import FOUND_THROUGH, Rule, RuleQuery, RuleVersion, present
from app.sheets.answer import page_or_file
from app.versioning import in_force, pinned

router = APIRouter(prefix="/v1/rules", tags=["rules"])


@router.get(
    "",
    operation_id="listRules",
    summary="List rules (资格规则列表)",
    response_model=Page[Rule],
    responses=responses(),
)
def list_rules(query: Annotated[RuleQuery, Query()], reading: Reader) -> Page[Rule] | Response:
    """The rules in force, in the order of their services. Filters are combined with AND."""
    at = reading.at(query)
    where = query.where(reading.session, at)
    return page_or_file(
        reading, at, query, RuleVersion, present, where, [col(RuleVersion.service)], FOUND_THROUGH
    )


@router.get("/{slug}", operation_id="getRule", summary="Get one rule (资格规则)", responses=ONE)
def get_rule(slug: SlugInPath, query: Annotated[ReadQuery, Query()], reading: TimeGate) -> Rule:
    """The version of one rule that applies on the day."""
    at, row = reading.current(RuleVersion, slug, query)
    return present(reading.session, at, [row])[0]


@router.get(
    "/{slug}/versions",
    operation_id="listRuleVersions",
    summary="List the versions of a rule (资格规则版本)",
    responses=responses(NotFound),
)
def list_rule_versions(slug: SlugInPath, query: Annotated[ListQuery, Query()], reading: Reader) -> Page[Rule]:
    """Every version of one rule up to the release, newest first, withdrawals included."""
    at = reading.at(query)
    listing = history(reading, RuleVersion, slug, at, query)
    return listing.page(present(reading.session, at, listing.rows))


@router.get(
    "/{slug}/versions/{version}",
    operation_id="getRuleVersion",
    summary="Get one version of a rule (资格规则某一版本)",
    responses=responses(NotFound),
)
def get_rule_version(
    slug: SlugInPath, version: VersionInPath, query: Annotated[ReadQuery, Query()], reading: Reader
) -> Rule:
    """One immutable version, for ever the same; what it refers to is shown as of its own first day and release."""
    row = pinned(reading.session, RuleVersion, slug, version)
    at = reading.pinned_at(query, row)
    reading.link_versions("rules", slug)
    return present(reading.session, at, [row])[0]


@router.get(
    "/{slug}/expression",
    operation_id="getRuleExpression",
    summary="Get a rule in another system's language (规则表达式)",
    responses=responses(NotFound, Gone),
)
def get_rule_expression(
    slug: SlugInPath, query: Annotated[ExpressionQuery, Query()], reading: Reader
) -> Expression:
    """The whole rule, with its other readings and its open list: CEL and SQL mean exactly what the rule means
    (NULL, or a key that is not there, is unknown); JSON Logic gets two expressions, `holds` and `fails`."""
    at = reading.at(query)
    row = in_force(reading.session, RuleVersion, slug, at)
    reading.link_versions("rules", slug)
    return expression(reading.session, at, row, query.language)
