"""Where values come from: sources with verbatim quotes, and the rule that no value goes without one."""

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.faults import Fault, Said, pointer
from app.versioning import Content, Name, Slug, Text

# The only normalisation under which quotes are compared with a plan's text: the pinyin groups that a scraper
# left behind, and white space.
PINYIN_GROUP = re.compile(r"\([a-zA-Zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]+\)")
WHITE_SPACE = re.compile(r"\s+")


class Source(BaseModel):
    """Plan, section and verbatim quote that one or more fields' values were taken from."""

    model_config = ConfigDict(extra="forbid", title="出处")

    plan: Slug = Field(title="规划", description="Slug of the plan quoted from")
    section: Name = Field(
        title="章节", description="Path of headings as printed, from the outside in, separated by ' / '"
    )
    quote: Text = Field(title="原文", description="Contiguous, verbatim words of the plan")
    reading: Text | None = Field(
        None, title="校读", description="The quote in clean simplified characters where the text is damaged"
    )
    fields: list[Name] = Field(
        min_length=1,
        title="所证字段",
        description="The fields of this resource whose values the quote carries",
    )
    basis: Literal["stated", "named", "defined", "derived"] = Field(
        "stated",
        title="依据",
        description="stated: the text says it; named: read out of the service's own name or its domain's goal; "
        "defined: a definition in the plan; derived: computed by us, see derivation",
    )
    derivation: Text | None = Field(
        None, title="推算方法", description="How a derived value follows from the quote; null unless derived"
    )


def normalised(text: str) -> str:
    return WHITE_SPACE.sub("", PINYIN_GROUP.sub("", text))


def is_null(value: object) -> bool:
    return value is None or value == []


def not_stated(content: Content) -> list[str]:
    """The fields on which the plan is silent."""
    return [field for field in content.cites if is_null(getattr(content, field))]


def uncited(content: Content) -> Iterator[Fault]:
    """What keeps a document from being publishable: a value without a quote, or not in it."""
    sources: list[Source] = getattr(content, "sources", [])
    for number, source in enumerate(sources):
        if (source.basis == "derived") != (source.derivation is not None):
            yield _fault(
                ["sources", number, "derivation"],
                "A derived value needs a derivation, and only a derived one has one.",
                "推算得出的值须写明推算方法，其他依据不得填写。",
            )
        for place, field in enumerate(source.fields):
            if field not in (*content.cites, *content.may_cite):
                yield _fault(
                    ["sources", number, "fields", place],
                    f"Not a field that has sources here; these are: {', '.join(content.cites)}.",
                    f"该字段无需出处，可填：{'、'.join(content.cites)}。",
                )
    for field in content.cites:
        value = getattr(content, field)
        # That something is not so, such as not standing in a list, has no words to quote.
        if not is_null(value) and value is not False:
            # A slug or a code stands for the words; it is not among them.
            parts = value if isinstance(value, list) else [value]
            wordings = [part for part in parts if isinstance(part, str)]
            if field in (*content.refers, *content.coded):
                wordings = []
            yield from _unsupported(field, wordings, [s for s in sources if field in s.fields])


def _unsupported(field: str, wordings: list[str], sources: list[Source]) -> Iterator[Fault]:
    if not sources:
        yield _fault(
            [field],
            "A value without a source does not load: quote the plan, or leave the field out.",
            "没有出处的值不予收录：请引用规划原文，或删去该项。",
        )
        return
    said = [
        s for source in sources if source.basis != "derived" for s in (source.quote, source.reading or "")
    ]
    texts = [normalised(text) for text in said]
    if texts and not all(any(normalised(wording) in text for text in texts) for wording in wordings):
        yield _fault(
            [field],
            "The value is not contained in any of its quotes; if it is derived, say how.",
            "该值不在任何所引原文之内；如系推算，请写明推算方法。",
        )


def _fault(path: list[str | int], en: str, zh: str) -> Fault:
    return Fault(Said(en, zh), pointer=pointer(path))
