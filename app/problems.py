"""The one handler: what went wrong, as problem+json (RFC 9457), and how OpenAPI tells of it."""

import traceback
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY
from starlette.types import Scope

from app.errors import (
    Invalid,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    Problem,
    StorageUnavailable,
    TooLarge,
)
from app.faults import Language, fault_of_request

log = structlog.get_logger()


class ProblemDocument(BaseModel):
    """The shape of every error answer (RFC 9457)."""

    model_config = ConfigDict(title="问题说明", extra="allow")

    type: str = Field(title="类型", description="URN that names the type of problem")
    title: str = Field(title="标题", description="What this type of problem is, in a few words")
    status: int = Field(title="状态码", description="The HTTP status code")
    detail: str = Field(title="说明", description="What was wrong this time, and what to do")
    errors: list["FaultDocument"] | None = Field(
        None, title="错误列表", description="Every single fault with its place, where there are several"
    )


class FaultDocument(BaseModel):
    """One fault in a request."""

    model_config = ConfigDict(title="错误")

    parameter: str | None = Field(None, title="参数", description="The query or path parameter at fault")
    pointer: str | None = Field(
        None, title="位置", description="JSON pointer to the part of the body at fault"
    )
    detail: str = Field(title="说明", description="What is wrong and what to do")


def language_of(request: Request) -> Language:
    """The first of zh and en that `Accept-Language` prefers; English when it says neither."""
    best: tuple[float, Language] = (0.0, "en")
    for part in request.headers.get("accept-language", "").split(","):
        tag, _, weight = part.replace(" ", "").partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            quality = 0.0
        for language in ("zh", "en"):
            if tag.lower().split("-")[0] == language and quality > best[0]:
                best = (quality, language)
    return best[1]


def as_problem(error: Exception) -> Problem:  # noqa: PLR0911 - one line per noun
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return Invalid.of([fault_of_request(e) for e in error.errors()])
        case HTTPException(status_code=404):
            return NotFound(
                "No such path; / and /docs list what there is.", "没有这个路径，可用路径见 / 与 /docs。"
            )
        case HTTPException(status_code=405):
            return MethodNotAllowed(
                "The method is not among those in the Allow header.",
                "请使用 Allow 头中列出的方法。",
                headers=dict(error.headers or {}),
            )
        case HTTPException(__cause__=Problem() as cause):
            return cause  # raised while the framework was reading the body
        case HTTPException(status_code=400):
            # What the framework says of a body that is no JSON, or too deep, or has a number without end.
            return Invalid.at("", "The body is not JSON that can be read.", "请求正文不是可读取的 JSON。")
        case HTTPException():
            phrase = HTTPStatus(error.status_code).phrase
            refused = NotAcceptable(f"{phrase}.", f"{phrase}。")
            refused.status = error.status_code
            return refused
    return Problem(
        "Nothing was changed. Please try again; if it stays so, tell the operator the X-Request-ID of this answer.",
        "未作任何更改。请重试；如仍有问题，请将本应答的 X-Request-ID 告知管理员。",
    )


def too_large(scope: Scope) -> TooLarge:
    """What is said where the framework stops reading a body: it knows how much the route takes."""
    most: int = scope.get(MAX_BODY_SIZE_SCOPE_KEY, 0)
    size = f"{most // 2**20} MiB" if most >= 2**20 else f"{most // 2**10} KiB"
    return TooLarge(
        f"Here a body has at most {size}: send less at a time.", f"此处请求正文最多 {size}：请分次发送。"
    )


def answer(request: Request, error: Exception) -> Response:
    refused = isinstance(error, HTTPException) and error.status_code == TooLarge.status
    problem = too_large(request.scope) if refused else as_problem(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        note_failure(request.url.path, error)
    language = language_of(request)
    return JSONResponse(
        problem.body(language),
        problem.status,
        media_type="application/problem+json",
        headers={
            "Cache-Control": "no-store",
            "Content-Language": language,
            "Vary": "Accept-Language",
        }
        | problem.headers,
    )


def note_failure(path: str, error: Exception) -> None:
    """Where and in what it failed, for the operator; no message, as one may repeat what was asked."""
    problem = as_problem(error)
    told: dict[str, object] = {"problem": problem.urn, "error": type(error).__name__}
    if error.__cause__ is not None:
        told["cause"] = type(error.__cause__).__name__
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        told["trace"] = traceback.format_tb(error.__traceback__)
    log.error("request failed", path=path, **told)


def handle_errors(app: FastAPI) -> None:
    for error in (Problem, RequestValidationError, HTTPException):
        app.add_exception_handler(error, answer)


def responses(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries for the problems an operation can answer with."""
    every: list[type[Problem]] = [*problems, Invalid, StorageUnavailable]
    return {
        problem.status: {
            "model": ProblemDocument,
            "description": f"{problem.title.en} ({problem.title.zh})",
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}
            },
        }
        for problem in every
    }
