"""The next question: the fact that is expected to settle most services over the whole list."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from app.eligibility.clauses import cells, compile_clause
from app.eligibility.conditions import Clause
from app.eligibility.derive import derive
from app.eligibility.evaluate import CompiledService, Outcome, outcomes
from app.eligibility.facts import Facts, Implication, Knowledge, Known


class Question(NamedTuple):
    """A fact to ask for, and how many services its answer settles on average."""

    fact: str
    settles: float


class Interview:
    """One person's open services, and what an answer would do to them."""

    def __init__(
        self, services: Mapping[str, CompiledService], facts: Facts, knowledge: Knowledge, on: date
    ) -> None:
        self.services, self.facts, self.knowledge, self.on = services, facts, knowledge, on
        self.follows: dict[str, list[str]] = defaultdict(list)
        for fact in facts.values():
            if isinstance(fact.derivation, Implication):
                self.follows[fact.derivation.implies.from_].append(fact.slug)

    def candidates(self, answers: Mapping[str, Outcome], declined: Collection[str]) -> dict[str, list[str]]:
        """Facts worth asking, each with the services it can change; also what a missing fact follows from."""
        found: dict[str, list[str]] = defaultdict(list)
        for service, answer in answers.items():
            asked = {fact for missing in answer.missing for fact in self._ways_to(missing)}
            for fact in asked:
                known = self.knowledge[fact]
                if fact not in declined and not known.given and not known.exact:
                    found[fact].append(service)
        return found

    def _ways_to(self, fact: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        yield fact
        derivation = self.facts[fact].derivation
        # A birth date is never asked in place of an age: it says more than is needed.
        if not isinstance(derivation, Implication) or derivation.implies.from_ not in self.knowledge:
            return
        base, premise = derivation.implies.from_, _premise(derivation)
        if base not in seen and compile_clause(premise, self.knowledge)(self.knowledge) is None:
            yield from self._ways_to(base, seen | {fact})

    def settled(self, fact: str, touched: list[str]) -> float:
        """How many of some services an answer settles, averaged over the answers that make a difference."""
        counts = []
        for possible in self._answers(fact, touched):
            known: Knowledge = {**self.knowledge, fact: possible}
            if self.follows.get(fact):
                known, contradictions = derive(self.facts, known, self.on)
                if contradictions:
                    continue
            answers = (self.services[service].decide(known)[0] for service in touched)
            counts.append(sum(answer != "undetermined" for answer in answers))
        return round(sum(counts) / len(counts), 2) if counts else 0.0

    def _answers(self, fact: str, touched: list[str]) -> tuple[Known, ...]:
        asked = [clause for service in touched for clause in self.services[service].clauses.get(fact, ())]
        return cells(self.knowledge[fact], [*asked, *self._premises(fact)])

    def _premises(self, fact: str) -> Iterator[Clause]:
        for slug in self.follows.get(fact, ()):
            derivation = self.facts[slug].derivation
            if isinstance(derivation, Implication):
                yield _premise(derivation)


def _premise(derivation: Implication) -> Clause:
    return Clause.model_construct(fact=derivation.implies.from_, in_=derivation.implies.in_)


def next_question(
    services: Mapping[str, CompiledService],
    facts: Facts,
    knowledge: Knowledge,
    declined: Collection[str],
    on: date,
    *,
    answers: Mapping[str, Outcome] | None = None,
) -> Question | None:
    """The best fact to ask for next; None when no answer can change anything.

    Never one that was given, even as a band: whoever gives a band has said what they want to say. So every
    answer and every refusal takes a fact off the list, and the questions end.
    """
    interview = Interview(services, facts, knowledge, on)
    found = interview.candidates(answers or outcomes(services, knowledge), declined)
    scored = [
        (Question(fact, interview.settled(fact, touched)), len(touched)) for fact, touched in found.items()
    ]
    best = min(scored, key=lambda one: (-one[0].settles, -one[1], one[0].fact), default=None)
    return best[0] if best else None
