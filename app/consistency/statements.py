"""What plans say in figures, taken out of their documents one statement at a time."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from app.consistency.amounts import Amount, amount
from app.indexing import plain
from app.indicators.models import Figure, IndicatorContent, SeriesPoint
from app.provenance import Source, normalised
from app.standards.models import StandardContent
from app.versioning import Content

Role = Literal["observed", "aimed"]

# Words that make a name longer and mean nothing else.
FILLING = re.compile(r"[(（][^)）]*[)）]|^\d年内?|累计|新增取得|实现|开展|参加|共(?=新增)|^全[县区州省]")
COUNTED = re.compile(r"(?:人数|人次|总量|总数|数量|情况)$")


@dataclass(frozen=True)
class Statement:
    """One printed figure: of what, for when, and how it bounds what is meant."""

    kind: str
    slug: str
    field: str
    plan: str
    text_file: str
    name: str
    population: str | None
    measured: str | None  # a standard's measure, period and per: only like is compared with like
    table: str | None
    role: Role
    year: int | None
    span: str | None
    comparator: str
    printed: Amount
    text: str
    quotes: tuple[str, ...]
    section: str
    part_of: str | None = None

    @property
    def document(self) -> tuple[str, str]:
        return self.kind, self.slug

    @property
    def key(self) -> str:
        """The name in a form in which it is compared with others."""
        return key_of(self.name)

    @property
    def exact(self) -> bool:
        return self.comparator in {"equal", ""}

    def same_words(self, other: "Statement") -> bool:
        """Whether both were read out of one and the same place: an indicator and a standard may be."""
        mine, theirs = normalised("".join(self.quotes[:1])), normalised("".join(other.quotes[:1]))
        return self.plan == other.plan and (mine in theirs or theirs in mine)

    def same_figure(self, other: "Statement") -> bool:
        """Whether both are one printed figure, held twice."""
        alike = self.key[-1:] == other.key[-1:] and self.printed.agrees(other.printed)
        return alike and self.role == other.role and self.same_words(other)

    def __str__(self) -> str:
        return f"{self.name} {self.text}" + (f" ({self.year})" if self.year else "")


def key_of(name: str) -> str:
    return COUNTED.sub("", FILLING.sub("", plain(name)))


def statements(contents: Iterable[Content]) -> list[Statement]:
    """The figures of all indicators and standards that hold a number."""
    contents = list(contents)
    files = {c.slug: getattr(c, "text_file", None) or c.slug for c in contents if c.kind == "plans"}
    found: list[Statement] = []
    for content in contents:
        if isinstance(content, IndicatorContent):
            found += _of_indicator(content, files.get(content.plan, content.plan))
        elif isinstance(content, StandardContent):
            found += _of_standard(content, files.get(content.plan, content.plan))
    return found


def _of_indicator(indicator: IndicatorContent, text_file: str) -> Iterator[Statement]:
    figures: list[tuple[str, Role, Figure | SeriesPoint | None]] = [
        ("baseline", "observed", indicator.baseline),
        ("target", "aimed", indicator.target),
    ]
    figures += [(f"series.{number}", "observed", point) for number, point in enumerate(indicator.series)]
    for field, role, figure in figures:
        printed = amount(figure.value, figure.text, indicator.unit) if figure else None
        if figure is None or printed is None:
            continue
        first = field.partition(".")[0]
        yield Statement(
            kind=indicator.kind,
            slug=indicator.slug,
            field=field,
            plan=indicator.plan,
            text_file=text_file,
            name=indicator.name,
            population=None,
            measured=None,
            table=indicator.table,
            role=role,
            year=figure.year,
            span=figure.span,
            comparator=getattr(figure, "comparator", None) or "",
            printed=printed,
            text=shown(figure.text or str(figure.value), indicator.unit),
            quotes=quotes_of(indicator.sources, first, figure.text),
            section=section_of(indicator.sources, figure.text),
            part_of=indicator.part_of,
        )


def _of_standard(standard: StandardContent, text_file: str) -> Iterator[Statement]:
    printed = amount(standard.value, standard.value_text, standard.unit)
    if printed is None or standard.value_derived or standard.value_high is not None:
        return
    yield Statement(
        kind=standard.kind,
        slug=standard.slug,
        field="value",
        plan=standard.plan,
        text_file=text_file,
        name=standard.name,
        population=standard.population,
        measured=f"{standard.concept} {standard.measure} {standard.per}",
        table=None,
        role="aimed",
        year=standard.year,
        span=standard.period,
        comparator=standard.comparator,
        printed=printed,
        text=standard.value_text,
        quotes=quotes_of(standard.sources, "value", standard.value_text),
        section=section_of(standard.sources, standard.value_text),
    )


def quotes_of(sources: Iterable[Source], field: str, text: str | None) -> tuple[str, ...]:
    """The quotes that carry a field, first those in which its figure stands."""
    every = list(sources)
    carrying = [source for source in every if field in source.fields] or every
    return tuple(
        source.reading or source.quote
        for source in sorted(carrying, key=lambda source: not _prints(source, text))
    )


def section_of(sources: Iterable[Source], text: str | None) -> str:
    """The section in which a figure is printed."""
    return next((source.section for source in sources if _prints(source, text)), "")


def _prints(source: Source, text: str | None) -> bool:
    return text is not None and normalised(text) in normalised(source.reading or source.quote)


def shown(text: str, unit: str | None) -> str:
    """A figure with its unit, where the text does not print it itself."""
    return text if not unit or unit in text or not text[-1:].isdigit() else f"{text}{unit}"
