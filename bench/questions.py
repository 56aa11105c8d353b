"""How many questions it takes to settle the list, asked in the engine's order and in a fixed one.

    python -m bench.questions [PERSONS]

Persons are drawn at random, the same at every run; each answers every question that is asked.
"""

import random
import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from sqlmodel import Session

from app.database import create
from app.eligibility.derive import derive
from app.eligibility.evaluate import Outcome, outcomes
from app.eligibility.facts import Fact, Known, parse
from app.eligibility.questions import next_question
from app.eligibility.rulebook import Rulebook
from app.rules.books import load
from app.versioning import At
from tests.stores import SEED, prepare

ON = date(2024, 6, 1)
STOPS = (5, 10, 20, 30, 40)


# Given so far, known by it, and the answers → the fact to ask for, or None.
Choice = Callable[[dict[str, Any], dict[str, Known], dict[str, Outcome]], str | None]


def someone(facts: Iterable[Fact], chance: random.Random) -> dict[str, Any]:
    """Every fact of one person; an age comes from the birth date."""
    values: dict[str, Any] = {}
    for fact in facts:
        match fact.type:
            case "boolean":
                values[fact.slug] = chance.random() < 0.2
            case "integer":
                values[fact.slug] = chance.randint(fact.minimum or 0, fact.maximum or 0)
            case "date":
                values[fact.slug] = date(chance.randint(1930, 2023), chance.randint(1, 12), 15).isoformat()
            case "enumeration":
                values[fact.slug] = chance.choice(fact.values).value
            case "region":
                values[fact.slug] = chance.choice(["510802", "511321"])
    values["age"] = ON.year - int(values["birth_date"][:4]) - (values["birth_date"][5:] > ON.isoformat()[5:])
    return values


def interview(book: Rulebook, person: dict[str, Any], choose: Choice) -> list[int]:
    """How many services are settled after each question, until none is worth asking."""
    given: dict[str, Any] = {}
    settled = []
    while True:
        known, _ = derive(book.facts, parse(book.facts, given)[0], ON)
        answers = outcomes(book.services, known)
        settled.append(sum(answer.outcome != "undetermined" for answer in answers.values()))
        fact = choose(given, known, answers)
        if fact is None:
            return settled
        given[fact] = person[fact]


def main(persons: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/bench.db"
        prepare(url, SEED)
        engine = create(url)
        with Session(engine) as session:
            book = load(session, At(ON, 1), "510802")
        engine.dispose()

    def best(_: dict[str, Any], known: dict[str, Known], answers: dict[str, Outcome]) -> str | None:
        question = next_question(book.services, book.facts, known, (), ON, answers=answers)
        return question.fact if question else None

    def in_order(given: dict[str, Any], _: dict[str, Known], answers: dict[str, Outcome]) -> str | None:
        missing = {fact for answer in answers.values() for fact in answer.missing}
        return next((slug for slug in book.facts if slug in missing and slug not in given), None)

    chance = random.Random(20240601)
    people = [someone(book.facts.values(), chance) for _ in range(persons)]
    print(
        f"{persons} persons, {len(book.services)} services, {len(book.facts)} facts; services settled on average"
    )
    print(
        "| questions | " + " | ".join(map(str, STOPS)) + " | at the end | questions to the end (mean, most) |"
    )
    print("|---|" + "---|" * (len(STOPS) + 2))
    for name, choose in (("as the engine asks", best), ("in a fixed order, only what matters", in_order)):
        runs = [interview(book, person, choose) for person in people]
        at = [sum(run[min(stop, len(run) - 1)] for run in runs) / persons for stop in STOPS]
        end = sum(run[-1] for run in runs) / persons
        lengths = [len(run) - 1 for run in runs]
        cells = [f"{settled:.0f}" for settled in [*at, end]]
        print(f"| {name} | {' | '.join(cells)} | {sum(lengths) / persons:.0f}, {max(lengths)} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
