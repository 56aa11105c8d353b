"""The index of the full-text search: text word by word, names in pinyin, too."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Index,
    Integer,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Session, SQLModel

from app.versioning import Content

# Up to this weight a field holds names, which are found by pinyin too and rank first when they match exactly.
NAMES = 29
BY_PINYIN, BY_INITIALS = 5, 8
WORD = re.compile(r"[a-z0-9]+|[^\W_]", re.UNICODE)

entries = Table(
    "search_entry",
    SQLModel.metadata,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),
    Column("slug", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("field", String, nullable=False),
    Column("written", String, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("whole", Text, nullable=False),
    Column("words", Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
    Index("ix_search_entry_kind_slug_version", "kind", "slug", "version"),
)


@cache
def _simplifier() -> Any:  # noqa: ANN401 - OpenCC has no types; loaded on first use, it takes a while
    from opencc import OpenCC

    return OpenCC("t2s")


def plain(written: str) -> str:
    """Simplified characters, no full-width letters, lower case: the form in which texts are compared."""
    simplified: str = _simplifier().convert(unicodedata.normalize("NFKC", written).casefold())
    return simplified


def words(written: str) -> list[str]:
    """One word per Chinese character, one per run of ASCII letters and digits."""
    return WORD.findall(plain(written))


# Places whose characters are read in another way than pypinyin takes them.
READINGS = {
    "什邡": "shi fang", "六合区": "lu he qu", "单县": "shan xian", "洪洞": "hong tong", "浚县": "xun xian",
    "涡阳": "guo yang", "筠连": "jun lian", "荥经": "ying jing", "覃塘": "qin tang", "郫都": "pi du",
    "长垣": "chang yuan", "长寿区": "chang shou qu", "市长寿区": "shi chang shou qu", "长治": "chang zhi",
    "长葛": "chang ge",
}  # fmt: skip


@cache
def _reader() -> Any:  # noqa: ANN401 - loaded on first use, like the simplifier
    import pypinyin

    pypinyin.load_phrases_dict({name: [[s] for s in read.split()] for name, read in READINGS.items()})
    return pypinyin


def pinyin(name: str) -> list[str]:
    """The syllables of a name, as its characters are usually read."""
    reader = _reader()
    syllables = reader.lazy_pinyin(plain(name), style=reader.Style.NORMAL, errors="ignore")
    return [syllable for syllable in syllables if syllable.isascii() and syllable.isalpha()]


def _endings(parts: Sequence[str]) -> list[str]:
    return ["".join(parts[start:]) for start in range(len(parts))]


def index(session: Session, contents: Iterable[tuple[Content, int]]) -> None:
    """Adds the entries of new versions; belongs into the transaction that publishes them."""
    dialect = session.get_bind().dialect
    rows = [
        {
            "kind": content.kind,
            "slug": content.slug,
            "version": version,
            "field": field,
            "written": written,
            "weight": weight,
            "text": found,
            "whole": "".join(found_words) if written == "text" else found_words[0],
            "words": _stored(found_words, dialect),
        }
        for content, version in contents
        for field, written, weight, found, found_words in _entries(content)
        if found_words
    ]
    if rows:
        session.execute(entries.insert(), rows)


def _entries(content: Content) -> Iterable[tuple[str, str, int, str, list[str]]]:
    for field, weight in content.searched.items():
        value = getattr(content, field)
        for found in value if isinstance(value, list) else [value]:
            if found is None:
                continue
            yield field, "text", weight, found, words(found)
            if weight <= NAMES:
                syllables = pinyin(found)
                yield field, "pinyin", weight + BY_PINYIN, found, _endings(syllables)
                yield field, "initials", weight + BY_INITIALS, found, _endings([s[0] for s in syllables])


def _stored(found: Sequence[str], dialect: Dialect) -> str:
    if dialect.name == "postgresql":
        return " ".join(f"'{word}':{place}" for place, word in enumerate(found[:16_000], start=1))
    return " ".join(found)
