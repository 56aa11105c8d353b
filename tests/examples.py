"""The examples of the OpenAPI document: one request per operation, sent to the seeded catalogue.

`python -m tests.examples` renews app/examples.json; a test sends each and compares.
"""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import LIZHOU, application, client_of, prepare

FILE = Path(__file__).parent.parent / "app" / "examples.json"
PINNED = {"on": "2024-06-01", "release": 1}
SLUGS = {
    "services": "lizhou-2021-health-medical-assistance",
    "concepts": "medical-assistance",
    "domains": "lizhou-2021-health",
    "plans": LIZHOU,
    "regions": "510802",
}
SEARCHES = {"services": {"q": "低保"}, "regions": {"q": "利州"}, "concepts": {"q": "低保"}}


def requests() -> dict[str, tuple[str, dict[str, Any]]]:
    """operationId → path and parameters."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for kind, slug in SLUGS.items():
        one, many = kind[:-1].capitalize(), kind.capitalize()
        found[f"list{many}"] = (f"/v1/{kind}", {**SEARCHES.get(kind, {}), "limit": 1, **PINNED})
        found[f"get{one}"] = (f"/v1/{kind}/{{slug}}", {"slug": slug, **PINNED})
        found[f"list{one}Versions"] = (f"/v1/{kind}/{{slug}}/versions", {"slug": slug, **PINNED})
        found[f"get{one}Version"] = (
            f"/v1/{kind}/{{slug}}/versions/{{version}}",
            {"slug": slug, "version": 1},
        )
    found["listReleases"] = ("/v1/releases", {**PINNED})
    found["getRelease"] = ("/v1/releases/{number}", {"number": 1})
    found["listReleaseChanges"] = ("/v1/releases/{number}/changes", {"number": 1, "limit": 2})
    for operation, path in {
        "getFrontPage": "/",
        "getApiCatalog": "/.well-known/api-catalog",
        "getLiveness": "/healthz",
        "getReadiness": "/readyz",
    }.items():
        found[operation] = (path, {})
    return found


async def answer_to(client: httpx.AsyncClient, path: str, parameters: dict[str, Any]) -> Any:
    """What the catalogue answers to one example."""
    in_path = {name: value for name, value in parameters.items() if f"{{{name}}}" in path}
    query = {name: value for name, value in parameters.items() if name not in in_path}
    return (await client.get(path.format(**in_path), params=query)).raise_for_status().json()


def comparable(answer: Any) -> Any:
    """An answer without the time of publication, which no two catalogues share."""
    if isinstance(answer, dict):
        return {
            key: "(a time)" if key == "recorded_at" else comparable(value)
            for key, value in answer.items()
            # The day of a release's changes is the day it was published.
            if not (key in {"on", "next"} and "changes" in str(answer.get("next")))
        }
    return [comparable(part) for part in answer] if isinstance(answer, list) else answer


async def renew() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/examples.db"
        prepare(url, seeded=True)
        app = application(url)
        async with client_of(app) as client:
            examples = {
                operation: {"parameters": parameters, "answer": await answer_to(client, path, parameters)}
                for operation, (path, parameters) in requests().items()
            }
        app.state.engine.dispose()
    FILE.write_text(json.dumps(examples, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(renew())
