"""What is wrong with something people sent or wrote: where, in English and in Chinese, never with a value."""

from typing import NamedTuple

LONGEST_NAME = 60


class Finding(NamedTuple):
    """One thing to mend; `pointer` is a JSON pointer into what was read."""

    pointer: str
    en: str
    zh: str


def pointer(*parts: str | int) -> str:
    """The JSON pointer of nested keys; a hostile key is cut, so that an answer stays small."""
    return "".join("/" + _escaped(str(part)) for part in parts)


def _escaped(part: str) -> str:
    short = part if len(part) <= LONGEST_NAME else part[:LONGEST_NAME] + "…"
    return short.replace("~", "~0").replace("/", "~1").encode("utf-8", "replace").decode("utf-8")
