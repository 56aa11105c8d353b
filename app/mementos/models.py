"""TimeMaps on the wire: as RFC 7089's link format, and as the JSON that Memento clients know."""

from datetime import UTC, datetime
from email.utils import format_datetime

from pydantic import BaseModel, ConfigDict, Field

from app.mementos.timeline import Memento


class MementoRef(BaseModel):
    """One state of the resource."""

    model_config = ConfigDict(title="历史状态")

    datetime: str = Field(
        title="时间", description="Since when the resource's URL answered it (ISO 8601, UTC)"
    )
    uri: str = Field(title="网址", description="The URL that answers it for ever")
    version: int = Field(title="版本", description="The version that applied")


class Mementos(BaseModel):
    """The states of the resource."""

    model_config = ConfigDict(title="历史状态列表")

    list: tuple[MementoRef, ...] = Field(title="条目", description="Oldest first")
    first: MementoRef | None = Field(title="最早", description="The oldest; null where there is none")
    last: MementoRef | None = Field(title="最新", description="The newest; null where there is none")


class TimeMap(BaseModel):
    """All states that a resource's URL has answered."""

    model_config = ConfigDict(title="历史状态目录")

    original_uri: str = Field(title="原网址", description="The resource")
    timegate_uri: str = Field(
        title="时间协商网址", description="Where `Accept-Datetime` is understood: the resource itself"
    )
    timemap_uri: dict[str, str] = Field(title="目录网址", description="This list, in each of its formats")
    mementos: Mementos = Field(title="历史状态", description="The states, with the first and the last again")


def http_date(moment: datetime) -> str:
    """As HTTP writes it: GMT, whole seconds."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def memento_url(original: str, memento: Memento) -> str:
    return f"{original}?on={memento.at.on}&release={memento.at.release}"


def in_json(original: str, states: list[Memento]) -> TimeMap:
    refs = [
        MementoRef(
            datetime=state.moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            uri=memento_url(original, state),
            version=state.version,
        )
        for state in states
    ]
    return TimeMap(
        original_uri=original,
        timegate_uri=original,
        timemap_uri={form: f"{original}/timemap?format={form}" for form in ("json", "link")},
        mementos=Mementos(list=tuple(refs), first=refs[0] if refs else None, last=refs[-1] if refs else None),
    )


def in_links(original: str, states: list[Memento]) -> str:
    """RFC 6690's link format, one link a line."""
    whole = f'<{original}/timemap?format=link>;rel="self";type="application/link-format"'
    if states:
        whole += f';from="{http_date(states[0].moment)}";until="{http_date(states[-1].moment)}"'
    links = [f'<{original}>;rel="original timegate"', whole]
    links += [_link(original, state, number, len(states)) for number, state in enumerate(states)]
    return ",\n".join(links) + "\n"


def _link(original: str, state: Memento, number: int, count: int) -> str:
    ends = [name for name, place in (("first", 0), ("last", count - 1)) if place == number]
    relation = " ".join([*ends, "memento"])
    return f'<{memento_url(original, state)}>;rel="{relation}";datetime="{http_date(state.moment)}"'
