"""Many people in one request: a line in, a line out. One bad line never spoils the rest, and memory stays small."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Annotated

from anyio.to_thread import run_sync
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.eligibility.assess import chosen, derived, documents, receipt, summary, understood
from app.eligibility.evaluate import outcomes
from app.eligibility.models import Asking, OutcomeDocument, Receipt, Summary
from app.eligibility.rulebook import Rulebook
from app.errors import Invalid, Problem, TooLarge
from app.faults import Fault, Language, pointer, said_by_pydantic
from app.versioning import At

LONGEST_LINE = 64 * 1024
LARGEST_BATCH = 64 * 1024 * 1024
AT_ONCE = 100
THE_REST = 0

Books = Callable[[str], Rulebook]


class Person(Asking):
    """One line: a person under an id of the sender's own."""

    model_config = ConfigDict(extra="forbid", title="批量查询一行")

    id: Annotated[str, Field(max_length=200)] = Field(
        title="编号", description="The sender's own id of the line; it is sent back and not kept"
    )
    on: None = Field(None, title="查询日期", description="Stands in the URL, the same for all")
    release: None = Field(None, title="发布号", description="Stands in the URL, the same for all")


class BatchLine(BaseModel):
    """The answer to one line: outcomes, or what was wrong with it."""

    model_config = ConfigDict(title="批量结论一行")

    line: int = Field(title="行号", description="Number of the line, from 1; 0 for all that was left unread")
    id: str | None = Field(title="编号", description="The sender's id; null if the line could not be read")
    summary: Summary | None = Field(None, title="汇总", description="Counts of outcomes")
    outcomes: list[OutcomeDocument] | None = Field(None, title="结论", description="One per service")
    receipt: Receipt | None = Field(None, title="回执", description="To check the answer by later")
    error: dict[str, object] | None = Field(None, title="错误", description="The problem, if there was one")


async def answers(
    chunks: AsyncIterator[bytes], books: Books, at: At, explain: str, language: Language
) -> AsyncIterator[bytes]:
    """NDJSON in, NDJSON out, some lines at a time; ends with a problem where the batch is too large."""

    def decide(some: list[tuple[int, bytes]]) -> bytes:
        return b"".join(_answer(number, line, books, at, explain, language) for number, line in some)

    waiting: list[tuple[int, bytes]] = []
    async for number, line in _lines(chunks):
        if number == THE_REST:
            yield await run_sync(decide, waiting)
            too_large = TooLarge("The batch ends here: send it in parts.", "批量超出上限，请分批发送。")
            yield _written(BatchLine(line=number, id=None, error=too_large.body(language)))
            return
        waiting.append((number, line))
        if len(waiting) == AT_ONCE:
            yield await run_sync(decide, waiting)
            waiting = []
    yield await run_sync(decide, waiting)


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    """Lines with their numbers, cut where they are too long; `THE_REST` in place of what is too much altogether."""
    number, kept, size = 1, b"", 0
    async for chunk in chunks:
        size += len(chunk)
        if size > LARGEST_BATCH:
            yield THE_REST, b""
            return
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            yield number, (kept + part)[: LONGEST_LINE + 1]
            number, kept = number + 1, b""
        kept = (kept + rest)[: LONGEST_LINE + 1]
    if kept:
        yield number, kept


def _answer(number: int, line: bytes, books: Books, at: At, explain: str, language: Language) -> bytes:
    if not line.strip():
        return b""
    person = None
    try:
        if len(line) > LONGEST_LINE:
            raise TooLarge("The line is too long.", "该行过长。")
        person = _read(line)
        book = books(person.region)
        services = chosen(book, person)
        known = derived(book, understood(book, person.facts), at.on)
        found = outcomes(services, known)
        answer = BatchLine(
            line=number,
            id=person.id,
            summary=summary(found),
            outcomes=documents(book, services, known, found, explain),
            receipt=receipt(book, person.region, at.on, at.release, found),
        )
    except Problem as problem:
        answer = BatchLine(line=number, id=person.id if person else None, error=problem.body(language))
    return _written(answer)


def _read(line: bytes) -> Person:
    try:
        return Person.model_validate_json(line)
    except ValidationError as error:
        faults: Iterable[Fault] = (
            Fault(said_by_pydantic(one), pointer(one["loc"]))
            for one in error.errors(include_input=False, include_url=False)
        )
        raise Invalid.of(list(faults)) from None


def _written(answer: BatchLine) -> bytes:
    return answer.model_dump_json(exclude_none=False).encode() + b"\n"
