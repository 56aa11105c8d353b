"""Two documents of a kind → their differences, each of a type that says what it means for people; pure.

For whoever has two documents: `compare(kind, plain(one), plain(other), world)`, `plain` being that of `app.changes`.
"""

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from app.changes.what import PLACES
from app.diff.audience import Verdict, compare_reach
from app.diff.models import Difference, DifferenceType
from app.diff.standards import QUANTITY, direction
from app.diff.words import TOO_LONG, World, condition_in_words, in_chinese, shown, title
from app.eligibility.rules import STRENGTHS, Rule

Document = dict[str, Any]
FIRMNESS = ("commitment", "aim", "encouragement", "pilot")
# Which of their values comes first is the firmer promise.
FIRMER = {"strength": STRENGTHS, "firmness": FIRMNESS}
# Whom something is for, in words that nobody can compute with.
IN_WORDS = {"audience", "population"}
WHO = ("condition", "other_readings", "open_ended")

Compare = Callable[[Document, Document, World], Iterator[Difference]]


def compare(kind: str, before: Document, after: Document, world: World) -> list[Difference]:
    """The differences of two documents, the field's own type for each; none if they say the same."""
    changed = [field for field in after if before.get(field) != after[field]]
    found: list[Difference] = []
    for fields, together in TOGETHER.get(kind, ()):
        if set(fields) & set(changed):
            found += together(before, after, world)
            changed = [field for field in changed if field not in fields]
    # That it applies from another day on goes without saying where something else is different.
    if changed != ["valid_from"] or found:
        changed = [field for field in changed if field != "valid_from"]
    return found + [_of_field(kind, field, before.get(field), after[field], world) for field in changed]


def _of_field(kind: str, field: str, old: Any, new: Any, world: World) -> Difference:  # noqa: ANN401 - whatever a field holds
    what = _type(field, old, new)
    was, now = shown(kind, field, old, world), shown(kind, field, new, world)
    label = title(kind, field)
    match what:
        case "renamed":
            text = f"名称由{was}改为{now}。"
        case "moved":
            text = f"所属{label}由{was}调整为{now}。"
        case "strength_raised":
            text = f"{label}由{was}提高为{now}。"
        case "strength_lowered":
            text = f"{label}由{was}降低为{now}。"
        case _ if field in TOO_LONG:
            text = f"{label}有调整。"
        case _ if old in (None, []):
            text = f"{label}新增{now}。"
        case _ if new in (None, []):
            text = f"删去{label}{was}。"
        case _:
            text = f"{label}由{was}调整为{now}。"
    return Difference(type=what, field=field, old=old, new=new, text=text)


def _type(field: str, old: Any, new: Any) -> DifferenceType:  # noqa: ANN401 - whatever a field holds
    if field == "name":
        return "renamed"
    if field in PLACES:
        return "moved"
    if field in IN_WORDS:
        return "audience_changed"
    order = FIRMER.get(field, ())
    if old in order and new in order:
        return "strength_raised" if order.index(new) < order.index(old) else "strength_lowered"
    return "revised"


def of_quantity(before: Document, after: Document, world: World) -> Iterator[Difference]:
    """How much a standard promises."""
    found, converted = direction(before, after)
    was, now = (shown("standards", "value_text", one["value_text"], world) for one in (before, after))
    said: dict[str, tuple[DifferenceType, str]] = {
        "tightened": ("tightened", f"要求提高：由{was}调整为{now}"),
        "loosened": ("loosened", f"要求放宽：由{was}调整为{now}"),
        "same": ("reworded", f"表述调整、要求不变：由{was}改为{now}"),
        "unlike": ("revised", f"标准由{was}调整为{now}，口径不同，不作宽严判断"),
    }
    what, text = said[found]
    old, new = ({field: one[field] for field in QUANTITY} for one in (before, after))
    yield Difference(
        type=what,
        field="value",
        old=old,
        new=new,
        text=text + (f"（折算：{in_chinese(converted)}）。" if converted else "。"),
    )


AUDIENCE: dict[Verdict, tuple[DifferenceType, str]] = {
    "wider": ("audience_widened", "对象范围扩大"),
    "narrower": ("audience_narrowed", "对象范围缩小"),
    "different": ("audience_changed", "对象范围有增有减，或取决于规划未作界定的用语"),
    "undecided": ("audience_changed", "对象范围有调整，宽窄无法判定"),
    "same": ("reworded", "条件表述调整，对象范围不变"),
}


def of_audience(before: Document, after: Document, world: World) -> Iterator[Difference]:
    """Whom a rule takes in."""
    what, text = AUDIENCE[_reach(before, after, world)]
    was, now = (_who(one, facts) for one, facts in ((before, world.facts_before), (after, world.facts_after)))
    old, new = ({field: one[field] for field in WHO} for one in (before, after))
    yield Difference(type=what, field="condition", old=old, new=new, text=f"{text}：由{was}调整为{now}。")


def _reach(before: Document, after: Document, world: World) -> Verdict:
    try:
        one, other = (Rule.model_validate({"slug": "", "service": "", **side}) for side in (before, after))
    except ValidationError:
        return "undecided"
    return compare_reach(one, other, world.facts_before, world.facts_after)


def _who(document: Document, facts: Any) -> str:  # noqa: ANN401 - a mapping of facts
    said = condition_in_words(document["condition"], facts)
    readings = len(document["other_readings"])
    more = [f"另有{readings}种读法"] if readings else []
    more += ["列举未尽（等）"] if document["open_ended"] else []
    return f"{said}（{'，'.join(more)}）" if more else said


# What can only be judged together, by kind.
TOGETHER: dict[str, tuple[tuple[tuple[str, ...], Compare], ...]] = {
    "standards": ((QUANTITY, of_quantity),),
    "rules": ((WHO, of_audience),),
}
