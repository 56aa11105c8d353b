"""The way of a proposal: 拟稿 → 审核 → 发布. Pure: who may do what in which state, and where that leads."""

from typing import Literal, NamedTuple

from app.errors import Forbidden, NotNow
from app.keys.models import Key, Role, permit

State = Literal["draft", "in_review", "approved", "published", "withdrawn"]
Action = Literal["open", "revise", "submit", "comment", "return", "approve", "withdraw", "publish"]


IN_CHINESE: dict[State, str] = {
    "draft": "拟稿",
    "in_review": "审核中",
    "approved": "已审核",
    "published": "已发布",
    "withdrawn": "已撤回",
}


class Step(NamedTuple):
    """What an action takes: the role, and whether it is for the author, for somebody else, or for anybody."""

    role: Role
    who: Literal["author", "other", "anybody"]
    # From each state that it goes in, to which it leads.
    ways: dict[State, State]


STEPS: dict[Action, Step] = {
    "revise": Step("editor", "author", {"draft": "draft"}),
    "submit": Step("editor", "author", {"draft": "in_review"}),
    "return": Step("approver", "other", {"in_review": "draft", "approved": "draft"}),
    "approve": Step("approver", "other", {"in_review": "approved"}),
    "publish": Step("publisher", "anybody", {"approved": "published"}),
    "withdraw": Step(
        "editor", "author", {"draft": "withdrawn", "in_review": "withdrawn", "approved": "withdrawn"}
    ),
    "comment": Step(
        "editor",
        "anybody",
        {
            "draft": "draft",
            "in_review": "in_review",
            "approved": "approved",
            "published": "published",
            "withdrawn": "withdrawn",
        },
    ),
}


def take(action: Action, state: State, key: Key, author: Key) -> State:
    """The state that an action leads to.

    Raises `Forbidden` where the key may never do this to this proposal, `NotNow` where it does not go in this state.
    """
    step = STEPS[action]
    permit(key, step.role)
    # One person with two keys is still one pair of eyes.
    own = key.id == author.id or key.holder == author.holder
    if step.who == "author" and not own:
        raise Forbidden(
            f"Only the author, {author.holder}, may {action} this proposal.",
            f"仅拟稿人（{author.holder}）可以执行此操作。",
        )
    if step.who == "other" and own:
        raise Forbidden(
            f"Somebody else than the author has to {action} this proposal.",
            "须由拟稿人以外的人执行此操作。",
        )
    if state not in step.ways:
        goes = ", ".join(step.ways)
        raise NotNow(
            f"A proposal that is {state} cannot be dealt with like this: {action} goes from {goes}.",
            f"提案现为“{IN_CHINESE[state]}”，此操作仅适用于：{'、'.join(IN_CHINESE[way] for way in step.ways)}。",
            state=state,
        )
    return step.ways[state]
