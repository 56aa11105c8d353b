"""Changesets: what is to be published together, and what can be said of them without a database."""

import re
from collections.abc import Iterator
from math import isfinite
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.catalogue import KINDS
from app.faults import Fault, Said, pointer, said_by_pydantic
from app.provenance import uncited
from app.queries import Day
from app.versioning import AnySlug, Content, Name, Row, Text

SURROGATE = re.compile("[\ud800-\udfff]")
LARGEST = 2**31 - 1
TOO_LARGE = Said(
    f"Should be an integer from {-LARGEST - 1} to {LARGEST}.", f"应为 {-LARGEST - 1} 至 {LARGEST} 的整数。"
)


class Withdrawal(BaseModel):
    """Ends a resource from a day on."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    slug: AnySlug
    valid_from: Day
    reason: Text


class Changeset(BaseModel):
    """What is to be published together: documents (each with its `kind`), and withdrawals.

    `base_release` is the release that the author worked from: whatever of this changeset another release has
    touched since is a conflict. A `standing` changeset describes all that its publisher stands for, as a folder
    of files does: what that publisher said last is not said again, so that a correction by somebody else stays.
    """

    model_config = ConfigDict(extra="forbid")

    message: Text
    publisher: Name
    base_release: Annotated[int, Field(ge=0)]
    documents: list[dict[str, Any]] = []
    withdrawals: list[dict[str, Any]] = []
    standing: bool = False
    digest: str | None = None


# Each with its place in the changeset.
Documents = list[tuple[int, Content]]
Withdrawals = list[tuple[int, Withdrawal]]
# The newest version of each resource that a changeset touches, by kind and slug.
Newest = dict[tuple[str, str], Row]


class Checked(NamedTuple):
    """A changeset, what it holds as far as that can be read, and all that is wrong with it by itself.

    `unread` are the kinds and slugs of documents that cannot be read: what hangs on them cannot be judged yet.
    """

    changeset: Changeset
    documents: Documents
    withdrawals: Withdrawals
    unread: set[tuple[str, str]]
    faults: list[Fault]


def check(changeset: Changeset) -> Checked:
    """Reads the documents and withdrawals; whether they fit what is published is not looked at."""
    documents, unread, faults = _validated(changeset)
    withdrawals, more = _validated_withdrawals(changeset)
    unstorable = _unstorable(changeset.model_dump())
    faults = [*faults, *more, *unstorable, *_named_twice(documents, withdrawals)]
    return Checked(changeset, documents, withdrawals, unread, faults)


def key_of(content: Content) -> tuple[str, str]:
    return content.kind, content.slug


def _unstorable(value: object, path: tuple[str | int, ...] = ()) -> Iterator[Fault]:
    """What a database cannot keep, or what would come out of it as something else."""
    if isinstance(value, str):
        if "\x00" in value or (not value.isascii() and SURROGATE.search(value)):
            yield Fault(
                Said(
                    "Holds a character that is none: NUL, or half of one.",
                    "含有无效字符（NUL 或不完整的字符）。",
                ),
                pointer(path),
            )
    elif isinstance(value, float):
        if not isfinite(value):
            yield Fault(Said("Should be a finite number.", "应为有限的数。"), pointer(path))
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _unstorable(part, (*path, name))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _unstorable(part, (*path, place))


def _beyond_storage(content: Content) -> Iterator[str]:
    """The fields with an integer that not both databases can keep."""
    for field, value in content:
        if type(value) is int and not -LARGEST - 1 <= value <= LARGEST:
            yield field


def _validated(changeset: Changeset) -> tuple[Documents, set[tuple[str, str]], list[Fault]]:
    documents: Documents = []
    unread: set[tuple[str, str]] = set()
    faults: list[Fault] = []
    for number, document in enumerate(changeset.documents):
        place = f"/documents/{number}"
        fields = dict(document)
        kind = KINDS.get(str(fields.pop("kind", "")))
        if kind is None:
            known = ", ".join(KINDS)
            nouns = "、".join(f"{name}（{one.content.noun.zh}）" for name, one in KINDS.items())
            faults.append(
                Fault(Said(f"Should be one of: {known}.", f"应为以下之一：{nouns}。"), f"{place}/kind")
            )
            continue
        try:
            content = kind.content.model_validate(fields)
        except ValidationError as error:
            faults += [Fault(said_by_pydantic(e), place + pointer(e["loc"])) for e in error.errors()]
            unread.add((kind.content.kind, str(fields.get("slug"))))
            continue
        faults += [Fault(fault.said, f"{place}{fault.pointer}") for fault in uncited(content)]
        faults += [Fault(TOO_LARGE, f"{place}/{field}") for field in _beyond_storage(content)]
        documents.append((number, content))
    return documents, unread, faults


def _validated_withdrawals(changeset: Changeset) -> tuple[Withdrawals, list[Fault]]:
    withdrawals: Withdrawals = []
    faults: list[Fault] = []
    for number, entry in enumerate(changeset.withdrawals):
        try:
            withdrawals.append((number, Withdrawal.model_validate(entry)))
        except ValidationError as error:
            place = f"/withdrawals/{number}"
            faults += [Fault(said_by_pydantic(e), place + pointer(e["loc"])) for e in error.errors()]
    return withdrawals, faults


def _named_twice(documents: Documents, withdrawals: Withdrawals) -> Iterator[Fault]:
    for list_name, named in (
        ("documents", [(number, key_of(content)) for number, content in documents]),
        ("withdrawals", [(number, (ended.kind, ended.slug)) for number, ended in withdrawals]),
    ):
        first: dict[tuple[str, str], int] = {}
        for number, key in named:
            if key in first:
                yield Fault(
                    Said(
                        f"The same slug stands at /{list_name}/{first[key]} already.",
                        f"与 /{list_name}/{first[key]} 的标识重复。",
                    ),
                    f"/{list_name}/{number}/slug",
                )
            first.setdefault(key, number)
