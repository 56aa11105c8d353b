"""Lizhou's rules in OpenFisca: a country package translated from the same condition trees, when it is imported.

A fact is an input variable, a rule is a variable with a formula over NumPy arrays. OpenFisca has two values:
what is unknown takes the variable's default, and an undefined word is false. A rule with other readings holds
if every reading holds, as with us. That a list is open-ended has no counterpart.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit, Period
from openfisca_core.populations import Population
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from app.eligibility.conditions import All, Any_, Clause, Not, Undefined, children
from app.eligibility.facts import CompletedYears, Fact
from app.eligibility.regions import prefix
from app.eligibility.rules import Rule
from bench.people import facts, rules

Array = Any  # NumPy's arrays, of whatever a variable holds
Formula = Callable[[Population, Period], Array]

PERIOD = DateUnit.MONTH
PERSON = build_entity(key="person", plural="persons", label="Person", doc="A person.", is_person=True)
TYPES = {"boolean": bool, "integer": int, "date": date, "enumeration": Enum, "region": str}
UNKNOWN = "unknown"


def name(slug: str) -> str:
    """A rule's slug as OpenFisca names a variable."""
    return slug.replace("-", "_")


def fact_variable(fact: Fact) -> type[Variable]:
    about: dict[str, Any] = {
        "value_type": TYPES[fact.type],
        "entity": PERSON,
        "definition_period": PERIOD,
        "label": fact.name,
    }
    if fact.type == "enumeration":
        values = {UNKNOWN: UNKNOWN} | {one.value: one.label for one in fact.values}
        about["possible_values"] = Enum(fact.slug, values)
        about["default_value"] = about["possible_values"][UNKNOWN]
    if isinstance(fact.derivation, CompletedYears):
        about["formula"] = completed_years(fact.derivation.from_)
    return type(fact.slug, (Variable,), about)


def completed_years(born: str) -> Formula:
    def formula(person: Population, period: Period) -> Array:
        births = person(born, period)
        months = births.astype("datetime64[M]")
        days = (births - months).astype(int) + 1
        start = period.start
        years = start.year - 1970 - births.astype("datetime64[Y]").astype(int)
        month = months.astype(int) % 12 + 1
        return years - ((month > start.month) | ((month == start.month) & (days > start.day)))

    return formula


def rule_variable(rule: Rule, known: dict[str, type[Variable]]) -> type[Variable]:
    readings = [translated(reading, known) for reading in rule.readings]

    def formula(person: Population, period: Period) -> Array:
        holds = readings[0](person, period)
        for reading in readings[1:]:
            holds = holds & reading(person, period)
        return holds

    about = {"value_type": bool, "entity": PERSON, "definition_period": PERIOD, "label": rule.slug}
    return type(name(rule.slug), (Variable,), about | {"formula": formula})


def translated(node: object, known: dict[str, type[Variable]]) -> Formula:
    """A condition as a formula, part by part."""
    match node:
        case Clause():
            return comparison(node, known[node.fact])
        case Undefined():
            return lambda person, _: numpy.zeros(person.count, dtype=bool)
        case Not(not_=part):
            inner = translated(part, known)
            return lambda person, period: ~inner(person, period)
        case All():
            return folded([translated(part, known) for part in children(node)], numpy.logical_and, empty=True)
        case Any_():
            return folded([translated(part, known) for part in children(node)], numpy.logical_or, empty=False)
    raise TypeError(type(node))


def folded(parts: list[Formula], join: Callable[[Array, Array], Array], *, empty: bool) -> Formula:
    def formula(person: Population, period: Period) -> Array:
        if not parts:
            return numpy.full(person.count, empty)
        found = parts[0](person, period)
        for part in parts[1:]:
            found = join(found, part(person, period))
        return found

    return formula


def comparison(clause: Clause, variable: type[Variable]) -> Formula:  # noqa: PLR0911 - one line per operator
    fact, wanted = clause.fact, [read(variable, value) for value in clause.operands]
    first = wanted[0]
    match clause.op:
        case "at_least":
            return lambda person, period: person(fact, period) >= first
        case "at_most":
            return lambda person, period: person(fact, period) <= first
        case "more_than":
            return lambda person, period: person(fact, period) > first
        case "less_than":
            return lambda person, period: person(fact, period) < first
        case "within":
            inside = prefix(str(first))
            return lambda person, period: numpy.char.startswith(person(fact, period).astype(str), inside)
    if variable.value_type is bool:
        if len(wanted) > 1:
            return lambda person, _: numpy.ones(person.count, dtype=bool)
        return (lambda person, period: person(fact, period)) if first else (
            lambda person, period: ~person(fact, period)
        )  # fmt: skip

    def among(person: Population, period: Period) -> Array:
        values = person(fact, period)
        found = values == first
        for other in wanted[1:]:
            found = found | (values == other)
        return found

    return among


def read(variable: type[Variable], value: bool | int | str) -> Any:  # noqa: ANN401, FBT001 - what a variable holds
    if variable.value_type is Enum:
        return variable.possible_values[value]
    return numpy.datetime64(value) if variable.value_type is date else value


class CountryTaxBenefitSystem(TaxBenefitSystem):
    """What `openfisca serve --country-package bench.openfisca_lizhou` serves."""

    def __init__(self) -> None:
        super().__init__([PERSON])
        known = {fact.slug: fact_variable(fact) for fact in facts()}
        self.add_variables(*known.values(), *(rule_variable(rule, known) for rule in rules()))
        # Its web API takes the first parameter for an example, and stumbles where there is none.
        self.parameters = ParameterNode("", data={"none": {"values": {"2021-01-01": {"value": 0}}}})
