"""How often one may ask: limits on writes and on eligibility, by address and by key.

Counted in the memory of each process: several workers allow several times as much.
"""

import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal, NamedTuple

from fastapi import Depends, Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from app.errors import TooMany
from app.keys.access import GivenKey, address_of
from app.settings import Settings

Policy = Literal["writes", "wrong-keys", "eligibility"]


class Left(NamedTuple):
    """How many requests are left, and how an answer says so (IETF draft RateLimit fields)."""

    remaining: int
    headers: dict[str, str]


class Limits:
    """The counters of one process."""

    def __init__(self, settings: Settings) -> None:
        given: dict[Policy, str] = {
            "writes": settings.writes_limit,
            "wrong-keys": settings.writes_limit,
            "eligibility": settings.eligibility_limit,
        }
        self.items: dict[str, RateLimitItem] = {name: parse(text) for name, text in given.items() if text}
        self.limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def hit(self, policy: Policy, who: str) -> Left | None:
        """Counts one request, and says how many are left; None where there is no limit.

        Raises `TooMany` where none was left.
        """
        item = self.items.get(policy)
        if item is None:
            return None
        allowed = self.limiter.hit(item, policy, who)
        stats = self.limiter.get_window_stats(item, policy, who)
        wait = max(1, math.ceil(stats.reset_time - time.time()))
        headers = {
            "RateLimit-Policy": f'"{policy}";q={item.amount};w={item.get_expiry()}',
            "RateLimit": f'"{policy}";r={stats.remaining};t={wait}',
        }
        if not allowed:
            raise TooMany(
                f"More than {item.amount} requests in {item.get_expiry()} seconds: wait {wait} seconds.",
                f"{item.get_expiry()}秒内请求超过{item.amount}次，请等待{wait}秒。",
                headers={**headers, "Retry-After": str(wait)},
            )
        return Left(stats.remaining, headers)


def by_address(policy: Policy) -> Callable[[Request], Awaitable[None]]:
    """A dependency that counts what comes from one address."""

    async def counted(request: Request) -> None:
        _count(request, policy, f"address {address_of(request)}")

    return counted


def by_key(policy: Policy) -> Callable[[Request, GivenKey], Awaitable[None]]:
    """A dependency that counts what is done with one key, from wherever."""

    async def counted(request: Request, key: GivenKey) -> None:
        if key is not None:
            _count(request, policy, f"key {key.id}")

    return counted


def _count(request: Request, policy: Policy, who: str) -> None:
    """Counts a request, and leaves word of it for its answer, whatever that is: see app/http.py."""
    noted: Left | None = getattr(request.state, "left", None)
    left = request.app.state.limits.hit(policy, who)
    # Of the address and the key, the one that will be refused first.
    if left is not None and (noted is None or left.remaining <= noted.remaining):
        request.state.left = left
        request.state.headers = left.headers


def limited(policy: Policy) -> list[Any]:
    """What a router with such operations depends on."""
    return [Depends(by_address(policy)), Depends(by_key(policy))]
