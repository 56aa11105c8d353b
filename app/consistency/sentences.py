"""Sums within one sentence: “… N 个,其中 A a 个、B b 个” and “A a 个、B b 个,共计 N 个”."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.consistency.amounts import Amount, amount
from app.consistency.findings import Finding
from app.consistency.statements import Statement
from app.consistency.sums import FEWEST, Parts, nearly
from app.provenance import Source
from app.versioning import Content

FIGURE = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[万亿]?(?:人次|平方米|公里|[个所名人户张套件家处项元亩]))"
)
# A total, and behind it in the same sentence what is some of it; a table's row is no sentence.
SOME_OF_IT = re.compile(r"(?P<total>[^。;；|]*?)[,，:：(（]?其中[:：,，]?(?P<parts>[^。;；|)）]*)")
TOGETHER = re.compile(r"(?P<parts>[^。;；|]*?)(?:共计|合计|总计)(?P<total>[^。;；|,，]*)")


class Place(NamedTuple):
    """Where a sentence is quoted."""

    content: Content
    sentence: str


def sums_in_sentences(contents: Iterable[Content]) -> Iterator[Finding]:
    """Totals that the parts beside them nearly make up, and do not."""
    seen: set[str] = set()
    for content in contents:
        sources: list[Source] = getattr(content, "sources", [])
        for source in sources if content.kind != "discrepancies" else ():
            quote = source.reading or source.quote
            if quote not in seen and ("其中" in quote or "计" in quote):
                seen.add(quote)
                yield from _of_quote(Place(content, quote))


def _of_quote(place: Place) -> Iterator[Finding]:
    for pattern, which in ((SOME_OF_IT, -1), (TOGETHER, 0)):
        for found in pattern.finditer(place.sentence):
            totals = [_statement(place, figure) for figure in FIGURE.finditer(found["total"])]
            if not totals:
                continue
            total = totals[which]
            parts = [_statement(place, figure) for figure in FIGURE.finditer(found["parts"])]
            alike = [part for part in parts if part.printed.unit == total.printed.unit]
            if len(alike) >= FEWEST:
                yield from nearly(Parts(total, alike))


def _statement(place: Place, figure: re.Match[str]) -> Statement:
    printed = amount(float(figure["number"]), figure[0], figure["unit"])
    assert isinstance(printed, Amount)  # noqa: S101 - a number was matched
    before = re.split(r"[、,，:：(（\d]", figure.string[: figure.start()])[-1]
    return Statement(
        kind=place.content.kind,
        slug=place.content.slug,
        field="sources",
        plan=getattr(place.content, "plan", ""),
        text_file="",
        name=before,
        population=None,
        measured=None,
        table=None,
        role="aimed",
        year=None,
        span=None,
        comparator="",
        printed=printed,
        text=figure[0],
        quotes=(place.sentence,),
        section="",
    )
