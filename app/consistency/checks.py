"""All checks together."""

from collections.abc import Iterable

from app.consistency.findings import Finding
from app.consistency.growth import growths, multiples
from app.consistency.names import twice
from app.consistency.sentences import sums_in_sentences
from app.consistency.shares import shares
from app.consistency.spans import year_against_years
from app.consistency.statements import statements
from app.consistency.sums import parts_of_totals, years_of_totals
from app.consistency.units import unfitting
from app.indicators.models import IndicatorContent
from app.versioning import Content

# A standard does not say whether it was read out of a table; an indicator with the same figure does.
SAID_TWICE = {"same_name_two_values", "table_against_text"}


def contradictions(contents: Iterable[Content]) -> list[Finding]:
    """What does not come out when the figures of some documents are computed anew."""
    contents = list(contents)
    figures = statements(contents)
    indicators = [content for content in contents if isinstance(content, IndicatorContent)]
    found = [
        *parts_of_totals(figures),
        *years_of_totals(figures),
        *shares(figures),
        *growths(indicators, figures),
        *multiples(indicators, figures),
        *year_against_years(figures),
        *unfitting(figures),
        *twice(figures),
        *sums_in_sentences(contents),
    ]
    return _once(found)


def _once(found: Iterable[Finding]) -> list[Finding]:
    """Each contradiction once, with all documents that hold its figures."""
    kept: list[Finding] = []
    for finding in found:
        place = next((n for n, known in enumerate(kept) if _same(known, finding)), None)
        if place is None:
            kept.append(finding)
        else:
            known = kept[place]
            statements = tuple(dict.fromkeys(known.statements + finding.statements))
            in_table = "table_against_text" in {known.type, finding.type}
            kept[place] = known._replace(
                type="table_against_text" if in_table else known.type, statements=statements
            )
    return kept


def _same(known: Finding, finding: Finding) -> bool:
    types = {known.type, finding.type}
    return (len(types) == 1 or types == SAID_TWICE) and all(
        any(statement is other or statement.same_figure(other) for other in known.statements)
        for statement in finding.statements
    )
