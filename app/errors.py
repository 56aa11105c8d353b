"""What can go wrong, as one tree. Nothing of HTTP but the status; `app.problems` says it as problem+json.

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

from collections.abc import Sequence
from typing import Any

from app.faults import Fault, Language, Said


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
