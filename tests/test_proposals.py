"""Proposals: 拟稿 → 审核 → 发布, every way through and no other."""

import json
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Engine

from app.proposals.flow import STEPS
from tests.changes import concept, put
from tests.office import Office, opened, submission

pytestmark = pytest.mark.anyio

PATHS = {
    "submit": "submit",
    "return": "return",
    "approve": "approve",
    "publish": "publication",
    "withdraw": "withdrawal",
    "comment": "comments",
}
# The promise, written down apart from the program: from which state who may do what, and where it leads.
WAYS = {
    ("draft", "revise", "author"): "draft",
    ("draft", "submit", "author"): "in_review",
    ("draft", "withdraw", "author"): "withdrawn",
    ("in_review", "approve", "other"): "approved",
    ("in_review", "return", "other"): "draft",
    ("in_review", "withdraw", "author"): "withdrawn",
    ("approved", "return", "other"): "draft",
    ("approved", "publish", "author"): "published",
    ("approved", "publish", "other"): "published",
    ("approved", "withdraw", "author"): "withdrawn",
    **{
        (state, "comment", who): state
        for state in ("draft", "in_review", "approved", "published", "withdrawn")
        for who in ("author", "other")
    },
}
TO = {
    "draft": [],
    "in_review": [("submit", "author")],
    "approved": [("submit", "author"), ("approve", "other")],
    "published": [("submit", "author"), ("approve", "other"), ("publish", "other")],
    "withdrawn": [("withdraw", "author")],
}


async def act(office: Office, proposal: str, action: str, who: str) -> Any:
    if action == "revise":
        return await office.put(f"{proposal}/changeset", submission(concept(name="改")), who)
    return await office.post(f"{proposal}/{PATHS[action]}", {"comment": "Well."}, who)


async def test_chinese_names_states_and_roles(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        proposal = await office.propose(who="editor")
        office.client.headers["Accept-Language"] = "zh"
        early = await office.post(f"{proposal}/approve", {}, "approver")
        assert early.json()["detail"] == "提案现为“拟稿”，此操作仅适用于：审核中。"
        reader = await office.post(f"{proposal}/approve", {}, "reader")
        assert reader.json()["detail"] == "此操作需要审核人（approver）的密钥，当前密钥为读者（reader）。"


@pytest.mark.parametrize(("state", "action", "who"), list(product(TO, STEPS, ["author", "other"])))
async def test_each_action_goes_where_it_should_and_nowhere_else(
    empty_engine: Engine, state: str, action: str, who: str
) -> None:
    async with opened(empty_engine) as office:
        people = {"author": office.new_key("publisher", "An author"), "other": office.keys["publisher"]}
        proposal = await office.propose(who=people["author"])
        for step, by in TO[state]:
            assert (await act(office, proposal, step, people[by])).status_code == 200
        before = (await office.get(proposal, "editor")).json()
        assert before["state"] == state
        answer = await act(office, proposal, action, people[who])
        after = (await office.get(proposal, "editor")).json()
        leads_to = WAYS.get((state, action, who))
        if leads_to is None:
            assert answer.status_code in {403, 409}
            assert after == before
        else:
            assert answer.status_code == 200
            assert answer.json() == after
            assert after["state"] == leads_to
            assert after["events"][:-1] == before["events"]
        published = (await office.get("/v1/releases")).json()["total"]
        assert published == (after["state"] == "published")


@pytest.mark.parametrize(
    ("action", "role"),
    [("submit", "editor"), ("approve", "approver"), ("return", "approver"), ("publish", "publisher"),
     ("withdraw", "editor"), ("comment", "editor"), ("revise", "editor")],
)  # fmt: skip
async def test_each_action_takes_a_role(empty_engine: Engine, action: str, role: str) -> None:
    async with opened(empty_engine) as office:
        proposal = await office.propose()
        order = ["reader", "editor", "approver", "publisher"]
        for too_low in order[: order.index(role)]:
            assert (await act(office, proposal, action, too_low)).status_code == 403
        assert (await office.get(proposal, "reader")).status_code == 403
        assert (await office.get(proposal)).status_code == 401


async def test_one_person_with_two_keys_is_one_pair_of_eyes(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        proposal = await office.propose()
        await act(office, proposal, "submit", "editor")
        second = office.new_key("publisher", "A editor")
        assert (await act(office, proposal, "approve", second)).status_code == 403


async def test_what_was_written_anew_is_not_approved_unread(empty_engine: Engine) -> None:
    """Two approvers: one returns it, and the other still has the first revision before them."""
    async with opened(empty_engine) as office:
        proposal = await office.propose()
        await act(office, proposal, "submit", "editor")
        read = (await office.get(proposal, "approver")).json()["revision"]
        await act(office, proposal, "return", "publisher")
        await office.put(f"{proposal}/changeset", submission(concept(name="扫雪")), "editor")
        await act(office, proposal, "submit", "editor")
        answer = await office.post(f"{proposal}/approve", {"revision": read}, "approver")
        assert (answer.status_code, answer.json()["revision"]) == (409, 2)
        assert (await office.get(proposal, "editor")).json()["state"] == "in_review"
        answer = await office.post(f"{proposal}/approve", {"revision": 2}, "approver")
        assert (answer.status_code, answer.json()["state"]) == (200, "approved")


async def test_a_proposal_tells_its_whole_story(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        proposal = await office.propose()
        await act(office, proposal, "submit", "editor")
        await office.post(f"{proposal}/return", {"comment": "名称有误"}, "approver")
        await office.put(f"{proposal}/changeset", submission(concept(name="扫雪")), "editor")
        await act(office, proposal, "submit", "editor")
        await act(office, proposal, "approve", "approver")
        told = (await act(office, proposal, "publish", "publisher")).json()
        assert [(e["action"], e["state"], e["revision"], e["by"]) for e in told["events"]] == [
            ("open", "draft", 1, "A editor"),
            ("submit", "in_review", 1, "A editor"),
            ("return", "draft", 1, "A approver"),
            ("revise", "draft", 2, "A editor"),
            ("submit", "in_review", 2, "A editor"),
            ("approve", "approved", 2, "A approver"),
            ("publish", "published", 2, "A publisher"),
        ]
        assert told["events"][2]["comment"] == "名称有误"
        assert told["release"] == 1
        assert (await office.get("/v1/concepts/snow-clearing")).json()["name"] == "扫雪"
        release = (await office.get("/v1/releases/1")).json()
        assert (release["publisher"], release["author"], release["approver"]) == (
            "A publisher",
            "A editor",
            "A approver",
        )
        for revision, name in ((1, "扫雪除冰"), (2, "扫雪")):
            shown = (await office.get(f"{proposal}?revision={revision}", "editor")).json()
            assert shown["changeset"]["documents"][0]["name"] == name
            assert (shown["revision"], shown["events"]) == (2, told["events"])
        assert (await office.get(f"{proposal}?revision=3", "editor")).status_code == 404
        later = (await act(office, proposal, "comment", "editor")).json()
        assert later["release"] == 1


async def test_a_draft_is_checked_like_a_release(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        answer = await office.post("/v1/proposals", submission(concept(name="")), "editor")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/documents/0/name")
        assert (await office.get("/v1/proposals", "editor")).json()["total"] == 0
        proposal = await office.propose()
        answer = await office.put(f"{proposal}/changeset", submission(concept(slug="X")), "editor")
        assert answer.status_code == 422
        assert (await office.get(proposal, "editor")).json()["revision"] == 1
        assert (await office.get("/v1/concepts")).json()["total"] == 0


async def test_what_came_in_between_is_a_conflict_and_the_proposal_stays_approved(
    empty_engine: Engine,
) -> None:
    async with opened(empty_engine) as office:
        proposal = await office.propose()
        await act(office, proposal, "submit", "editor")
        await act(office, proposal, "approve", "approver")
        put(empty_engine, concept(name="甲"))
        assert (await office.get(f"{proposal}/trial", "editor")).status_code == 409
        assert (await act(office, proposal, "publish", "publisher")).status_code == 409
        assert (await office.get(proposal, "editor")).json()["state"] == "approved"


async def test_a_trial_says_what_publishing_would_do(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        proposal = await office.propose(concept(), concept(slug="tea", name="茶"))
        tried = await office.get(f"{proposal}/trial", "editor")
        assert (tried.json()["release"], tried.json()["added"], tried.json()["diff"]["summary"]["added"]) == (
            None,
            2,
            2,
        )
        assert (await office.get("/v1/releases")).json()["total"] == 0


async def test_what_changes_nothing_any_more_is_not_published(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        proposal = await office.propose()
        await act(office, proposal, "submit", "editor")
        await act(office, proposal, "approve", "approver")
        put(empty_engine, concept())
        answer = await act(office, proposal, "publish", "publisher")
        assert answer.status_code == 409
        assert (await office.get("/v1/releases")).json()["total"] == 1


async def test_proposals_are_listed_by_state_in_pages(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        opened_ones = [await office.propose(concept(slug=f"s{n}", name="名")) for n in range(5)]
        await act(office, opened_ones[1], "submit", "editor")
        drafts = (await office.get("/v1/proposals?state=draft&limit=3", "editor")).json()
        assert [item["number"] for item in drafts["items"]] == [5, 4, 3]
        rest = (await office.get(drafts["next"], "editor")).json()
        assert [item["number"] for item in rest["items"]] == [1]
        assert drafts["total"] == 4
        for said in ('说明 "x" \\ 1', "1", "null"):
            await office.post("/v1/proposals", submission(concept(slug="tea"), message=said), "editor")
            assert (await office.get("/v1/proposals", "editor")).json()["items"][0]["message"] == said
        assert (await office.get("/v1/proposals?state=odd", "editor")).status_code == 422
        assert (await office.get("/v1/proposals/99", "editor")).status_code == 404
        assert (await office.get("/v1/proposals", "editor")).headers["cache-control"] == "no-store"


async def test_a_parameter_that_means_nothing_here_is_refused(empty_engine: Engine) -> None:
    """`dry_run` is for releases: nobody publishes while they think that they only try."""
    async with opened(empty_engine) as office:
        proposal = await office.propose()
        await act(office, proposal, "submit", "editor")
        await act(office, proposal, "approve", "approver")
        before = (await office.get(proposal, "editor")).json()
        for path in PATHS.values():
            answer = await office.post(f"{proposal}/{path}?dry_run=true", {"comment": "Well."}, "publisher")
            assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "dry_run")
        opening = await office.post("/v1/proposals?dry_run=true", submission(), "editor")
        asking = [await office.get(f"{proposal}{more}?on=2024-06-01", "editor") for more in ("", "/trial")]
        assert {answer.status_code for answer in (opening, *asking)} == {422}
        assert (await office.get(proposal, "editor")).json() == before
        assert (await office.get("/v1/proposals", "editor")).json()["total"] == 1
        assert (await office.get("/v1/webhooks?limit=3", "editor")).status_code == 422


@pytest.mark.parametrize("comment", ["", " ", "a\x00b", "\ud800", "a\nb", "长" * 4001, 7, None])
async def test_a_remark_that_nobody_can_keep_is_refused(empty_engine: Engine, comment: object) -> None:
    async with opened(empty_engine) as office:
        proposal = await office.propose()
        headers = office.headers("editor") | {"Content-Type": "application/json", "Accept-Language": "zh"}
        for path in ("comments", "submit", "withdrawal"):
            if comment is None and path != "comments":
                continue
            answer = await office.client.post(
                f"{proposal}/{path}", content=json.dumps({"comment": comment}), headers=headers
            )
            assert answer.status_code == 422, path
            assert answer.json()["errors"][0]["pointer"] == "/comment"
            assert answer.json()["errors"][0]["detail"].isascii() is False


async def test_a_body_that_is_missing_is_asked_for(empty_engine: Engine) -> None:
    async with opened(empty_engine) as office:
        proposal = await office.propose()
        headers = office.headers("editor") | {"Accept-Language": "fr, zh; q=0.9, en; q=0.2"}
        answer = await office.client.post(f"{proposal}/submit", headers=headers)
        assert (answer.status_code, answer.json()["errors"]) == (
            422,
            [{"pointer": "", "detail": "缺少请求正文：请发送 JSON 对象，无内容时发送 {}。"}],
        )
