"""Conditions as plain models: a tree of all, any, not and clauses, bounded before it is read."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.eligibility.findings import Finding, pointer

DEEPEST, MOST_CLAUSES, LARGEST, LONGEST = 8, 200, 10**12, 100
Operator = Literal["is", "in", "at_least", "at_most", "more_than", "less_than", "within"]
OPERATORS: dict[Operator, str] = {
    "is": "is_",
    "in": "in_",
    "at_least": "at_least",
    "at_most": "at_most",
    "more_than": "more_than",
    "less_than": "less_than",
    "within": "within",
}
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _scalar(value: object) -> object:
    if type(value) is int and abs(value) <= LARGEST:
        return value
    if type(value) is bool or (type(value) is str and 1 <= len(value) <= LONGEST):
        return value
    raise PydanticCustomError("scalar", "Write true, false, a whole number or a short text.")


def _bound(value: object) -> object:
    if type(value) is int and abs(value) <= LARGEST:
        return value
    if type(value) is str and day(value) is not None:
        return value
    raise PydanticCustomError("bound", "Write a whole number or a date such as '2024-06-01'.")


def day(text: str) -> date | None:
    """The date written as YYYY-MM-DD; None if it is no such date."""
    if not DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _absent(value: object) -> bool:
    return value is None


Scalar: TypeAlias = Annotated[bool | int | str, BeforeValidator(_scalar)]
Bound: TypeAlias = Annotated[int | str, BeforeValidator(_bound)]
FactSlug: TypeAlias = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_]{0,59}$")]
RegionCode: TypeAlias = Annotated[str, StringConstraints(strict=True, pattern=r"^[1-9][0-9]{5}$")]
Words: TypeAlias = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=2000)]


class Node(BaseModel):
    """What all parts of a condition share: nothing more than was declared, and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)


class Clause(Node):
    """One comparison of one fact, with the plan's own words for it."""

    fact: FactSlug
    is_: Scalar | None = Field(None, alias="is", exclude_if=_absent)
    in_: tuple[Scalar, ...] | None = Field(None, alias="in", min_length=1, max_length=200, exclude_if=_absent)
    at_least: Bound | None = Field(None, exclude_if=_absent)
    at_most: Bound | None = Field(None, exclude_if=_absent)
    more_than: Bound | None = Field(None, exclude_if=_absent)
    less_than: Bound | None = Field(None, exclude_if=_absent)
    within: RegionCode | None = Field(None, exclude_if=_absent)
    quote: Words | None = Field(None, exclude_if=_absent)

    @model_validator(mode="after")
    def _one_operator(self) -> "Clause":
        written = [name for name, field in OPERATORS.items() if field in self.model_fields_set]
        if len(written) != 1 or getattr(self, OPERATORS[written[0]]) is None:
            raise PydanticCustomError("operator", "Write exactly one comparison, and not null.")
        return self

    @property
    def op(self) -> Operator:
        """The one comparison that was written."""
        return next(name for name, field in OPERATORS.items() if getattr(self, field) is not None)

    @property
    def operand(self) -> bool | int | str | tuple[bool | int | str, ...]:
        """What the fact is compared with."""
        value: bool | int | str | tuple[bool | int | str, ...] = getattr(self, OPERATORS[self.op])
        return value

    @property
    def operands(self) -> tuple[bool | int | str, ...]:
        """The same, always as a tuple."""
        value = self.operand
        return value if isinstance(value, tuple) else (value,)


class Undefined(Node):
    """A word the plan uses and never defines: unknown for ever."""

    undefined: Words
    quote: Words | None = Field(None, exclude_if=_absent)
    because: Words


class All(Node):
    """Holds if every part holds; of no part at all: everyone."""

    all: tuple["Part", ...]


class Any_(Node):  # noqa: N801 - `Any` is taken by typing
    """Holds if one part holds; of no part at all: nobody."""

    any: tuple["Part", ...]


class Not(Node):
    """Holds if its part fails."""

    not_: "Part" = Field(alias="not")


TAGS = {"all": "<all>", "any": "<any>", "not": "<not>", "undefined": "<undefined>"}


def _tag(raw: object) -> str:
    if isinstance(raw, Node):
        return "<" + type(raw).__name__.lower().strip("_") + ">"
    keys = raw if isinstance(raw, dict) else {}
    return next((tag for key, tag in TAGS.items() if key in keys), "<clause>")


Part: TypeAlias = Annotated[
    Annotated[Clause, Tag("<clause>")]
    | Annotated[Undefined, Tag("<undefined>")]
    | Annotated[All, Tag("<all>")]
    | Annotated[Any_, Tag("<any>")]
    | Annotated[Not, Tag("<not>")],
    Discriminator(_tag),
]


def bounded(raw: object) -> object:
    """Refuse what is too deep or too long before anything recursive looks at it."""
    leaves, todo = 0, [(raw, 1)]
    while todo:
        node, depth = todo.pop()
        if depth > DEEPEST:
            raise PydanticCustomError("too_deep", "A condition is at most 8 levels deep.")
        parts = _raw_parts(node)
        leaves += not parts
        if max(leaves, len(parts), len(todo)) > MOST_CLAUSES:
            raise PydanticCustomError("too_long", "A condition has at most 200 clauses.")
        todo.extend((part, depth + 1) for part in parts)
    return raw


def _raw_parts(node: object) -> list[Any]:
    if isinstance(node, Node):
        return list(children(node))
    if not isinstance(node, dict):
        return []
    found = [part for key in ("all", "any") for part in _listed(node.get(key))]
    return [*found, node["not"]] if "not" in node else found


def _listed(value: object) -> list[Any]:
    return list(value[: MOST_CLAUSES + 1]) if isinstance(value, list | tuple) else []


Condition: TypeAlias = Annotated[Part, BeforeValidator(bounded)]
for _model in (All, Any_, Not):
    _model.model_rebuild()
_ADAPTER: TypeAdapter[Any] = TypeAdapter(Condition)

ZH = {
    "too_deep": "条件最多嵌套8层。",
    "too_long": "条件最多包含200个子句。",
    "operator": "请只写一种比较，且不能为 null。",
    "scalar": "请填写 true、false、整数或简短文字。",
    "bound": "请填写整数或形如“2024-06-01”的日期。",
    "missing": "缺少必填的内容。",
    "extra_forbidden": "这里不应有这一项。",
}


def read(raw: object) -> tuple[Any, list[Finding]]:
    """The condition that was written, or None and what is wrong with it."""
    try:
        return _ADAPTER.validate_python(raw), []
    except ValidationError as error:
        return None, [_finding(e) for e in error.errors(include_url=False, include_input=False)[:20]]


def _finding(error: Any) -> Finding:  # noqa: ANN401 - pydantic's own error record
    path = [part for part in error["loc"] if not (isinstance(part, str) and part.startswith("<"))]
    return Finding(pointer(*path), error["msg"], ZH.get(error["type"], "此处不是条件应有的写法。"))


def children(node: object) -> tuple[Any, ...]:
    """The parts directly inside a node."""
    match node:
        case All(all=parts) | Any_(any=parts):
            return parts
        case Not(not_=part):
            return (part,)
        case _:
            return ()


def places(node: object, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every node with its JSON pointer, from the top down."""
    yield at, node
    for index, part in enumerate(children(node)):
        yield from places(part, at + step(node, index))


def step(node: object, index: int) -> str:
    """How a pointer goes on from a node to its part."""
    if isinstance(node, Not):
        return "/not"
    return f"/{'all' if isinstance(node, All) else 'any'}/{index}"


def clauses(node: object) -> Iterator[Clause]:
    """Every clause of a condition, in reading order."""
    return (part for _, part in places(node) if isinstance(part, Clause))
