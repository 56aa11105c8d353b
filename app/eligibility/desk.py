"""Where questions about a person are answered: what a route needs before it can decide."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Request, Response

from app.database import reading as reading_session
from app.eligibility.rulebook import Rulebook
from app.reading import Reading
from app.rules.books import LocalRulebook
from app.versioning import At


class Desk:
    """Where questions about a person are answered: from rulebooks, which are mostly at hand.

    The database is only asked for what is missing, and not held on to while an answer is worked out.
    """

    def __init__(self, request: Request, response: Response) -> None:
        self.request, self.response = request, response

    def open(self, region: str, on: date | None, release: int | None) -> tuple[At, LocalRulebook]:
        """The day and release to decide for, and the rulebook that was in force there."""
        app = self.request.app
        with reading_session(app.state.engine) as session:
            at = Reading(session, self.request, self.response, app.state.today).unkept(on, release)
            book: LocalRulebook = app.state.rulebooks.get(session, at, region)
        return at, book


AtDesk = Annotated[Desk, Depends(Desk)]


def book_of(request: Request, at: At, region: str) -> Rulebook:
    with reading_session(request.app.state.engine) as session:
        book: Rulebook = request.app.state.rulebooks.get(session, at, region)
    return book
