"""How a read is asked and answered over HTTP: the two clocks, the conditional request, the caching manners.

A route says `at = reading.at(query)` first. That resolves `on` and `release`, puts the validators on the
answer, and ends the request with 304 where the client has the representation already.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Path, Request, Response
from sqlmodel import Session

from app import __version__
from app.cursor import Cursor, bad_cursor
from app.database import reading as reading_session
from app.errors import Invalid, NotFound
from app.negotiation import preferred
from app.queries import ListQuery, PageQuery, ReadQuery, UntilQuery
from app.versioning import AnySlug, At, Row, check_release, latest_release, release_known_at

YEAR = 31_536_000
HOST = re.compile(r"([A-Za-z0-9.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?")


class NotModified(Exception):  # noqa: N818 - RFC 9110's own word
    """The client already has what it asks for."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = dict(headers)


class Reading:
    """One read: the session it happens in, and the answer's headers."""

    def __init__(
        self, session: Session, request: Request, response: Response, today: Callable[[], date]
    ) -> None:
        self.session = session
        self.request = request
        self.response = response
        self.today = today
        self.form: dict[str, str] = {}
        self.vary: list[str] = []

    def at(self, query: ReadQuery) -> At:
        """The day and release to answer for, with the answer's headers set.

        Raises `NotModified` where the client has this very representation.
        """
        cursor = self.place(query) if isinstance(query, ListQuery) else None
        at = self._now(query) if cursor is None else self._pinned_by(cursor, query)
        self._validators(
            {"on": at.on.isoformat(), "release": str(at.release)},
            immutable=query.on is not None and query.release is not None,
        )
        return at

    def pinned_at(self, query: ReadQuery, row: Row) -> At:
        """Where to resolve the references of one version: its own first day and release, or as asked."""
        release = self._release(query) if query.release or query.known_at else row.release
        if release < row.release:
            raise NotFound(
                f"This version was published by release {row.release}, after release {release}.",
                f"该版本由发布{row.release}发布，晚于发布{release}。",
            )
        at = At(query.on or row.valid_from, release)
        self.for_ever({"on": at.on.isoformat(), "release": str(at.release)})
        return at

    def unkept(self, on: date | None, release: int | None) -> At:
        """The day and release for an answer about a person, which nobody on the way may keep."""
        self.response.headers["Cache-Control"] = "no-store"
        return self._now(ReadQuery(on=on, release=release))

    def for_ever(self, pins: Mapping[str, str]) -> None:
        """Headers of an answer that its URL fixes."""
        self._validators(pins, immutable=True)

    def fixed_by(self, pins: Mapping[str, str], *, immutable: bool) -> None:
        """Headers of an answer that other clocks than `on` and `release` fix."""
        self._validators(pins, immutable=immutable)

    def until(self, query: UntilQuery, cursor: Cursor | None = None) -> int:
        """The release up to which to answer, with the answer's headers set; for ever the same where it was asked for."""
        asked = cursor.release if cursor is not None else query.until
        if query.until not in (None, asked):
            raise bad_cursor()
        if query.after is not None:
            check_release(self.session, query.after, "after")
        until = latest_release(self.session) if asked is None else check_release(self.session, asked, "until")
        if query.after is not None and query.after > until:
            raise Invalid.parameter("until", "It lies before `after`.", "until 不得小于 after。")
        self._validators({"until": str(until)}, immutable=asked is not None)
        return until

    def chosen_form(self, asked: str | None, offered: Mapping[str, str]) -> str:
        """Which of the representations to answer with: the one asked for in the URL, else what `Accept` prefers.

        To be said before the validators are put on the answer, as it stands in them.
        """
        if asked is None:
            self.vary.append("Accept")
        chosen = asked or preferred(self.request.headers.get("accept", ""), offered)
        self.form = {"format": chosen}
        return chosen

    def _now(self, query: ReadQuery) -> At:
        return At(query.on or self.today(), self._release(query))

    def _release(self, query: ReadQuery) -> int:
        if query.known_at is not None:
            if query.release is not None:
                raise Invalid.parameter(
                    "known_at", "Give either release or known_at.", "release 与 known_at 只能填一个。"
                )
            if query.known_at > datetime.now(UTC):
                raise Invalid.parameter("known_at", "This time has not come yet.", "该时间尚未到来。")
            return release_known_at(self.session, query.known_at)
        if query.release is not None:
            return check_release(self.session, query.release)
        return latest_release(self.session)

    def place(self, query: PageQuery) -> Cursor | None:
        """Where in this list the page begins; None at its beginning."""
        return None if query.cursor is None else Cursor.decoded(query.cursor, self.fingerprint(query))

    def fingerprint(self, query: PageQuery) -> str:
        """Ties a cursor to the list that it was handed out for."""
        this_list = f"{self.request.url.path}?{urlencode(query.filters())}"
        return hashlib.blake2s(this_list.encode(), digest_size=6).hexdigest()

    def _pinned_by(self, cursor: Cursor, query: ReadQuery) -> At:
        at = At(date.fromisoformat(cursor.on), check_release(self.session, cursor.release))
        if query.on not in (None, at.on) or query.release not in (None, at.release) or query.known_at:
            raise bad_cursor()
        return at

    def _validators(self, pins: Mapping[str, str], *, immutable: bool) -> None:
        url = self.request.url
        asked = {**self.request.query_params, **pins, **self.form}
        asked.pop("known_at", None)
        gzip = "gzip" in self.request.headers.get("accept-encoding", "")
        representation = f"{__version__} {url.path}?{urlencode(sorted(asked.items()))} {gzip}"
        digest = hashlib.blake2s(representation.encode(), digest_size=9).hexdigest()
        tag = f'"{".".join(pins.values())}.{digest}"'
        headers = {
            "ETag": tag,
            "Cache-Control": self.kept_for(f"{YEAR}, immutable" if immutable else "60"),
            "Content-Location": f"{url.path}?{urlencode(asked)}" if asked else url.path,
        }
        if self.vary:
            headers["Vary"] = ", ".join(self.vary)
        if has_tag(self.request.headers.get("if-none-match"), tag):
            raise NotModified(headers)
        self.response.headers.update(headers)

    def kept_for(self, seconds: str) -> str:
        """For how long an answer may be kept; only by whoever asked, where reading takes a key."""
        whose = "private" if self.request.app.state.settings.reading_takes_key else "public"
        return f"{whose}, max-age={seconds}"

    def modified(self, moment: datetime) -> None:
        """Says when the answer last became another, for clients that ask by time and know no tags.

        Raises `NotModified` where the client has it already.
        """
        moment = moment.astimezone(UTC).replace(microsecond=0)
        self.response.headers["Last-Modified"] = format_datetime(moment, usegmt=True)
        since = self.request.headers.get("if-modified-since")
        if since is None or "if-none-match" in self.request.headers:
            return
        try:
            known = parsedate_to_datetime(since)
        except ValueError:
            return
        if known.tzinfo is not None and known >= moment:
            raise NotModified(self.response.headers)

    def base(self) -> str:
        """What whole URLs begin with; nothing, so that they are relative, where the request names no proper host."""
        host = self.request.headers.get("host", "")
        return f"{self.request.url.scheme}://{host}" if HOST.fullmatch(host) else ""

    def url(self, asked: Mapping[str, str]) -> str:
        """This path, asked in another way."""
        return f"{self.request.url.path}?{urlencode(asked)}" if asked else self.request.url.path

    def link(self, relation: str, target: str, **attributes: str) -> None:
        """Adds one RFC 8288 link to the answer."""
        more = "".join(f'; {name}="{value}"' for name, value in attributes.items())
        link = f'<{target}>; rel="{relation}"{more}'
        before = self.response.headers.get("Link")
        self.response.headers["Link"] = f"{before}, {link}" if before else link

    def link_versions(self, kind: str, slug: str) -> None:
        """Links from one version to the newest and to all."""
        base = f"/v1/{kind}/{slug}"
        self.link("latest-version", base)
        self.link("version-history", f"{base}/versions")


def has_tag(if_none_match: str | None, tag: str) -> bool:
    """RFC 9110's weak comparison, which is the one for If-None-Match. `*` is not looked at here."""
    return if_none_match is not None and tag in re.findall(r'"[^"]*"', if_none_match)


def open_reading(request: Request, response: Response) -> Iterator[Reading]:
    with reading_session(request.app.state.engine) as session:
        yield Reading(session, request, response, request.app.state.today)


SlugInPath = Annotated[
    AnySlug, Path(title="标识", description="Stable identifier; for a region its six-digit code")
]
VersionInPath = Annotated[
    int, Path(title="版本", description="Number of the version, from 1", ge=1, le=2**31 - 1)
]
Reader = Annotated[Reading, Depends(open_reading, scope="function")]
