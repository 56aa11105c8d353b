"""Who gets what, case by case: tests/cases/*.yaml, and proof that no side of any rule is left out.

A case is a person, a day and what the plan gives them. `missing` is the whole list of facts that could still
settle an open answer; where it is empty, no question helps. `because` names clauses that must stand among the
brief reasons: as met, as failed or as open, like the outcome itself; `not_because` names some that must not.
`declined` facts are not asked for again, and `next_question` is the one that is, or null. Where facts are
contradictory or cannot be read, `fault` holds the pointers of the refusal instead of an expectation.
"""

from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from app.bundles.models import contents
from app.database import create
from app.eligibility.assess import derived, understood
from app.eligibility.clauses import cells, number
from app.eligibility.compiled import Piece
from app.eligibility.conditions import Clause
from app.eligibility.evaluate import Answer, CompiledService
from app.eligibility.explain import leaves
from app.eligibility.facts import ORDERED, Knowledge
from app.eligibility.rulebook import Rulebook
from app.eligibility.rules import Strength
from app.rules.books import load
from app.versioning import At, latest_release
from tests.conftest import TODAY
from tests.stores import Store

FOLDER = Path(__file__).parent / "cases"
HERE = "510802"
HOLDS = {"eligible": True, "not_eligible": False, "undetermined": None}


class Expected(BaseModel):
    """What the plan gives one person of one service. What is left out is not looked at, but for `missing`."""

    model_config = ConfigDict(extra="forbid")

    outcome: Answer
    strength: Strength | None = None
    missing: list[str] = []
    because: list[str] = []
    not_because: list[str] = []


class Case(BaseModel):
    """A person on a day, and what is expected for them: outcomes by service, or a refusal."""

    model_config = ConfigDict(extra="forbid")

    name: str
    on: date
    facts: dict[str, Any]
    declined: list[str] = []
    expect: dict[str, Expected] = {}
    next_question: str | None = None
    fault: list[str] = []


class Plainly(yaml.CSafeLoader):
    """YAML in which `on` is a word, a date stays as written, and nothing is said twice.

    Of two expectations for one service in one case, one would silently be lost.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"said twice{node.start_mark}"
        return super().construct_mapping(node, deep)


Plainly.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if not tag.endswith(":timestamp") and (first in "tTfF" or not tag.endswith(":bool"))
    ]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def read(file: Path) -> list[Case]:
    content = yaml.load(file.read_text(encoding="utf-8"), Loader=Plainly)  # noqa: S506 - a safe loader, too
    return [Case.model_validate(case) for case in content]


FILES = {file.stem: read(file) for file in sorted(FOLDER.glob("*.yaml"))}
CASES = [case for cases in FILES.values() for case in cases]


@pytest.mark.anyio
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
async def test_case(client: httpx.AsyncClient, case: Case) -> None:
    answer = await client.post(
        "/v1/eligibility",
        json={
            "region": HERE,
            "on": case.on.isoformat(),
            "facts": case.facts,
            "declined": case.declined,
            "services": list(case.expect) or None,
            "explain": "brief",
        },
    )
    body = answer.json()
    if case.fault:
        pointers = sorted(error.get("pointer") for error in body.get("errors", []))
        assert (answer.status_code, pointers) == (422, sorted(case.fault)), case.name
        return
    assert answer.status_code == 200, (case.name, body)
    told = {outcome["service"]: outcome for outcome in body["outcomes"]}
    seen = {slug: as_far_as_expected(told[slug], wanted) for slug, wanted in case.expect.items()}
    assert seen == case.expect, (case.name, {slug: told[slug]["reasons"] for slug in case.expect})
    if "next_question" in case.model_fields_set:
        assert (body["next_question"] or {}).get("fact") == case.next_question, case.name


def as_far_as_expected(told: dict[str, Any], wanted: Expected) -> Expected:
    """What an answer says of the things that a case looks at."""
    reasons = {(reason["text"], reason["holds"]) for reason in told["reasons"]}
    texts = {text for text, _ in reasons}
    return Expected(
        outcome=told["outcome"],
        strength=told["strength"] if wanted.strength else None,
        missing=told["missing"],
        because=[text for text in wanted.because if (text, HOLDS[wanted.outcome]) in reasons],
        not_because=[text for text in wanted.not_because if text not in texts],
    )


def test_there_is_a_file_of_cases_for_each_domain_and_one_for_traps(book: Rulebook) -> None:
    domains = {offer.domain.removeprefix("lizhou-2021-") for offer in book.offers.values()}
    assert set(FILES) == {*domains, "traps"}
    for domain in domains:
        strangers = {
            slug
            for case in FILES[domain]
            for slug in case.expect
            if book.offers[slug].domain != f"lizhou-2021-{domain}"
        }
        assert not strangers, domain


def test_there_are_cases_enough_each_with_a_name_of_its_own() -> None:
    names = [case.name for case in CASES]
    assert len(names) >= 150
    assert len(names) == len(set(names))
    assert all(bool(case.expect) is not bool(case.fault) for case in CASES)


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """One database is enough for what is decided from the rulebook, as the next test shows."""
    return sqlite_store


def test_both_databases_hold_the_same_rulebook(sqlite_store: Store, postgresql_store: Store) -> None:
    books = []
    for store in (sqlite_store, postgresql_store):
        engine = create(store.seeded)
        with Session(engine) as session:
            books.append(contents(load(session, At(TODAY, 1), "510802")))
        engine.dispose()
    assert books[0] == books[1]


@pytest.fixture(scope="module")
def book(sqlite_store: Store) -> Rulebook:
    engine = create(sqlite_store.seeded)
    with Session(engine) as session:
        found = load(session, At(TODAY, latest_release(session)), HERE)
    engine.dispose()
    return found


Asked = list[tuple[CompiledService, Knowledge]]


@pytest.fixture(scope="module")
def asked(book: Rulebook) -> Asked:
    """Every service that a case expects something of, with what is known of the person."""
    people = (
        (case, derived(book, understood(book, case.facts), case.on)) for case in CASES if not case.fault
    )
    return [(book.services[slug], known) for case, known in people for slug in case.expect]


Side = tuple[str, Answer | bool | None]


def sides(service: CompiledService, known: Knowledge) -> Iterator[Side]:
    """Whether each rule of a service holds for a person, and which of them decides what."""
    yield from ((one.rule.slug, one.truth(known)) for one in service.rules)
    answer, decider = service.decide(known)
    if decider:
        yield decider.rule.slug, answer


def everyone(service: CompiledService) -> Iterator[Knowledge]:
    """People of every kind that the rules of a service can tell apart, with any of their facts missing."""
    unknown = service.everything
    kinds = [[*cells(unknown[fact], found), unknown[fact]] for fact, found in service.clauses.items()]
    return (dict(zip(service.clauses, chosen, strict=True)) for chosen in product(*kinds))


def test_every_rule_is_met_failed_and_left_open_and_decides_wherever_it_can(
    book: Rulebook, asked: Asked
) -> None:
    services = book.services.values()
    possible = {side for service in services for known in everyone(service) for side in sides(service, known)}
    assert {rule for rule, _ in possible} == set(book.entries)
    seen = {side for service, known in asked for side in sides(service, known)}
    assert not possible - seen


def clauses(service: CompiledService) -> Iterator[tuple[str, Piece, Clause]]:
    """Every clause of every reading of the rules of a service, with a name for it."""
    for one in service.rules:
        for place, reading in enumerate(one.readings):
            for piece in leaves(reading.piece):
                if isinstance(piece.node, Clause):
                    yield f"{one.rule.slug}, reading {place}: {piece.pointer}", piece, piece.node


def test_every_clause_holds_for_somebody_and_fails_for_somebody(book: Rulebook, asked: Asked) -> None:
    named = {name for service in book.services.values() for name, _, _ in clauses(service)}
    wanted = set(product(named, (True, False)))
    seen = {(name, piece.test(known)) for service, known in asked for name, piece, _ in clauses(service)}
    assert not wanted - seen


def test_every_limit_is_looked_at_just_below_at_just_above_and_from_both_sides_at_once(
    book: Rulebook, asked: Asked
) -> None:
    wanted = {
        (name, here)
        for service in book.services.values()
        for name, _, clause in clauses(service)
        if service.everything[clause.fact].type in ORDERED
        for limit in map(number, clause.operands)
        for here in (limit - 1, limit, limit + 1, "both sides")
    }
    assert wanted
    seen = {
        (name, known[clause.fact].low if known[clause.fact].exact else "both sides")
        for service, known in asked
        for name, piece, clause in clauses(service)
        if known[clause.fact].exact
        or (piece.test(known) is None and known[clause.fact] != service.everything[clause.fact])
    }
    assert not wanted - seen
