"""Facts and what is known about them: a value, a band, a set, or nothing; read strictly, never echoed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.eligibility.conditions import FactSlug, Scalar, day
from app.eligibility.findings import Finding, pointer
from app.eligibility.regions import EVERYWHERE, REGION

FactType = Literal["boolean", "integer", "date", "enumeration", "region"]
ORDERED = ("integer", "date")
MOST_FINDINGS = 20


class Plain(BaseModel):
    """Facts are also read from rows that carry more than the engine needs."""

    model_config = ConfigDict(extra="ignore", frozen=True, from_attributes=True)


class Value(Plain):
    """One value of an enumeration, with its label."""

    value: str
    label: str


class CompletedYears(Plain):
    """This fact is the number of years completed since a date."""

    from_: FactSlug = Field(alias="from")
    function: Literal["completed_years"]


class Premise(Plain):
    """What must surely be true before something follows from it."""

    from_: FactSlug = Field(alias="from")
    in_: tuple[Scalar, ...] = Field(alias="in", min_length=1)


class Implication(Plain):
    """This fact has a value as soon as the premise is surely true; never the other way round."""

    implies: Premise
    value: Scalar


Derivation: TypeAlias = CompletedYears | Implication


class Fact(Plain):
    """A typed thing to know about a person or household."""

    slug: FactSlug
    name: str
    type: FactType
    unit: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    values: Annotated[tuple[Value, ...], BeforeValidator(lambda given: given or ())] = ()
    question: str = ""
    help: str | None = None
    about: Literal["person", "household"] = "person"
    sensitive: bool = False
    changes: Literal["with_time", "never", "not_by_choice", "by_choice"] = "not_by_choice"
    derivation: Derivation | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Fact":
        if self.type == "integer" and (
            self.minimum is None or self.maximum is None or self.minimum > self.maximum
        ):
            raise ValueError("An integer fact needs a minimum and a maximum.")
        if (self.type == "enumeration") != bool(self.values):
            raise ValueError("An enumeration needs its values, and nothing else has any.")
        return self

    @cached_property
    def everything(self) -> "Known":
        """What is known when nothing is."""
        if self.type == "integer":
            return Known("integer", self.minimum or 0, self.maximum or 0)
        if self.type == "date":
            return Known("date", 1, date.max.toordinal())
        if self.type == "boolean":
            return Known("boolean", values=frozenset((False, True)))
        return Known(self.type, values=frozenset(value.value for value in self.values))

    @cached_property
    def single(self) -> "dict[bool | str, Known]":
        """What is known when one value of a few is given, made once."""
        everything = self.everything
        return {v: replace(everything, values=frozenset((v,)), given=True) for v in everything.values}


Facts: TypeAlias = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Known:
    """The values a fact may still have: low..high, a set, or anywhere inside a region."""

    type: FactType
    low: int = 0
    high: int = 0
    values: frozenset[bool | str] = frozenset()
    code: str = EVERYWHERE
    given: bool = field(default=False, compare=False)

    @property
    def exact(self) -> bool:
        """Whether only one value is left."""
        if self.type in ORDERED:
            return self.low == self.high
        if self.type == "region":
            return not self.code.endswith("00")
        return len(self.values) == 1


Knowledge: TypeAlias = Mapping[str, Known]


class WrongValueError(ValueError):
    """A value that cannot be one of this fact; says so without repeating it."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


def unknown(fact: Fact) -> Known:
    """Nothing is known beyond the range in which a value makes sense."""
    return fact.everything


def unknowns(facts: Facts) -> dict[str, Known]:
    """Nothing is known about any fact."""
    return {slug: unknown(fact) for slug, fact in facts.items()}


def parse(facts: Facts, given: object) -> tuple[dict[str, Known], list[Finding]]:
    """What a request says about each fact, and what is wrong with it; absent and null are unknown."""
    knowledge, findings = unknowns(facts), []
    if not isinstance(given, Mapping):
        return knowledge, [Finding("/facts", "Facts are a JSON object.", "“facts”应是一个JSON对象。")]
    for slug, raw in given.items():
        if slug not in facts:
            findings.append(Finding(pointer("facts", str(slug)), "There is no such fact.", "没有这个事实。"))
        elif raw is not None:
            try:
                knowledge[slug] = known(facts[slug], raw)
            except WrongValueError as wrong:
                findings.append(Finding(pointer("facts", slug), wrong.en, wrong.zh))
        if len(findings) == MOST_FINDINGS:
            break
    return knowledge, findings


def known(fact: Fact, raw: object) -> Known:
    """What one value, band or set says about a fact."""
    everything = unknown(fact)
    if fact.type in ORDERED:
        low, high = _band(everything, raw) if isinstance(raw, Mapping) else (raw, raw)
        read = replace(everything, low=_number(fact, low), high=_number(fact, high), given=True)
        if read.low > read.high:
            raise WrongValueError("The minimum is above the maximum.", "最小值大于最大值。")
        if read.low < everything.low or read.high > everything.high:
            raise WrongValueError(*_outside(fact))
        return read
    if fact.type == "region":
        return Known("region", code=_region(raw), given=True)
    if isinstance(raw, bool | str) and raw in fact.single:
        return fact.single[raw]
    return replace(everything, values=_choice(everything, raw), given=True)


def _band(everything: Known, raw: Mapping[str, object]) -> tuple[object, object]:
    if not raw or not set(raw) <= {"min", "max"}:
        raise WrongValueError(
            'A band is {"min": …, "max": …}, of which one may be left out.',
            "范围应写作 {“min”: …, “max”: …},可省略其中一项。",
        )
    ends = raw.get("min"), raw.get("max")
    if ends == (None, None):
        raise WrongValueError("A band needs at least one end.", "范围至少要有一端。")
    written = [_written(everything, end) for end in (everything.low, everything.high)]
    return tuple(w if end is None else end for w, end in zip(written, ends, strict=True))  # type: ignore[return-value]  # two in, two out


def _written(everything: Known, number: int) -> int | str:
    return number if everything.type == "integer" else date.fromordinal(number).isoformat()


def _number(fact: Fact, raw: object) -> int:
    if fact.type == "integer" and type(raw) is int:
        return raw
    if fact.type == "date" and isinstance(raw, str) and (found := day(raw)):
        return found.toordinal()
    if fact.type == "date":
        raise WrongValueError("Write a date as YYYY-MM-DD.", "日期应写作YYYY-MM-DD。")
    raise WrongValueError("Write a whole number.", "应填写整数。")


def _outside(fact: Fact) -> tuple[str, str]:
    return (
        f"The value must lie between {fact.minimum} and {fact.maximum}.",
        f"数值应在{fact.minimum}到{fact.maximum}之间。",
    )


def _region(raw: object) -> str:
    if isinstance(raw, str) and REGION.fullmatch(raw):
        return raw
    raise WrongValueError("Write a six-digit region code.", "应填写六位行政区划代码。")


def _choice(everything: Known, raw: object) -> frozenset[bool | str]:
    if isinstance(raw, Mapping):
        given = raw.get("any_of")
        if set(raw) != {"any_of"} or not isinstance(given, list) or not given:
            raise WrongValueError(
                'A set is {"any_of": […]} with at least one value.',
                "集合应写作 {“any_of”: […]}，至少含一个值。",
            )
    else:
        given = [raw]
    kind = bool if everything.type == "boolean" else str
    if len(given) > 2 * len(everything.values):
        raise WrongValueError("The set has more values than there are.", "集合中的值过多。")
    if not all(type(value) is kind and value in everything.values for value in given):
        allowed = ", ".join(sorted(str(v).lower() if kind is bool else str(v) for v in everything.values))
        raise WrongValueError(f"The value must be one of: {allowed}.", f"应为下列值之一：{allowed}。")
    return frozenset(given)
