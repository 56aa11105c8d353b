"""A rule as the engine needs it: who is entitled, how firmly, and how else its sentence can be read."""

from typing import Any, Literal

from pydantic import Field

from app.eligibility.conditions import All, Any_, Condition, Undefined
from app.eligibility.facts import Plain

Strength = Literal["entitlement", "target_group", "pilot"]
STRENGTHS: tuple[Strength, ...] = ("entitlement", "target_group", "pilot")
LISTED_AND_MORE = Undefined(undefined="等", because="The list of people is open-ended.")
DISPUTED = Undefined(undefined="歧义", because="The sentence can be read in more than one way.")


class Reading(Plain):
    """Another way to read the same sentence, whole."""

    says: str
    condition: Condition


class Rule(Plain):
    """Who is entitled to one service."""

    slug: str
    service: str
    strength: Strength
    open_ended: bool = False
    condition: Condition
    other_readings: tuple[Reading, ...] = Field(default=(), max_length=8)

    @property
    def readings(self) -> tuple[Any, ...]:
        """Every reading's condition, the first one first."""
        return (self.condition, *(other.condition for other in self.other_readings))


def whole(rule: Rule) -> Any:  # noqa: ANN401 - a condition of any form
    """The rule as a single condition: readings that differ, and lists that go on, become unknown.

    Deeper than what people may write, so it is put together without being validated again.
    """
    readings = rule.readings
    node = readings[0]
    if len(readings) > 1:
        some = All.model_construct(all=(Any_.model_construct(any=readings), DISPUTED))
        node = Any_.model_construct(any=(All.model_construct(all=readings), some))
    return Any_.model_construct(any=(node, LISTED_AND_MORE)) if rule.open_ended else node
