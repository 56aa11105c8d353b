"""Every resource's URL is its own TimeGate (RFC 7089, pattern 1.1): with `Accept-Datetime` it leads to the memento.

The memento is the same URL with both clocks, so it is immutable and any cache may keep it; a redirect, unlike an
answer that varies, is also what existing Memento clients follow. Links to what only later releases know (`next`,
`last`) stand on the redirect and in the TimeMap, and not on a memento, which stays the same for ever.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response

from app.clock import CHINA
from app.database import reading as reading_session
from app.errors import BadHeader, Gone, NotFound
from app.mementos.models import http_date, memento_url
from app.mementos.timeline import Memento, at_moment, ever, moment_of, timeline
from app.problems import responses
from app.queries import ReadQuery
from app.reading import Reading
from app.versioning import At, R, Row, in_force, latest_release, never_was

# What a route that answers with one resource documents.
ONE: dict[int | str, dict[str, Any]] = {
    302: {"description": "With `Accept-Datetime`: where the resource is as it was then (历史状态)"},
    **responses(NotFound, Gone, BadHeader),
}

RELATIONS = ("first", "last", "prev", "next")


class Elsewhere(Exception):  # noqa: N818 - an answer, not an error
    """What is asked for stands under another URL."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers


class Gate(Reading):
    """A read of one resource, which may be asked for as of a time."""

    def current(self, row: type[R], slug: str, query: ReadQuery) -> tuple[At, R]:
        """The version that applies, and the day and release it was found for, with the answer's headers set.

        Raises `Elsewhere` where `Accept-Datetime` asks for a time, and what `in_force` raises.
        """
        floating = query.on is None and query.release is None and query.known_at is None
        if floating:
            self.vary.append("Accept-Datetime")
            wanted = self.request.headers.get("accept-datetime")
            if wanted is not None:
                raise Elsewhere(self._towards(row, slug, _moment(wanted)))
        at = self.at(query)
        self._link_times(row, slug)
        if query.on is not None and query.release is not None:
            self._say_when(row, slug, at)
        try:
            found = in_force(self.session, row, slug, at)
        except Gone as gone:
            gone.headers = {**self._times(), **gone.headers}
            gone.headers["Link"] = ", ".join(
                filter(None, (gone.headers.get("Link"), self.response.headers["Link"]))
            )
            raise
        self.link_versions(row.kind, slug)
        return at, found

    def original(self, row: type[Row], slug: str) -> str:
        """The resource's own URL, whole: clients of other systems do not resolve relative ones."""
        return f"{self.base()}/v1/{row.kind}/{slug}"

    def _towards(self, row: type[Row], slug: str, moment: datetime) -> dict[str, str]:
        """The headers that lead to the state at a moment; before the first one there is only the first."""
        now = At(self.today(), latest_release(self.session))
        if not ever(self.session, row, slug, now.release):
            raise never_was(row, now.release)
        states = timeline(self.session, row, slug, now)
        then = [state for state in states if state.moment <= moment.replace(microsecond=999_999)]
        shown = at_moment(self.session, moment, now.on) if then or not states else states[0].at
        self._link_times(row, slug)
        self._link_around(self.original(row, slug), states, max(len(then) - 1, 0))
        return {
            "Location": f"/v1/{row.kind}/{slug}?on={shown.on}&release={shown.release}",
            "Cache-Control": self.kept_for("60"),
            "Vary": ", ".join(self.vary),
            "Link": self.response.headers["Link"],
        }

    def _say_when(self, row: type[Row], slug: str, at: At) -> None:
        """On an answer that both clocks fix: the moment it was given, where it ever was."""
        moment = moment_of(self.session, at, self.today())
        if moment is None:
            return
        self.response.headers["Memento-Datetime"] = http_date(moment)
        states = timeline(self.session, row, slug, at)
        # What comes later is not known here: the last of these is the one that is shown.
        self._link_around(self.original(row, slug), states, len(states) - 1, known={"first", "prev"})

    def _link_around(
        self, original: str, states: Sequence[Memento], here: int, known: Collection[str] = RELATIONS
    ) -> None:
        """Links to the first and the last state, and to those before and after the one that is shown."""
        kept = [number for number, state in enumerate(states) if not state.withdrawn]
        before, after = [n for n in kept if n < here], [n for n in kept if n > here]
        places = {"first": kept[:1], "last": kept[-1:], "prev": before[-1:], "next": after[:1]}
        for number in sorted({n for found in places.values() for n in found}):
            names = [name for name in RELATIONS if name in known and number in places[name]]
            if names:
                self._link_memento(original, states[number], names)

    def _times(self) -> dict[str, str]:
        """What a refusal says of time, too: that there was nothing then is a state like any other."""
        moment = self.response.headers.get("Memento-Datetime")
        vary = ", ".join(["Accept-Language", *self.vary])
        return {"Vary": vary} | ({"Memento-Datetime": moment} if moment else {})

    def _link_times(self, row: type[Row], slug: str) -> None:
        original = self.original(row, slug)
        self.link("original timegate", original)
        self.link("timemap", f"{original}/timemap?format=link", type="application/link-format")

    def _link_memento(self, original: str, state: Memento, names: list[str]) -> None:
        self.link(
            " ".join([*names, "memento"]), memento_url(original, state), datetime=http_date(state.moment)
        )


def _moment(wanted: str) -> datetime:
    try:
        found = parsedate_to_datetime(wanted)
        return (found.replace(tzinfo=UTC) if found.tzinfo is None else found).astimezone(CHINA)
    except (ValueError, OverflowError, IndexError, TypeError):
        raise BadHeader(
            "Accept-Datetime is a time as HTTP writes it: Thu, 31 May 2007 20:35:00 GMT.",
            "Accept-Datetime 应为 HTTP 格式的时间，如 Thu, 31 May 2007 20:35:00 GMT。",
        ) from None


def open_gate(
    request: Request,
    response: Response,
    accept_datetime: Annotated[
        str | None,
        Header(
            title="期望时间",
            description="Lead to the resource as it was answered at this time (RFC 7089), such as "
            "Thu, 31 May 2007 20:35:00 GMT; not looked at where the URL has a clock",
        ),
    ] = None,
) -> Iterator[Gate]:
    del accept_datetime  # it is documented here, and read where it is needed
    with reading_session(request.app.state.engine) as session:
        yield Gate(session, request, response, request.app.state.today)


TimeGate = Annotated[Gate, Depends(open_gate, scope="function")]
