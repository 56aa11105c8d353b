"""Checking a folder of seed files beyond what publishing checks: counts that a plan claims, quotes in its text."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from app.database import create
from app.errors import Invalid
from app.faults import Fault, Said
from app.indexing import plain
from app.lint.gate import Gate
from app.migrating import migrate
from app.plans.models import TextCoverage
from app.provenance import normalised
from app.publishing import publish
from app.seed import Seed


def check_seed(
    seed: Seed, plans: Path | None, say: Callable[[str], None], gate: Gate, *, values: bool, uncited: bool
) -> list[Fault]:
    """What publishing the seed into an empty database would refuse, and what its counts and quotes get wrong."""
    faults: list[Fault] = list(miscounted(seed))
    with TemporaryDirectory() as scratch:
        engine = create(f"sqlite:///{scratch}/check.db")
        migrate(engine)
        try:
            changeset = seed.changeset(message="check", publisher="check", base_release=0)
            publish(engine, changeset, gate=gate, searchable=False)
        except Invalid as problem:
            faults += problem.faults
        engine.dispose()
    if plans is not None:
        faults += _check_quotes(seed, plans, say, values=values, uncited=uncited)
    return faults


def _check_quotes(
    seed: Seed, plans: Path, say: Callable[[str], None], *, values: bool, uncited: bool
) -> Iterator[Fault]:
    findings = list(refind(seed, plans))
    yield from (Fault(f.said, f.pointer) for f in findings if f.said is not None)
    if values:
        for finding in findings:
            say(f"{finding.result:<9}  {finding.kind}/{finding.slug}  {finding.field}")
    yield from miscovered(seed, plans)
    for plan, counted in text_coverage(seed, plans).items():
        say(
            f"{plan}: {counted.figure_sentences_quoted} of {counted.figure_sentences} sentences with a figure "
            f"quoted, {counted.claim_sentences_quoted} of {counted.claim_sentences} with a claim"
        )
    if uncited:
        for plan, found in sentences(seed, plans).items():
            for said in found:
                if not said.quoted:
                    say(f"{plan}: line {said.line}: {said.text}")
    for result in ("exact", "not found", "no text"):
        say(f"quotes {result}: {sum(finding.result == result for finding in findings)}")


def miscounted(seed: Seed) -> Iterator[Fault]:
    """Domains whose plan claims another number of services than the seed lists for them."""
    listed = Counter(
        document.get("domain")
        for document in seed.documents
        if document["kind"] == "services" and document.get("listed") is True
    )
    for number, document in enumerate(seed.documents):
        claimed = document.get("claimed_count")
        if document["kind"] == "domains" and claimed is not None and claimed != listed[document.get("slug")]:
            found = listed[document.get("slug")]
            yield Fault(
                Said(
                    f"The plan claims {claimed} services here, the seed lists {found}.",
                    f"规划称共计{claimed}项，数据中列有{found}项。",
                ),
                f"/documents/{number}/claimed_count",
            )


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
    result: Literal["exact", "not found", "no text"]
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
    result: Literal["exact", "not found", "no text"] = (
        "no text" if text is None else "exact" if said is None else "not found"
    )
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


# A sentence ends at a full stop, a semicolon, a line's end or a table's bar.
SENTENCE = re.compile(r"[^。；;|\n]+")
# The number of a heading or of an entry in a list says nothing by itself.
ENUMERATOR = re.compile(r"^(?:[(（][0-9一二三四五六七八九十]+[)）]|[0-9]{1,2}(?:[.、．]|$)|0[0-9](?=\D))")
FIGURE = re.compile(r"[0-9０-９]|百分之|[一二三四五六七八九十两]+(?:个|项|所|家|次|年|倍|成)")
CLAIM = re.compile(
    r"免费|免除|补贴|补助|救助|资助|奖励|扶助|抚恤|优待|优先|享受|给予|发放|减免|报销|应保尽保|应救尽救|人人享有|全覆盖"
    r"|全部纳入|覆盖(?:全民|所有|全体)|符合条件|确保|保障.{0,12}(?:权利|权益|生活)|对.{1,20}(?:提供|实施|实行|开展)"
)


@dataclass(frozen=True)
class Sentence:
    """One sentence of a plan's text that has a figure, or a word of a claim, in it."""

    line: int
    text: str
    figure: bool
    claim: bool
    quoted: bool


def sentences(seed: Seed, texts: Path) -> dict[str, list[Sentence]]:
    """For each plan with a text: its sentences with a figure or a claim, and whether some quote touches them.

    A file that holds two plans is one text, for both.
    """
    file_of = {
        str(document.get("slug")): str(document["text_file"])
        for document in seed.documents
        if document["kind"] == "plans" and document.get("text_file")
    }
    quotes: dict[str, set[str]] = {name: set() for name in file_of.values()}
    for document in seed.documents:
        for source in document.get("sources") or []:
            if name := file_of.get(str(source.get("plan"))):
                quotes[name].add(normalised(str(source.get("quote"))))
    found = {
        name: list(_sentences(lines, quotes[name])) for name in quotes if (lines := _lines(texts / name))
    }
    return {plan: found[name] for plan, name in file_of.items() if name in found}


def _lines(file: Path) -> list[str]:
    if not file.is_file():
        return []
    return [normalised(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _sentences(lines: list[str], quotes: set[str]) -> Iterator[Sentence]:
    whole = "".join(lines)
    touched = bytearray(len(whole))
    for quote in quotes:
        at = whole.find(quote)
        while quote and at >= 0:
            touched[at : at + len(quote)] = b"\x01" * len(quote)
            at = whole.find(quote, at + 1)
    place = 0
    for number, line in enumerate(lines, 1):
        for found in SENTENCE.finditer(line):
            words = plain(ENUMERATOR.sub("", found[0]))
            figure, claim = bool(FIGURE.search(words)), bool(CLAIM.search(words))
            if figure or claim:
                quoted = any(touched[place + found.start() : place + found.end()])
                yield Sentence(number, found[0], figure, claim, quoted)
        place += len(line)


def text_coverage(seed: Seed, texts: Path) -> dict[str, TextCoverage]:
    """For each plan with a text: how many of its sentences with a figure or a claim some quote touches."""
    return {
        plan: TextCoverage(
            figure_sentences=sum(said.figure for said in found),
            figure_sentences_quoted=sum(said.figure and said.quoted for said in found),
            claim_sentences=sum(said.claim for said in found),
            claim_sentences_quoted=sum(said.claim and said.quoted for said in found),
        )
        for plan, found in sentences(seed, texts).items()
    }


def miscovered(seed: Seed, texts: Path) -> Iterator[Fault]:
    """Plans whose `text_coverage` is not what is counted."""
    counted = text_coverage(seed, texts)
    for number, document in enumerate(seed.documents):
        if document["kind"] != "plans" or document.get("text_coverage") is None:
            continue
        found = counted.get(str(document.get("slug")))
        if found is not None and found.model_dump() != document["text_coverage"]:
            yield Fault(
                Said(f"Counted anew: {found.model_dump()}.", f"重新统计为：{found.model_dump()}。"),
                f"/documents/{number}/text_coverage",
            )
