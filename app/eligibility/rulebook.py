"""Everything that decides for the people of one region on one day, compiled once and then only read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from app.eligibility.evaluate import CompiledService, compile_services
from app.eligibility.facts import Fact
from app.eligibility.rules import Rule


class Offer(NamedTuple):
    """A service as an answer names it."""

    slug: str
    name: str
    concept: str
    domain: str


class Cited(NamedTuple):
    """Where a rule's words stand."""

    plan: str
    section: str
    quote: str
    basis: str
    reading: str | None = None


class Entry(NamedTuple):
    """A rule with its version and its sources."""

    rule: Rule
    version: int
    sources: tuple[Cited, ...]

    def source_of(self, quote: str | None) -> Cited | None:
        """The source whose quote holds a clause's words; the rule's first where the words are not of one clause."""
        if quote is None:
            return self.sources[0] if self.sources else None
        words = "".join(quote.split())
        inside = (words in "".join(f"{source.quote}\n{source.reading}".split()) for source in self.sources)
        return next((source for source, found in zip(self.sources, inside, strict=True) if found), None)


@dataclass(frozen=True)
class Rulebook:
    """The services of a region and its ancestors in the order of their lists, their rules, and all facts."""

    offers: Mapping[str, Offer]
    entries: Mapping[str, Entry]
    facts: Mapping[str, Fact]
    services: Mapping[str, CompiledService]


def make(offers: Iterable[Offer], entries: Iterable[Entry], facts: Iterable[Fact]) -> Rulebook:
    """Compiles the rules; a service without any is in the book, too, and undetermined."""
    by_slug = {fact.slug: fact for fact in facts}
    rules = {entry.rule.slug: entry for entry in entries}
    compiled = compile_services((entry.rule for entry in rules.values()), by_slug)
    known = {offer.slug: offer for offer in offers}
    return Rulebook(
        offers=known,
        entries=rules,
        facts=by_slug,
        services={slug: compiled[slug] if slug in compiled else without_rules(slug) for slug in known},
    )


def without_rules(slug: str) -> CompiledService:
    return CompiledService(slug, [], {})
