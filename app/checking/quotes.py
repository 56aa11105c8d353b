"""Quotes found again: contiguous and verbatim in their plan's text, under their section."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.faults import Said
from app.provenance import normalised
from app.seed import Seed

# What may become of a quote, and how that is said in Chinese.
Result = Literal["exact", "not found", "no text"]
RESULTS: dict[Result, str] = {"exact": "原文相符", "not found": "原文未找到", "no text": "没有全文可查"}

NO_TEXT = Said(
    "The plan's text is not in that folder: see text_file of the plan.",
    "该文件夹中没有此规划的文本，见规划的 text_file。",
)


@dataclass(frozen=True)
class Finding:
    """What became of one field's quote."""

    pointer: str
    kind: str
    slug: str
    field: str
    result: Result
    said: Said | None = None


def refind(seed: Seed, texts: Path) -> Iterator[Finding]:
    """One finding for each field that each source of the seed speaks for.

    A quote is exact if it stands in its plan's text, contiguous and verbatim (white space and pinyin groups
    apart), after the headings of its section, each after the one before.
    """
    text_of = {
        document["slug"]: _text(texts / str(document.get("text_file")))
        for document in seed.documents
        if document["kind"] == "plans" and document.get("slug")
    }
    for number, document in enumerate(seed.documents):
        sources = document.get("sources")
        for place, source in enumerate(sources if isinstance(sources, list) else []):
            if isinstance(source, dict):
                pointer = f"/documents/{number}/sources/{place}"
                yield from _of_source(pointer, document, source, text_of)


def _text(file: Path) -> str | None:
    return normalised(file.read_text(encoding="utf-8")) if file.is_file() else None


def _of_source(
    pointer: str, document: dict[str, Any], source: dict[str, Any], text_of: dict[str, str | None]
) -> Iterator[Finding]:
    text = text_of.get(str(source.get("plan")))
    said = NO_TEXT if text is None else look_up(text, str(source.get("section")), str(source.get("quote")))
    result: Result = "no text" if text is None else "exact" if said is None else "not found"
    fields = source.get("fields")
    for field in fields if isinstance(fields, list) else []:
        yield Finding(pointer, str(document["kind"]), str(document.get("slug")), str(field), result, said)


def look_up(text: str, section: str, quote: str) -> Said | None:
    """None if the quote stands in the normalised text under its section, else what is wrong."""
    place = 0
    for heading in section.split(" / "):
        found = text.find(normalised(heading), place)
        if found < 0:
            return Said(
                f"The section's part “{heading}” is not found in the plan at that place.",
                f"规划中该处没有章节“{heading}”。",
            )
        place = found
    if text.find(normalised(quote), place) >= 0:
        return None
    if normalised(quote) in text:
        return Said(
            "The quote stands in the plan, but not under this section.", "原文在规划中，但不在所注章节之下。"
        )
    return Said("The quote is not found in the plan.", "规划中没有这段原文。")
