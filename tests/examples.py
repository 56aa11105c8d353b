"""The examples of the OpenAPI document: one request per operation, sent to the seeded catalogue.

`python -m tests.examples` renews app/examples.json; a test sends each and compares.
"""

import asyncio
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import httpx

from app.database import create
from app.migrating import migrate
from tests.conftest import application, client_of
from tests.office import opened
from tests.stores import LIZHOU, prepare, small_seed
from tests.story import told

# One or a few services keep an example readable; the requests are those of the README.
PERSON: dict[str, Any] = {
    "region": "510802",
    "on": "2024-06-01",
    "release": 1,
    "facts": {"age": 67, "hukou_type": "rural", "household_support": {"any_of": ["dibao", "low_income"]}},
    "services": ["lizhou-2021-housing-public-rental-housing"],
}
MOMENT = {"on": "2024-06-01", "release": 1}

FILE = Path(__file__).parent.parent / "app" / "examples.json"
PINNED = {"on": "2024-06-01", "release": 1}
SLUGS = {
    "standards": "lizhou-2021-table-public-rental",
    "indicators": "lizhou-2021-indicator-infant-places",
    "programmes": "lizhou-2021-programme-01-01",
    "discrepancies": "lizhou-2021-discrepancy-new-urban-jobs-span",
    "rules": "lizhou-2021-housing-public-rental-housing-rule",
    "facts": "age",
    "services": "lizhou-2021-health-medical-assistance",
    "concepts": "medical-assistance",
    "domains": "lizhou-2021-health",
    "plans": LIZHOU,
    "regions": "510802",
}
HOME_CARE = "lizhou-2021-ageing-home-care"
SEARCHES = {"services": {"q": "低保"}, "regions": {"q": "利州"}, "concepts": {"q": "低保"}}


def bodies() -> dict[str, tuple[str, Any]]:
    """operationId → path and body, of what is asked with POST."""
    receipt = {**MOMENT, "digest": "sha256:" + "0" * 64}
    asked = {key: value for key, value in PERSON.items() if key not in MOMENT}
    one = {"id": "p-1", **asked}
    return {
        "assessEligibility": ("/v1/eligibility", PERSON),
        "replayEligibility": ("/v1/eligibility/replay", {**asked, "receipt": receipt}),
        "compareEligibility": (
            "/v1/eligibility/compare",
            {
                "region": "510802",
                "facts": {"age": 67},
                "before": {"on": "2024-01-01", "release": 1},
                "after": MOMENT,
            },
        ),
        "forecastEligibility": (
            "/v1/eligibility/forecast",
            {**PERSON, "facts": {"birth_date": "1964-07-03"}, "services": [HOME_CARE], "until": "2030-12-31"},
        ),
        "imagineEligibility": (
            "/v1/eligibility/what-if",
            {
                **PERSON,
                "facts": {"school_stage": "none"},
                "services": ["lizhou-2021-education-student-fitness-monitoring"],
            },
        ),
        "assessEligibilityBatch": ("/v1/eligibility/batch", one),
    }


def requests() -> dict[str, tuple[str, dict[str, Any]]]:
    """operationId → path and parameters, of what is asked with GET."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for kind, slug in SLUGS.items():
        one = "Discrepancy" if kind == "discrepancies" else kind[:-1].capitalize()
        many = kind.capitalize()
        found[f"list{many}"] = (f"/v1/{kind}", {**SEARCHES.get(kind, {}), "limit": 1, **PINNED})
        found[f"get{one}"] = (f"/v1/{kind}/{{slug}}", {"slug": slug, **PINNED})
        found[f"list{one}Versions"] = (f"/v1/{kind}/{{slug}}/versions", {"slug": slug, **PINNED})
        found[f"get{one}Version"] = (
            f"/v1/{kind}/{{slug}}/versions/{{version}}",
            {"slug": slug, "version": 1},
        )
    expressed = {"slug": SLUGS["rules"], "language": "sql", **PINNED}
    found["getRuleExpression"] = ("/v1/rules/{slug}/expression", expressed)
    found["getBundle"] = ("/v1/bundles/{region}", {"region": "510802", "since": 1, **PINNED})
    found["getPlanCoverage"] = ("/v1/plans/{slug}/coverage", {"slug": LIZHOU, **PINNED})
    found["compareConcept"] = (
        "/v1/compare",
        {"concept": "inclusive-kindergartens", "regions": "510802", **PINNED},
    )
    found["checkFloors"] = ("/v1/standards/floors", {"region": "510802", **PINNED})
    found["lintCatalogue"] = ("/v1/lint", {"severity": "notice", "limit": 1, **PINNED})
    found["listReleases"] = ("/v1/releases", {**PINNED})
    found["getRelease"] = ("/v1/releases/{number}", {"number": 1})
    found["listChanges"] = ("/v1/changes", {"kind": "plans", "after": 0, "until": 1, "documents": True})
    found["getReleaseFeed"] = ("/v1/releases.atom", {"until": 1, "plan": LIZHOU})
    found["diffStates"] = (
        "/v1/diff",
        {"from": 0, "to": 1, "from_on": "2024-06-01", "to_on": "2024-06-01", "kind": "domains", "limit": 2},
    )
    found["getTimeMap"] = (
        "/v1/{kind}/{slug}/timemap",
        {"kind": "services", "slug": SLUGS["services"], "on": "2099-01-01", "release": 1},
    )
    found["getDocument"] = (
        "/v1/documents/{kind}/{slug}",
        {"kind": "services", "slug": SLUGS["services"], **PINNED},
    )
    found["listReleaseChanges"] = ("/v1/releases/{number}/changes", {"number": 1, "limit": 2})
    for operation, path in {
        "getFrontPage": "/",
        "getApiCatalog": "/.well-known/api-catalog",
        "getLiveness": "/healthz",
        "getReadiness": "/readyz",
    }.items():
        found[operation] = (path, {})
    return found


async def answer_to(
    client: httpx.AsyncClient, path: str, parameters: dict[str, Any], body: Any = None
) -> Any:
    """What the catalogue answers to one example."""
    if body is not None:
        return (await client.post(path, json=body, params=parameters)).raise_for_status().json()
    in_path = {name: value for name, value in parameters.items() if f"{{{name}}}" in path}
    query = {name: value for name, value in parameters.items() if name not in in_path}
    answer = (await client.get(path.format(**in_path), params=query)).raise_for_status()
    return answer.json() if "json" in answer.headers["content-type"] else answer.text


# What no two catalogues share: times, and what is made at random or follows from a time.
OWN = {"recorded_at", "datetime", "uri", "created_at", "at", "seal", "secret"}


def comparable(answer: Any) -> Any:
    """An answer without the time of publication, and what follows from it, which no two catalogues share."""
    if isinstance(answer, str) and answer.startswith("<?xml"):
        return re.sub(r"<(id|updated|published)>[^<]*", r"<\1>", answer)
    if isinstance(answer, dict):
        return {
            key: "(its own)" if key in OWN else comparable(value)
            for key, value in answer.items()
            # The day of a release's changes is the day it was published.
            if not (key in {"on", "next"} and "changes" in str(answer.get("next")))
        }
    return [comparable(part) for part in answer] if isinstance(answer, list) else answer


async def renew() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/examples.db"
        prepare(url, small_seed())
        app = application(url)
        async with client_of(app) as client:
            examples = {
                operation: {"parameters": parameters, "answer": await answer_to(client, path, parameters)}
                for operation, (path, parameters) in requests().items()
            }
            for operation, (path, body) in bodies().items():
                parameters = MOMENT if path.endswith("/batch") else {}
                answer = await answer_to(client, path, parameters, body)
                examples[operation] = {"parameters": parameters, "body": body, "answer": answer}
        app.state.engine.dispose()
        empty = create(f"sqlite:///{scratch}/empty.db")
        migrate(empty)
        async with opened(empty, direct_publishing=True) as office:
            examples |= await told(office)
        empty.dispose()
    FILE.write_text(json.dumps(examples, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(renew())
