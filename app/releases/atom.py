"""Releases as an Atom feed (RFC 4287), each entry with what it changed, in Chinese.

Ids are made from what never changes: when the release was recorded, its number, and the filters of the feed. They do
not change with the host, the program or the database, and no two catalogues share one.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET  # only to write

from app import __version__
from app.catalogue import KINDS
from app.changes.models import Change
from app.chinese import day, ended, quoted
from app.versioning import ALWAYS, Release

ATOM = "http://www.w3.org/2005/Atom"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
NAMESPACE = UUID("6f2f6f0e-6f0c-5f5e-9c53-0d7f6b1f2a11")
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# What XML 1.0 has no way to write.
UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DONE = {"added": "新增", "revised": "修订", "withdrawn": "撤销"}
SAID = {**DONE, "renamed": "更名", "moved": "调整", "restored": "恢复"}

ET.register_namespace("", ATOM)


class Count(NamedTuple):
    """How many versions of a kind a release brought, of one sort."""

    kind: str
    what: str
    number: int


class Entry(NamedTuple):
    """A release with what it changed within the feed's filters."""

    release: Release
    counts: Sequence[Count]
    first: Sequence[Change]


def feed(
    entries: Sequence[Entry],
    oldest: Release | None,
    filters: dict[str, str],
    base: str,
    links: dict[str, str],
) -> bytes:
    """The feed as XML; `oldest` is the catalogue's first release, which tells it from any other."""
    root = ET.Element(f"{{{ATOM}}}feed", {LANG: "zh-CN"})
    identity = oldest.recorded_at.isoformat() if oldest else "empty"
    _add(root, "id", _id("feed", identity, filters))
    _add(root, "title", "公共服务目录：发布" + (f"（{urlencode(filters)}）" if filters else ""))
    _add(root, "updated", _time(updated(entries)))
    _add(root, "generator", "public-service catalogue", version=__version__)
    author = ET.SubElement(root, f"{{{ATOM}}}author")
    _add(author, "name", "公共服务目录")
    for relation, href in links.items():
        _add(root, "link", rel=relation, href=href, type="application/atom+xml")
    for entry in entries:
        _entry(root, entry, filters, base)
    ET.indent(root)
    whole: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return whole


def updated(entries: Sequence[Entry]) -> datetime:
    return max((entry.release.recorded_at for entry in entries), default=NEVER)


def _entry(root: ET.Element, entry: Entry, filters: dict[str, str], base: str) -> None:
    release = entry.release
    element = ET.SubElement(root, f"{{{ATOM}}}entry")
    _add(element, "id", _id("release", f"{release.number} {release.recorded_at.isoformat()}", filters))
    _add(element, "title", f"发布{release.number}：{release.message}")
    _add(element, "updated", _time(release.recorded_at))
    _add(element, "published", _time(release.recorded_at))
    author = ET.SubElement(element, f"{{{ATOM}}}author")
    _add(author, "name", release.publisher)
    asked = urlencode({"after": release.number - 1, "until": release.number, **filters})
    # Without a type: readers open only what they may take for a page.
    _add(element, "link", rel="alternate", href=f"{base}/v1/releases/{release.number}")
    _add(element, "link", rel="related", href=f"{base}/v1/changes?{asked}", type="application/json")
    _add(element, "summary", summary(entry.counts))
    _add(element, "content", "\n".join(_lines(entry)), type="text")


def summary(counts: Sequence[Count]) -> str:
    """How many were added, revised and withdrawn, kind by kind."""
    parts = []
    for what, said in DONE.items():
        of_kinds = [count for count in counts if count.what == what]
        if of_kinds:
            kinds = "、".join(f"{KINDS[c.kind].content.noun.zh}{c.number}项" for c in of_kinds)
            parts.append(f"{said}{sum(c.number for c in of_kinds)}项（{kinds}）")
    total = sum(count.number for count in counts)
    return f"共{total}项变更：{'；'.join(parts)}。"


def _lines(entry: Entry) -> list[str]:
    lines = []
    for change in entry.first:
        since = "" if change.valid_from == ALWAYS else f"，自{day(change.valid_from)}起"
        called = f"{KINDS[change.kind].content.noun.zh}{quoted(change.name or change.slug)}"
        lines.append(
            f"{SAID[change.change]}{called}{since}" + (f"：{ended(change.note)}" if change.note else "。")
        )
    rest = sum(count.number for count in entry.counts) - len(lines)
    return [*lines, f"另有{rest}项。"] if rest else lines


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> None:
    element = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    element.text = UNWRITABLE.sub("\ufffd", text) or None


def _id(what: str, identity: str, filters: dict[str, str]) -> str:
    return uuid5(NAMESPACE, f"{what} {identity} {urlencode(filters)}").urn


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
