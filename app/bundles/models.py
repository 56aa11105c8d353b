"""A bundle, and what has changed in it since a release."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from app.eligibility.rulebook import Rulebook
from app.queries import ReadQuery, ReleaseNumber
from app.regions.models import RegionRef, refs
from app.versioning import At

Documents = dict[str, dict[str, Any]]


class BundleQuery(ReadQuery):
    """When, and since when."""

    since: ReleaseNumber | None = Field(
        None,
        title="起始发布号",
        description="Only what has changed since this release; for who has that bundle",
    )


class Bundle(BaseModel):
    """Facts, rules and services of a region; with `base`, only what differs from the bundle of that release."""

    model_config = ConfigDict(title="离线包")

    region: RegionRef = Field(title="行政区划", description="For the people who live here")
    on: str = Field(title="日期", description="The day it decides for")
    release: int = Field(title="发布号", description="The release it was read at")
    base: int | None = Field(
        title="起始发布号", description="The release it is to be applied to; null: it is whole"
    )
    digest: str = Field(title="摘要", description="SHA-256 of the whole bundle's facts, services and rules")
    facts: Documents = Field(title="事实", description="By slug")
    services: Documents = Field(title="服务项目", description="By slug, in the order of the plans' lists")
    rules: Documents = Field(title="资格规则", description="By slug")
    removed: dict[str, list[str]] = Field(
        title="移除",
        description="Slugs of facts, services and rules that are no longer there; empty if whole",
    )


def contents(book: Rulebook) -> dict[str, Documents]:
    """What a rulebook holds, as it goes over the wire."""
    return {
        "facts": {
            slug: fact.model_dump(mode="json", by_alias=True, exclude={"slug"}, exclude_none=True)
            for slug, fact in sorted(book.facts.items())
        },
        "services": {
            slug: {"name": offer.name, "concept": offer.concept, "domain": offer.domain}
            for slug, offer in book.offers.items()
        },
        "rules": {
            slug: {
                **entry.rule.model_dump(mode="json", by_alias=True, exclude={"slug"}),
                "version": entry.version,
                "sources": [source._asdict() for source in entry.sources],
            }
            for slug, entry in sorted(book.entries.items())
        },
    }


def digest(whole: Mapping[str, Documents]) -> str:
    """The same for the same contents, however they were put together."""
    canonical = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def bundle(
    session: Session, at: At, region: str, book: Rulebook, base: tuple[int, Rulebook] | None
) -> Bundle:
    """The whole bundle, or what turns the bundle of a base release into it."""
    whole = contents(book)
    before = contents(base[1]) if base else {part: {} for part in whole}
    changed = {part: _changed(whole[part], before[part]) for part in whole}
    # A service that moves in the lists changes nothing of itself: its place is sent by sending all of them.
    if base and list(before["services"]) != list(whole["services"]):
        changed["services"] = whole["services"]
    return Bundle(
        region=refs(session, [region], at)[region],
        on=at.on.isoformat(),
        release=at.release,
        base=base[0] if base else None,
        digest=digest(whole),
        facts=changed["facts"],
        services=changed["services"],
        rules=changed["rules"],
        removed={part: _gone(before[part], whole[part]) for part in whole},
    )


def _changed(now: Documents, before: Documents) -> Documents:
    return {slug: document for slug, document in now.items() if before.get(slug) != document}


def _gone(before: Iterable[str], now: Documents) -> list[str]:
    return [slug for slug in before if slug not in now]
