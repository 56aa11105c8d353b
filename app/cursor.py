"""Cursors: where a page of a list goes on."""

import base64
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.errors import Invalid
from app.queries import ReleaseNumber


class Cursor(BaseModel):
    """The place in a list after which a page begins, in a list that stands still."""

    model_config = ConfigDict(extra="forbid", strict=True)

    on: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    release: ReleaseNumber
    of: str
    # A list that stands still is counted once.
    total: Annotated[int, Field(ge=0, lt=2**31)]
    # No more than either database takes: a cursor comes back from outside.
    after: list[Annotated[str, Field(pattern=r"^[^\x00]*$")] | Annotated[int, Field(ge=-(2**31), lt=2**31)]]

    def encoded(self) -> str:
        return base64.urlsafe_b64encode(self.model_dump_json().encode()).decode().rstrip("=")

    @classmethod
    def decoded(cls, text: str, of: str) -> "Cursor":
        """The cursor back; `Invalid` for one that was not handed out, or for another list."""
        try:
            cursor = cls.model_validate_json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            date.fromisoformat(cursor.on)
        except ValueError:
            raise bad_cursor() from None
        if cursor.of != of:
            raise bad_cursor()
        return cursor


def bad_cursor() -> Invalid:
    return Invalid.parameter(
        "cursor",
        "This cursor was not handed out for this list: take `next` from the page before whole, and keep its "
        "filters, on and release.",
        "游标不属于此列表：请完整使用上一页的 next，并保持其筛选条件、on 与 release 不变。",
    )
