"""Lizhou's rules as the application compiles them, and made-up persons to ask them about."""

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml

from app.eligibility.facts import Fact
from app.eligibility.rulebook import Cited, Entry, Offer, Rulebook, make
from app.eligibility.rules import Rule

SEED = Path(__file__).parent.parent / "seed"
LIZHOU = "lizhou-public-services-2021-2025"
REGION = "510802"
ON = date(2024, 6, 1)
REGIONS = (REGION, "510811", "510107", "110101", "500101")
# What somebody has told after a dozen questions: the rest is unknown.
TOLD = 12

Person = dict[str, bool | int | str]


def items(file: str) -> list[dict[str, Any]]:
    """The documents of one seed file."""
    found: list[dict[str, Any]] = yaml.load((SEED / file).read_text("utf-8"), yaml.CSafeLoader)["items"]
    return found


def facts() -> list[Fact]:
    return [Fact.model_validate(item) for item in items("facts.yaml")]


def rules() -> list[Rule]:
    return [Rule.model_validate(item) for item in items(f"{LIZHOU}/rules.yaml")]


def rulebook() -> Rulebook:
    """The rulebook that the application makes from its database, made from the seed."""
    return make(
        (Offer(s["slug"], s["name"], s["concept"], s["domain"]) for s in items(f"{LIZHOU}/services.yaml")),
        (
            Entry(
                Rule.model_validate(item),
                1,
                tuple(
                    Cited(LIZHOU, source["section"], source["quote"], source.get("basis", "stated"))
                    for source in item["sources"]
                ),
            )
            for item in items(f"{LIZHOU}/rules.yaml")
        ),
        facts(),
    )


def people(count: int, *, told: int | None = None, seed: int = 91) -> list[Person]:
    """The same persons in every run: all facts known, or only `told` of them."""
    random, known = Random(seed), facts()
    return [person(random, known, told) for _ in range(count)]


def person(random: Random, known: list[Fact], told: int | None) -> Person:
    whole = {fact.slug: value(random, fact) for fact in known if fact.derivation is None}
    if told is None:
        return whole
    chosen = random.sample(sorted(whole), told)
    return {slug: whole[slug] for slug in whole if slug in chosen}


def value(random: Random, fact: Fact) -> bool | int | str:
    """A birth date makes people of 0 to 99 years; where a fact can be denied, most people deny it."""
    match fact.type:
        case "boolean":
            return random.random() < 0.25
        case "integer":
            return random.randint(fact.minimum or 0, fact.maximum or 0)
        case "date":
            return (ON - timedelta(days=random.randrange(99 * 365))).isoformat()
        case "region":
            return random.choice(REGIONS)
    return random.choice(fact.values).value
