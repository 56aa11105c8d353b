"""All Lizhou rules for one person in process, beside OpenFisca-core on the same rules and persons in the same run."""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy
from openfisca_core.periods import period
from openfisca_core.simulations import Simulation, SimulationBuilder

from app.eligibility.assess import Knowledge, derived, documents, question, understood
from app.eligibility.conditions import Undefined, places
from app.eligibility.evaluate import CompiledRule, outcomes
from bench.openfisca_lizhou import CountryTaxBenefitSystem, name
from bench.people import ON, TOLD, Person, people, rulebook

BOOK = rulebook()
RULES = [rule for service in BOOK.services.values() for rule in service.rules]
TRUTHS = [rule.truth for rule in RULES]
SYSTEM = CountryTaxBenefitSystem()
NAMES = [name(rule.rule.slug) for rule in RULES]
MONTH = ON.isoformat()[:7]
PERIOD = period(MONTH)
AT_ONCE = 10_000
PERSONS, IN_A_ROUND = 200, 4


def known(person: Person) -> Knowledge:
    """What the request says, read strictly, with what follows from it."""
    return derived(BOOK, understood(BOOK, person), ON)


def truths(person: Person) -> list[bool | None]:
    """From the facts of a request to the truth of every rule."""
    knowledge = known(person)
    return [truth(knowledge) for truth in TRUTHS]


def with_missing(person: Person) -> object:
    """As `explain: none`: an outcome for every service, with the facts that could still change it."""
    return outcomes(BOOK.services, known(person))


def with_reasons(person: Person) -> object:
    """As `explain: brief`: the documents that go over the wire, with reasons and quotes."""
    knowledge = known(person)
    return documents(BOOK, BOOK.services, knowledge, outcomes(BOOK.services, knowledge), "brief")


def with_question(person: Person) -> object:
    """The outcomes, and the most useful question to ask next."""
    knowledge = known(person)
    return question(BOOK, BOOK.services, knowledge, [], ON, outcomes(BOOK.services, knowledge))


def simulation(person: Person) -> Simulation:
    """One person as an application hands them over."""
    told = {fact: {MONTH: value} for fact, value in person.items()}
    return SimulationBuilder().build_from_entities(SYSTEM, {"persons": {"one": told}})


def calculated(made: Simulation) -> list[bool]:
    return [bool(made.calculate(rule, PERIOD)[0]) for rule in NAMES]


def openfisca(person: Person) -> list[bool]:
    """From the facts of a request to the truth of every rule."""
    return calculated(simulation(person))


def two_valued(rule: CompiledRule) -> bool:
    """Whether the rule says no more than OpenFisca can: no undefined word, one reading, a closed list."""
    parts = places(rule.rule.condition)
    undefined = any(isinstance(part, Undefined) for _, part in parts)
    return not (undefined or rule.rule.other_readings or rule.rule.open_ended)


def check_agreement(persons: list[Person]) -> None:
    """Stops where the two differ on persons of whom everything is known.

    A rule that holds for us holds for OpenFisca and the other way round; that it fails is the same
    wherever it can only hold or fail.
    """
    alike, said = 0, {True: "holds", False: "fails", None: "unknown"}
    for person in persons:
        for rule, ours, theirs in zip(RULES, truths(person), openfisca(person), strict=True):
            comparable = two_valued(rule)
            if (ours is True) is not theirs or (comparable and ours is None):
                raise SystemExit(f"{rule.rule.slug}: {said[ours]} for us, {said[theirs]} for OpenFisca")
            alike += comparable
    print(
        f"agreement: {len(persons)} persons with all facts known x {len(RULES)} rules, no difference; "
        f"{alike // len(persons)} rules are two-valued, of the others only 'holds' is compared"
    )


def show_defaults(persons: list[Person]) -> None:
    """What OpenFisca's defaults say where the answer is unknown."""
    pairs = [
        pair
        for p in persons
        for pair in zip(RULES, truths(p), openfisca(p), strict=True)
        if two_valued(pair[0])
    ]
    unknown = [theirs for _, ours, theirs in pairs if ours is None]
    print(
        f"not comparable: with {TOLD} facts told, {len(unknown)} of {len(pairs)} answers of two-valued rules "
        f"are unknown; OpenFisca says yes to {sum(unknown)} of them and no to {len(unknown) - sum(unknown)}"
    )


def timed(work: Callable[[Any], object], on: list[Any]) -> float:
    """Microseconds of processor time for one of them; waiting for a shared core does not count."""
    began = time.process_time_ns()
    for one in on:
        work(one)
    return (time.process_time_ns() - began) / len(on) / 1000


def compare(persons: list[Person], seconds: float) -> None:
    """Takes turns on the same persons until the time is up; medians over the rounds."""
    ours: dict[str, Callable[[Any], object]] = {
        "truth of every rule": truths,
        "outcomes with missing": with_missing,
        "outcomes and brief reasons": with_reasons,
        "outcomes and next question": with_question,
    }
    spent: dict[str, list[float]] = {}

    def note(what: str, work: Callable[[Any], object], on: list[Any]) -> None:
        spent.setdefault(what, []).append(timed(work, on))

    ends, start = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        some = persons[start : start + IN_A_ROUND]
        start = (start + IN_A_ROUND) % len(persons)
        note("OpenFisca", openfisca, some)
        for what, work in ours.items():
            note(what, work, some)
        note("OpenFisca, rules alone", calculated, [simulation(person) for person in some])
        note(
            "truth of every rule, rules alone",
            lambda knowledge: [truth(knowledge) for truth in TRUTHS],
            [known(person) for person in some],
        )
    print(
        f"  {len(spent['OpenFisca'])} rounds of {IN_A_ROUND} persons; µs a person, median (quarter to quarter)"
    )
    for peer, mine in (
        ("OpenFisca", [*ours]),
        ("OpenFisca, rules alone", ["truth of every rule, rules alone"]),
    ):
        print(f"  {peer:<34} {shown(spent[peer])}")
        for what in mine:
            ratios = [theirs / own for theirs, own in zip(spent[peer], spent[what], strict=True)]
            print(f"  {what:<34} {shown(spent[what])}   {median(ratios):6.1f} times as fast")


def shown(values: list[float]) -> str:
    in_order = sorted(values)
    low, high = in_order[len(values) // 4], in_order[len(values) * 3 // 4]
    return f"{median(values):9.1f} ({low:.1f} to {high:.1f})"


def show_many(seconds: float) -> None:
    """For information: what OpenFisca is made for, many persons in one array, beside us one by one."""
    persons = people(AT_ONCE, seed=92)
    columns = {fact: [person[fact] for person in persons] for fact in persons[0]}
    some = persons[:1000]
    spent: list[float] = []
    ours: list[float] = []
    ends = time.monotonic() + seconds
    while not spent or time.monotonic() < ends:
        spent.append(timed(at_once, [columns]) / AT_ONCE)
        ours.append(timed(truths, some))
    print(
        f"for information, {AT_ONCE} persons with all facts known, µs a person: OpenFisca all in one array "
        f"{median(spent):.1f}, we one by one {median(ours):.1f}"
    )


def at_once(columns: dict[str, list[Any]]) -> None:
    builder = SimulationBuilder()
    builder.set_default_period(MONTH)
    made = builder.build_from_variables(
        SYSTEM, {fact: array(fact, values) for fact, values in columns.items()}
    )
    for rule in NAMES:
        made.calculate(rule, PERIOD)


def array(fact: str, values: list[Any]) -> Any:  # noqa: ANN401 - a NumPy array of any type
    return numpy.array(values, dtype="datetime64[D]" if BOOK.facts[fact].type == "date" else None)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.eligibility", description=__doc__)
    parser.add_argument("--seconds", type=float, default=45, help="about how long to measure (default: 45)")
    seconds = parser.parse_args().seconds
    everything, some = people(PERSONS), people(PERSONS, told=TOLD)
    print(f"{len(RULES)} rules of {len(BOOK.services)} services over {len(BOOK.facts)} facts, on {ON}")
    check_agreement(everything[:50])
    show_defaults(some[:50])
    print(f"{TOLD} facts told, the rest unknown:")
    compare(some, seconds * 0.45)
    print("all facts told:")
    compare(everything, seconds * 0.45)
    show_many(seconds * 0.1)


if __name__ == "__main__":
    main()
