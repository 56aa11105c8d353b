"""Three answers and what is missing for a better one: per condition, per rule and per service."""

from collections.abc import Iterable, Mapping
from functools import cached_property, reduce
from typing import Any, Literal, NamedTuple

from app.eligibility.clauses import Test
from app.eligibility.compiled import KEPT, MOST, Compiled, changing, undecided
from app.eligibility.conditions import Clause, Undefined, clauses, places
from app.eligibility.facts import Facts, Knowledge, unknowns
from app.eligibility.rules import STRENGTHS, Rule, Strength, whole
from app.eligibility.tables import Space, space_of

Answer = Literal["eligible", "not_eligible", "undetermined"]


class Outcome(NamedTuple):
    """The answer for one service, the rule that decides it, and the facts that could still change it."""

    outcome: Answer
    strength: Strength | None
    rule: str | None
    missing: tuple[str, ...]


class CompiledRule:
    """A rule ready to be asked about many people."""

    def __init__(self, rule: Rule, everything: Knowledge) -> None:
        self.rule = rule
        self.readings = tuple(Compiled(condition, everything) for condition in rule.readings)
        self.main = self.readings[0]
        self.whole = whole(rule)
        tests = [one.truth if one.tangled else one.kleene for one in self.readings]
        agreed = reduce(_agreed, tests)
        self.truth = _or_unknown(agreed) if rule.open_ended else agreed


def _agreed(first: Test, second: Test) -> Test:
    def test(knowledge: Knowledge) -> bool | None:
        value = first(knowledge)
        return None if value is None or second(knowledge) is not value else value

    return test


def _or_unknown(named: Test) -> Test:
    return lambda knowledge: named(knowledge) or None


class CompiledService:
    """All rules of one service, the firmest first."""

    def __init__(self, slug: str, rules: Iterable[CompiledRule], everything: Knowledge) -> None:
        self.slug = slug
        self.everything = everything
        self.rules = sorted(rules, key=lambda one: STRENGTHS.index(one.rule.strength))
        self.clauses: dict[str, list[Clause]] = {}
        for one in self.rules:
            for clause in clauses(one.whole):
                self.clauses.setdefault(clause.fact, []).append(clause)
        self.facts = tuple(self.clauses)
        # Where every fact is asked once and every word defined, whatever is still open can turn the answer.
        self.independent = all(len(asked) == 1 for asked in self.clauses.values()) and not any(
            isinstance(part, Undefined) for one in self.rules for _, part in places(one.rule.condition)
        )

    def decide(self, knowledge: Knowledge) -> tuple[Answer, CompiledRule | None]:
        """The answer and the rule that decides it, without what is missing."""
        open_rule = None
        for rule in self.rules:
            value = rule.truth(knowledge)
            if value:
                return "eligible", rule
            if value is None and open_rule is None:
                open_rule = rule
        if open_rule or not self.rules:
            return "undetermined", open_rule
        return "not_eligible", self.rules[0]

    def missing(self, knowledge: Knowledge) -> tuple[str, ...]:
        """The facts on which alone the answer can turn; none once the service is settled."""
        if not any(not knowledge[fact].exact for fact in self.facts):
            return ()
        if self.independent:
            leaves = (leaf.node for one in self.rules for leaf in undecided(one.main.piece, knowledge))
            return tuple(sorted(leaf.fact for leaf in leaves))
        space = self.space or space_of([one.whole for one in self.rules], knowledge, MOST)
        if space is None:
            return self._unsettling(knowledge)
        answers = self.answers if space is self.space else self._answers(space)
        allowed = space.allowed(knowledge)
        found = changing(space, answers, allowed, knowledge)
        # Rules may leave nobody out only together: which of them holds is then what is missing.
        if not found and any(eligible & allowed for eligible in answers[: len(STRENGTHS)]):
            return self._unsettling(knowledge)
        return tuple(found)

    def _unsettling(self, knowledge: Knowledge) -> tuple[str, ...]:
        return tuple(sorted({fact for one in self.rules for fact in rule_missing(one, knowledge)}))

    @cached_property
    def space(self) -> Space | None:
        """Every class of every fact of all the rules, if they are few enough to keep."""
        return space_of([one.whole for one in self.rules], self.everything, KEPT)

    @cached_property
    def answers(self) -> tuple[int, ...]:
        """The table of answers over that space."""
        return self._answers(self.space) if self.space else ()

    def _answers(self, space: Space) -> tuple[int, ...]:
        settled, open_, found = 0, 0, []
        for strength in STRENGTHS:
            now = 0
            for one in self.rules:
                if one.rule.strength == strength:
                    true, false = space.bits(one.whole)
                    now, open_ = now | true, open_ | (space.full & ~true & ~false)
            found.append(now & ~settled)
            settled |= now
        return (*found, open_ & ~settled)


def compile_condition(condition: Any, facts: Facts) -> Compiled:  # noqa: ANN401 - a condition of any form
    """A condition as functions, to be kept."""
    return Compiled(condition, unknowns(facts))


def compile_rule(rule: Rule, facts: Facts) -> CompiledRule:
    """A rule as functions, to be kept."""
    return CompiledRule(rule, unknowns(facts))


def compile_services(rules: Iterable[Rule], facts: Facts) -> dict[str, CompiledService]:
    """The rules by service, in the order in which the services first appear."""
    everything = unknowns(facts)
    by_service: dict[str, list[CompiledRule]] = {}
    for rule in rules:
        by_service.setdefault(rule.service, []).append(CompiledRule(rule, everything))
    return {slug: CompiledService(slug, found, everything) for slug, found in by_service.items()}


def truth(condition: Any, knowledge: Knowledge) -> bool | None:  # noqa: ANN401 - a condition of any form
    """Whether a condition holds, for a single question; keep `compile_condition` for many."""
    return Compiled(condition, knowledge).truth(knowledge)


def missing(condition: Any, knowledge: Knowledge) -> list[str]:  # noqa: ANN401 - a condition of any form
    """The facts on which alone a condition can turn."""
    return _missing(Compiled(condition, knowledge), condition, knowledge)


def rule_truth(rule: CompiledRule, knowledge: Knowledge) -> bool | None:
    """Whether a rule holds: unknown where its readings differ and where a list goes on."""
    return rule.truth(knowledge)


def rule_missing(rule: CompiledRule, knowledge: Knowledge) -> list[str]:
    """The facts on which alone a rule can turn."""
    return _missing(Compiled(rule.whole, knowledge), rule.whole, knowledge)


def _missing(compiled: Compiled, condition: Any, knowledge: Knowledge) -> list[str]:  # noqa: ANN401 - a condition of any form
    space = space_of([condition], knowledge, MOST)
    if space:
        return changing(space, space.bits(condition), space.allowed(knowledge), knowledge)
    leaves = [leaf.node for leaf in undecided(compiled.piece, knowledge)]
    return sorted({leaf.fact for leaf in leaves if isinstance(leaf, Clause)})


def outcome(service: CompiledService, knowledge: Knowledge) -> Outcome:
    """The answer for one service: the firmest rule that holds, else unknown if any is, else no."""
    answer, rule = service.decide(knowledge)
    lacking = service.missing(knowledge) if answer == "undetermined" else ()
    if rule is None:
        return Outcome(answer, None, None, lacking)
    return Outcome(answer, rule.rule.strength, rule.rule.slug, lacking)


def outcomes(services: Mapping[str, CompiledService], knowledge: Knowledge) -> dict[str, Outcome]:
    """The answer for every service."""
    return {slug: outcome(service, knowledge) for slug, service in services.items()}
