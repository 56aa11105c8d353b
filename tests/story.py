"""One small story of publishing over HTTP: the examples of all operations that change something."""

from typing import Any

from tests.changes import concept
from tests.office import Office, submission

Examples = dict[str, dict[str, Any]]


async def told(office: Office) -> Examples:
    """operationId → parameters, body and answer, from an empty catalogue on."""
    examples: Examples = {}

    async def ask(
        operation: str, method: str, path: str, who: str, body: Any = None, **parameters: Any
    ) -> Any:
        url = path.format(**parameters)
        answer = await office.client.request(method, url, json=body, headers=office.headers(who))
        said = answer.raise_for_status().json() if answer.content else None
        examples[operation] = {"parameters": parameters, "answer": said} | ({"body": body} if body else {})
        return said

    revised = submission(concept(aliases=["铲雪"], change_note="补充别名"), base=1)
    one, why = "/v1/proposals/{number}", {"comment": "名称以文件为准。"}
    await ask("publishRelease", "POST", "/v1/releases", "publisher", submission())
    await ask("openProposal", "POST", "/v1/proposals", "editor", revised)
    await ask("tryProposal", "GET", f"{one}/trial", "editor", number=1)
    await ask("reviseProposal", "PUT", f"{one}/changeset", "editor", revised, number=1)
    await ask("commentProposal", "POST", f"{one}/comments", "editor", {"comment": "请审核。"}, number=1)
    await ask("submitProposal", "POST", f"{one}/submit", "editor", {"comment": None}, number=1)
    await ask("returnProposal", "POST", f"{one}/return", "approver", why, number=1)
    await office.post("/v1/proposals/1/submit", {}, "editor")
    await ask("approveProposal", "POST", f"{one}/approve", "approver", {"revision": 2}, number=1)
    await ask("publishProposal", "POST", f"{one}/publication", "publisher", {"comment": None}, number=1)
    await office.propose(concept(slug="tea", name="茶"), base=2)
    await ask("withdrawProposal", "POST", f"{one}/withdrawal", "editor", {"comment": None}, number=2)
    await ask("listProposals", "GET", "/v1/proposals", "editor")
    await ask("getProposal", "GET", one, "editor", number=1)
    wanted = {"url": "https://portal.example.org/hook", "plan": None, "kind": "services"}
    made = await ask("createWebhook", "POST", "/v1/webhooks", "reader", wanted)
    await ask("listWebhooks", "GET", "/v1/webhooks", "reader")
    await ask("deleteWebhook", "DELETE", "/v1/webhooks/{id}", "reader", id=made["id"])
    return examples
