"""How much of a plan's text is quoted: its sentences with a figure or a claim, and which of them nothing quotes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.faults import Fault, Said
from app.indexing import plain
from app.plans.models import TextCoverage
from app.provenance import normalised
from app.seed import Seed

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
