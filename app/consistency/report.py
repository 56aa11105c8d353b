"""The contradictions of a seed, said with file and line: a person decides what they are."""

from collections.abc import Iterator

from pydantic import ValidationError

from app.catalogue import KINDS
from app.consistency.checks import contradictions
from app.consistency.findings import Finding, recorded_by
from app.discrepancies.models import DiscrepancyContent
from app.faults import Language, Said
from app.seed import Seed
from app.versioning import Content

HAS_FIGURES = ("plans", "services", "standards", "indicators", "programmes", "discrepancies")


def report(seed: Seed, language: Language) -> Iterator[str]:
    """What does not come out in a seed without faults and no discrepancy says yet; then how much there is."""
    contents = _contents(seed)
    discrepancies = [content for content in contents if isinstance(content, DiscrepancyContent)]
    places = {(str(d["kind"]), str(d.get("slug"))): f"/documents/{n}" for n, d in enumerate(seed.documents)}
    found = contradictions(contents)
    unrecorded = [finding for finding in found if not recorded_by(finding, discrepancies)]
    for finding in unrecorded:
        yield from _lines(finding, seed, places, language)
    if found:
        recorded = len(found) - len(unrecorded)
        yield Said(
            f"contradictions: {recorded} recorded, {len(unrecorded)} not recorded",
            f"矛盾：已记录{recorded}处，未记录{len(unrecorded)}处",
        ).to(language)


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
) -> Iterator[str]:
    by_document = {statement.document: statement for statement in reversed(finding.statements)}
    at = []
    for document in finding.documents:
        field = by_document[document].field.replace(".", "/")
        file, line = seed.place(f"{places[document]}/{field}")
        at.append((f"{file}:{line}", "/".join(document)))
    (place, name), *others = at
    warning = Said("warning", "警告").to(language)
    yield f"{place}: {warning}: {finding.type}: {name}: {finding.said.to(language)}"
    yield from (f"    {place}: {name}" for place, name in others)
    yield from (f"    “{quote}”" for quote in finding.quotes)
