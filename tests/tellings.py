"""What may be told in a random history: small documents, ends, and the days on which they begin."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from tests.conftest import TODAY

ALWAYS, NEVER = date(1, 1, 1), date(9999, 12, 31)
DAYS = [ALWAYS, date(2021, 1, 1), date(2023, 12, 31), TODAY, date(2024, 6, 2), date(2030, 2, 28), NEVER]
NAMES, REASONS = ["甲", "乙", "丙"], ["No snow falls.", "已并入其他服务。"]
KINDS_TOLD = ("concepts", "plans", "domains")
REGION = {
    "kind": "regions",
    "slug": "510000",
    "valid_from": "0001-01-01",
    "name": "四川省",
    "level": "province",
}

slugs = st.sampled_from(["one", "two", "three"])
days = st.sampled_from(DAYS)
names = st.sampled_from(NAMES)


def concept(slug: str, day: date, name: str) -> dict[str, Any]:
    return {"kind": "concepts", "slug": slug, "valid_from": day.isoformat(), "name": name}


def plan(slug: str, day: date, name: str) -> dict[str, Any]:
    sources = [
        {"plan": slug, "section": "题", "quote": f"{name}规划", "fields": ["name"]},
        {
            "plan": slug,
            "section": "题",
            "quote": "四川",
            "fields": ["region"],
            "basis": "derived",
            "derivation": "Its code.",
        },
    ]
    start = {"kind": "plans", "slug": slug, "valid_from": day.isoformat(), "name": name}
    return start | {"region": "510000", "sources": sources}


def domain(slug: str, day: date, name: str, of: str) -> dict[str, Any]:
    sources = [{"plan": of, "section": "表", "quote": name, "fields": ["name", "ordinal"]}]
    start = {"kind": "domains", "slug": slug, "valid_from": day.isoformat(), "name": name}
    return start | {"plan": of, "ordinal": 1, "sources": sources}


documents = st.one_of(
    st.builds(concept, slugs, days, names),
    st.builds(plan, slugs, days, names),
    st.builds(domain, slugs, days, names, slugs),
)
ends = st.builds(
    lambda kind, slug, day, reason: {
        "kind": kind,
        "slug": slug,
        "valid_from": day.isoformat(),
        "reason": reason,
    },
    st.sampled_from(KINDS_TOLD),
    slugs,
    days,
    st.sampled_from(REASONS),
)
changesets = st.tuples(
    st.lists(documents, max_size=4, unique_by=lambda d: (d["kind"], d["slug"])),
    st.lists(ends, max_size=2, unique_by=lambda e: (e["kind"], e["slug"])),
)
# How far behind the newest release its author is; -1 is ahead of it.
lags = st.sampled_from([0, 0, 0, 0, 1, 2, 5, -1])
reads = st.lists(st.tuples(days, st.integers(0, 1000)), min_size=1, max_size=3)
ways = st.sampled_from(["within", "within", "over HTTP"])
