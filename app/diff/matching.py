"""Which resource of one plan is which of another: by what they are called and what they stand for; pure.

Rounds of keys, the most telling first. What is alone on both sides under a key is the same; several services of one
concept that meet a single one were merged, and the other way round split.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

Document = dict[str, Any]
Key = Callable[[Document], Hashable]
ALIKE = 0.5
# Beyond so many pairs of names nobody is helped by guessing which is which.
MOST_PAIRS = 2500


class Match(NamedTuple):
    """What belongs together: one and one; several and one; one or none on a side."""

    before: tuple[Document, ...]
    after: tuple[Document, ...]


class Rounds(NamedTuple):
    """The keys of a kind; under `joined`, several may have become one."""

    keys: tuple[Key, ...]
    joined: Key | None = None


def by(*fields: str) -> Key:
    return lambda document: tuple(document.get(field) for field in fields)


ROUNDS = {
    "plans": Rounds((lambda _: "the one plan of each side",)),
    "domains": Rounds((by("name"),)),
    "services": Rounds((by("concept", "name", "domain"), by("concept", "name")), by("concept")),
    "rules": Rounds((by("service", "strength"), by("service"))),
    "standards": Rounds(
        (
            by("concept", "name", "measure", "population"),
            by("concept", "name"),
            by("concept", "measure", "unit", "per"),
        )
    ),
    "indicators": Rounds((by("name", "unit"), by("name"))),
    "programmes": Rounds((by("name"),)),
}


def matched(before: Sequence[Document], after: Sequence[Document], rounds: Rounds) -> list[Match]:
    """Every document in exactly one match."""
    left, right = ({one["slug"]: one for one in side} for side in (before, after))
    found: list[Match] = []

    def take(match: Match) -> None:
        found.append(match)
        for side, documents in zip((left, right), match, strict=True):
            for one in documents:
                del side[one["slug"]]

    for key in rounds.keys:
        for ones, others in _groups(left.values(), right.values(), key):
            if len(ones) == len(others):
                for one, other in zip(ones, others, strict=True):
                    take(Match((one,), (other,)))
    if rounds.joined is not None:
        for ones, others in _groups(left.values(), right.values(), rounds.joined):
            for match in _joined(ones, others):
                take(match)
        for ones, others in _groups(left.values(), right.values(), by("name")):
            if len(ones) == len(others) == 1:
                take(Match(tuple(ones), tuple(others)))
    return [
        *found,
        *(Match((one,), ()) for one in left.values()),
        *(Match((), (other,)) for other in right.values()),
    ]


def _groups(
    before: Iterable[Document], after: Iterable[Document], key: Key
) -> list[tuple[list[Document], list[Document]]]:
    """What has the same key on both sides."""
    groups: dict[Hashable, tuple[list[Document], list[Document]]] = {}
    for side, documents in enumerate((before, after)):
        for document in documents:
            groups.setdefault(key(document), ([], []))[side].append(document)
    return [group for group in groups.values() if group[0] and group[1]]


def _joined(ones: list[Document], others: list[Document]) -> list[Match]:
    if 1 in (len(ones), len(others)):
        return [Match(tuple(ones), tuple(others))]
    if len(ones) * len(others) > MOST_PAIRS:
        return []
    likeness = sorted(
        ((-_alike(one, other), i, j) for i, one in enumerate(ones) for j, other in enumerate(others)),
    )
    found, used_ones, used_others = [], set[int](), set[int]()
    for negative, i, j in likeness:
        if -negative >= ALIKE and i not in used_ones and j not in used_others:
            used_ones.add(i)
            used_others.add(j)
            found.append(Match((ones[i],), (others[j],)))
    return found


def _alike(one: Document, other: Document) -> float:
    return SequenceMatcher(None, one["name"], other["name"]).ratio()
