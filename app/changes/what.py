"""What a change is: one version beside the version whose place it takes. The one definition, free of SQL."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel

from app.versioning import Content, Row

ChangeType = Literal["added", "revised", "renamed", "moved", "withdrawn", "restored"]

# Where a resource belongs: whoever files it by one of these has to file it anew.
PLACES = frozenset({"plan", "domain", "concept", "service", "region", "parent", "part_of"})
# What stands for a name, in this order: a discrepancy has none but what it says.
NAMES = ("name", "explanation_zh", "explanation")
# About the change, not about the resource.
ASIDE = frozenset({"slug", "change_note"})


def what_changed(row: Row, replaced: Row | None) -> ChangeType:
    """The type of a change; where several would fit, the first that matters to who keeps a copy."""
    if row.withdrawn:
        return "withdrawn"
    if row.version == 1 or replaced is None:
        return "added"
    # A correction of days before the withdrawal leaves the end where it was.
    if replaced.withdrawn and replaced.valid_from <= row.valid_from:
        return "restored"
    fields = set(differing(replaced, row))
    if fields & PLACES:
        return "moved"
    return "renamed" if "name" in fields else "revised"


def own_name(content: Content) -> str | None:
    """What a document is called; None for kinds that are called after something else."""
    return called_by({field: getattr(content, field, None) for field in NAMES})


def called_by(says: Mapping[str, Any]) -> str | None:
    """The same of what stands in its fields. A name has no full stop, though a sentence stands for it."""
    said = next((says[field] for field in NAMES if says.get(field)), None)
    return said if said is None else str(said).removesuffix("。")


def differing(before: Content, after: Content) -> list[str]:
    """The fields in which two documents of a kind differ, in the order of the kind's own."""
    one, other = plain(before), plain(after)
    return [field for field in other if one.get(field) != other[field]]


def plain(content: Content) -> dict[str, Any]:
    """What a document says, whether it was read from the database or is yet to be published."""
    fields = type(content).model_fields
    versioned = {"version", "release", "withdrawn", "withdrawn_because"}
    return {name: plain_value(getattr(content, name)) for name in fields if name not in ASIDE | versioned}


def plain_value(value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    """A value as JSON has it."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain_value(part) for key, part in value.items()}
    if isinstance(value, Iterable):
        return [plain_value(part) for part in value]
    raise TypeError(type(value))
