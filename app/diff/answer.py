"""Differences as the command line asks for them."""

from collections.abc import Mapping

from pydantic import ValidationError
from sqlalchemy import Engine

from app.clock import today_in_china
from app.database import reading
from app.diff.asked import compared as answered
from app.diff.asked import places
from app.diff.models import Diff, DiffQuery
from app.diff.text import report
from app.errors import Invalid
from app.faults import Fault, said_by_pydantic


def asked(options: Mapping[str, str | int | None]) -> DiffQuery:
    """The options as a question; raises `Invalid` with each option that is wrong."""
    try:
        return DiffQuery.model_validate({name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        faults = [Fault(said_by_pydantic(e), parameter=str(e["loc"][0])) for e in error.errors()]
        raise Invalid.of(faults) from None


def compared(engine: Engine, query: DiffQuery) -> Diff:
    """The answer, as of today where the question names no day."""
    with reading(engine) as session:
        before, after = places(session, query, today_in_china())
        return answered(session, before, after, query)


def said(diff: Diff, *, as_json: bool) -> str:
    """As it is written to standard output."""
    return diff.model_dump_json(indent=1, exclude={"next"}) + "\n" if as_json else report(diff)
