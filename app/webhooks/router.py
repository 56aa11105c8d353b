"""Webhooks over HTTP: each key manages its own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.database import writing
from app.errors import Forbidden, NotFound, TooLarge, TooMany, Unauthorized
from app.http import SMALL_BODY, no_parameters
from app.keys.access import Holder
from app.limits import limited
from app.problems import responses
from app.reading import Reader
from app.webhooks.models import NewWebhook, WebhookDocument, WebhookRequest, delete, make, own

router = APIRouter(
    prefix="/v1/webhooks",
    tags=["releases"],
    max_body_size=SMALL_BODY,
    dependencies=[Depends(no_parameters)],
)

IdInPath = Annotated[str, Path(title="编号", description="The webhook", pattern="^[0-9a-f]{16}$")]


class Webhooks(BaseModel):
    """The webhooks of one key."""

    model_config = ConfigDict(title="订阅列表")

    items: list[WebhookDocument] = Field(title="条目", description="All of them, in the order they were made")


@router.get(
    "",
    operation_id="listWebhooks",
    summary="List your webhooks (订阅列表)",
    responses=responses(Unauthorized, Forbidden, TooMany),
)
def list_webhooks(key: Holder, reading: Reader) -> Webhooks:
    """Those that were made with the same key, and how they fare."""
    reading.unkept(None, None)
    return Webhooks(items=[WebhookDocument(**found.model_dump()) for found in own(reading.session, key)])


@router.post(
    "",
    operation_id="createWebhook",
    summary="Be told of releases (订阅)",
    responses=responses(Unauthorized, Forbidden, TooLarge, TooMany),
    status_code=201,
    dependencies=limited("writes"),
)
def create_webhook(wanted: WebhookRequest, key: Holder, request: Request, response: Response) -> NewWebhook:
    """Sends a signed message for each release from now on; it says which, `/v1/changes` says what."""
    response.headers["Cache-Control"] = "no-store"
    with writing(request.app.state.engine) as session:
        return NewWebhook(**make(session, key, wanted).model_dump())


@router.delete(
    "/{id}",
    operation_id="deleteWebhook",
    summary="End a webhook (退订)",
    responses=responses(Unauthorized, Forbidden, NotFound, TooMany),
    status_code=204,
    dependencies=limited("writes"),
)
def delete_webhook(id: IdInPath, key: Holder, request: Request) -> None:  # noqa: A002 - the path's name for it
    """Nothing is sent to it any more."""
    with writing(request.app.state.engine) as session:
        delete(session, key, id)
