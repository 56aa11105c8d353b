"""The contradictions of a seed, said with file and line: a person decides what they are."""

from typing import NamedTuple

from pydantic import ValidationError

from app.catalogue import KINDS
from app.consistency.checks import contradictions
from app.consistency.findings import Finding, recorded_by
from app.discrepancies.models import DiscrepancyContent
from app.errors import Language, Said
from app.seed import Seed
from app.versioning import Content

HAS_FIGURES = ("plans", "services", "standards", "indicators", "programmes", "discrepancies")


class Report(NamedTuple):
    """What is not recorded yet, line by line, and how much is."""

    lines: list[str]
    recorded: int
    unrecorded: int

    def summary(self) -> Said:
        return Said(
            f"contradictions: {self.recorded} recorded, {self.unrecorded} not recorded",
            f"矛盾：已记录{self.recorded}处，未记录{self.unrecorded}处",
        )


def report(seed: Seed, language: Language) -> Report:
    """Recomputes the figures of a seed that has no faults."""
    contents = list(_contents(seed))
    discrepancies = [content for content in contents if isinstance(content, DiscrepancyContent)]
    places = {(str(d["kind"]), str(d.get("slug"))): f"/documents/{n}" for n, d in enumerate(seed.documents)}
    lines: list[str] = []
    recorded = unrecorded = 0
    for finding in contradictions(contents):
        if recorded_by(finding, discrepancies):
            recorded += 1
        else:
            unrecorded += 1
            lines += _lines(finding, seed, places, language)
    return Report(lines, recorded, unrecorded)


def _contents(seed: Seed) -> list[Content]:
    found: list[Content] = []
    for document in seed.documents:
        if document["kind"] in HAS_FIGURES:
            fields = {name: value for name, value in document.items() if name != "kind"}
            try:
                found.append(KINDS[document["kind"]].content.model_validate(fields))
            except ValidationError:
                continue  # a fault that is told elsewhere
    return found


def _lines(
    finding: Finding, seed: Seed, places: dict[tuple[str, str], str], language: Language
) -> list[str]:
    by_document = {statement.document: statement for statement in finding.statements}
    at = []
    for document, statement in by_document.items():
        file, line = seed.place(f"{places[document]}/{statement.field.replace('.', '/')}")
        at.append((f"{file}:{line}", "/".join(document)))
    warning = Said("warning", "警告").to(language)
    also = "".join(f"\n    {place}: {name}" for place, name in at[1:])
    quoted = "".join(f"\n    “{quote}”" for quote in finding.quotes)
    return [
        f"{at[0][0]}: {warning}: {finding.type}: {at[0][1]}: {finding.said.to(language)}{also}{quoted}"
    ]
