"""A rule in another system's language, with the facts that the expression needs."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from app.eligibility.expressions import Language, express
from app.facts.models import FactVersion
from app.queries import ReadQuery
from app.rules.books import entry
from app.rules.models import RuleVersion, engine_fact, facts_of
from app.versioning import At, in_force_by_slug


class ExpressionQuery(ReadQuery):
    """Which language, and when."""

    language: Language = Field("zh", title="语言", description="cel, sql, jsonlogic, zh or en")


class Expression(BaseModel):
    """A rule as an expression."""

    model_config = ConfigDict(title="规则表达式")

    rule: str = Field(title="规则", description="Slug of the rule")
    version: int = Field(title="版本", description="Its version")
    language: Language = Field(title="语言", description="The language of the expression")
    expression: str | dict[str, Any] = Field(
        title="表达式",
        description="Text; for JSON Logic {holds, fails}, both false where the answer is unknown",
    )
    facts: list[str] = Field(
        title="所用事实", description="Names of the facts it looks at: keys, or columns in SQL"
    )


def expression(session: Session, at: At, row: RuleVersion, language: Language) -> Expression:
    """The rule in a language, by the facts in force."""
    slugs = facts_of(row)
    facts = in_force_by_slug(session, FactVersion, slugs, at)
    by_slug = {slug: engine_fact(fact) for slug, fact in facts.items()}
    said = express(entry(row).rule, by_slug, language)
    return Expression(rule=row.slug, version=row.version, language=language, expression=said, facts=slugs)
