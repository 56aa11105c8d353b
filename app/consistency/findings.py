"""What the recomputing finds: statements that cannot all be true, and the arithmetic that shows it."""

from collections.abc import Iterable
from typing import NamedTuple

from app.consistency.statements import Statement
from app.discrepancies.models import Contradiction, DiscrepancyContent
from app.faults import Said

Document = tuple[str, str]


class Finding(NamedTuple):
    """One contradiction: its type, the statements, and what does not come out."""

    type: Contradiction
    statements: tuple[Statement, ...]
    said: Said

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents it is about, each once, in the order in which they are named."""
        return tuple(dict.fromkeys(statement.document for statement in self.statements))

    @property
    def quotes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(quote for statement in self.statements for quote in statement.quotes[:1]))


def recorded_by(finding: Finding, discrepancies: Iterable[DiscrepancyContent]) -> str | None:
    """The discrepancy that is about the documents of a finding already; None where there is none.

    Of several documents that hold one printed figure, one is enough; and of three figures and more, the first and
    another: not all parts of a sum need be named. About a single figure there may be several contradictions, so that
    there the type counts, too.
    """
    figures: list[list[Statement]] = []
    for statement in finding.statements:
        held = next((held for held in figures if held[0].same_figure(statement)), None)
        if held is None:
            figures.append([statement])
        else:
            held.append(statement)
    for discrepancy in discrepancies:
        touched = {(one.kind, one.slug) for one in discrepancy.touches}
        known = [any(statement.document in touched for statement in held) for held in figures]
        if len(finding.documents) == 1:
            if known[0] and discrepancy.type == finding.type:
                return discrepancy.slug
        elif all(known) or (len(known) > 2 and known[0] and any(known[1:])):  # noqa: PLR2004 - of three or more, the first and any other will do
            return discrepancy.slug
    return None
