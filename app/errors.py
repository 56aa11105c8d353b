"""What can go wrong, as one tree, and the one handler that says it as problem+json (RFC 9457).

    Problem
    ├── Invalid            422  something in the request, or in a document, is not as it must be
    ├── Unauthorized       401  no key, or one that is no good
    ├── Forbidden          403  a key that may not do this
    ├── BadHeader          400  a header field of the request cannot be read
    ├── NotFound           404  never was, or is not in force yet
    ├── Gone               410  withdrawn on the day asked for
    ├── MethodNotAllowed   405
    ├── TooLarge           413
    ├── NotAcceptable      4xx  whatever else the framework refuses
    ├── TooSlow            408  the body did not come in time
    ├── TooMany            429  more requests than one may send in a while
    ├── Conflict           409  another release came first
    ├── NotNow             409  what is asked for does not go in this state
    ├── StorageUnavailable 503  the database is not reachable, full or read-only
    └── (anything else)    500  logged with its traceback; the answer shows nothing of it

Every message exists in English and Chinese; the request's `Accept-Language` chooses. What was sent is never
repeated in a message: a request may hold a person's facts.
"""

import traceback
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from app.faults import Fault, Language, Said, fault_of_request

log = structlog.get_logger()


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """Anything a caller is told about; `faults` are listed one by one, `extra` are further members."""

    status: int = 500
    urn: str = "internal-error"
    title: Said = Said("Something went wrong on our side", "系统内部错误")

    def __init__(
        self,
        en: str,
        zh: str,
        *,
        faults: Sequence[Fault] = (),
        headers: dict[str, str] | None = None,
        **extra: str | int | list[dict[str, Any]],
    ) -> None:
        super().__init__(en)
        self.detail = Said(en, zh)
        self.faults = tuple(faults)
        self.headers = headers or {}
        self.extra = extra

    def body(self, language: Language) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": f"urn:catalogue:problem:{self.urn}",
            "title": self.title.to(language),
            "status": self.status,
            "detail": self.detail.to(language),
        }
        if self.faults:
            body["errors"] = [fault.to(language) for fault in self.faults]
        return body | self.extra


class Invalid(Problem):
    status = 422
    urn = "invalid"
    title = Said("The request is not valid", "请求无效")

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> "Invalid":
        n = len(faults)
        return cls(
            f"{n} thing{'s are' if n > 1 else ' is'} wrong; see errors.",
            f"有{n}处错误，详见 errors。",
            faults=faults,
        )

    @classmethod
    def parameter(cls, name: str, en: str, zh: str) -> "Invalid":
        return cls.of([Fault(Said(en, zh), parameter=name)])

    @classmethod
    def at(cls, place: str, en: str, zh: str) -> "Invalid":
        return cls.of([Fault(Said(en, zh), pointer=place)])


class Unauthorized(Problem):
    status = 401
    urn = "unauthorized"
    title = Said("A key is needed", "需要密钥")

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en, zh, headers={"WWW-Authenticate": 'Bearer realm="catalogue"'})


class Forbidden(Problem):
    status = 403
    urn = "forbidden"
    title = Said("The key may not do this", "密钥无权执行此操作")


class BadHeader(Problem):
    status = 400
    urn = "bad-header"
    title = Said("A header field of the request cannot be read", "请求头无法读取")


class NotFound(Problem):
    status = 404
    urn = "not-found"
    title = Said("There is no such resource", "资源不存在")


class Gone(Problem):
    status = 410
    urn = "withdrawn"
    title = Said("The resource was withdrawn", "资源已撤销")


class MethodNotAllowed(Problem):
    status = 405
    urn = "method-not-allowed"
    title = Said("The resource does not know this method", "不支持该请求方法")


class TooLarge(Problem):
    status = 413
    urn = "too-large"
    title = Said("The request is too large", "请求过大")


class NotAcceptable(Problem):
    """A refusal of the framework's that has no noun of its own here."""

    urn = "refused"
    title = Said("The request was refused", "请求被拒绝")


class Conflict(Problem):
    status = 409
    urn = "conflict"
    title = Said("Another release came first", "与已有发布冲突")


class NotNow(Problem):
    status = 409
    urn = "not-now"
    title = Said("It does not go in this state", "当前状态不允许此操作")


class TooSlow(Problem):
    status = 408
    urn = "too-slow"
    title = Said("The request did not come in time", "请求超时")


class TooMany(Problem):
    status = 429
    urn = "too-many-requests"
    title = Said("Too many requests", "请求过于频繁")


class StorageUnavailable(Problem):
    status = 503
    urn = "storage-unavailable"
    title = Said("The database cannot be used", "数据库不可用")


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
        tag, _, weight = part.strip().partition(";q=")
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
        case HTTPException(status_code=413):
            return TooLarge("Send less at a time.", "请减少单次请求的内容。")
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


def answer(request: Request, error: Exception) -> Response:
    problem = as_problem(error)
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
