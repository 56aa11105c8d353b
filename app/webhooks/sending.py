"""Sending to an address that somebody else chose, without being led into our own network."""

import socket
from datetime import UTC, datetime
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

import anyio
import httpx
from standardwebhooks import Webhook as Signer

SECONDS = 10.0
# Addresses of IPv6 that stand for one of IPv4, and those that are given out to the world: all others are somebody's own.
NAT64, GLOBAL = IPv6Network("64:ff9b::/96"), IPv6Network("2000::/3")


class Sent(NamedTuple):
    """What came of it: the status, or why there is none."""

    status: int | None
    failure: str | None


class Refused(Exception):  # noqa: N818 - it is us who refuse
    """The address is not one to send to."""


def send(url: str, secret: str, message: str, body: str, *, private: bool) -> Sent:
    """Posts a signed message, once, without following where it is sent on to."""
    now = datetime.now(UTC)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "public-service-catalogue",
        "Webhook-Id": message,
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": Signer(secret).sign(message, now, body),
    }
    try:
        return Sent(anyio.run(partial(_post, httpx.URL(url), headers, body, private=private)), None)
    except Refused as refused:
        return Sent(None, str(refused))
    except (TimeoutError, httpx.TimeoutException):
        return Sent(None, "no answer in time")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError):
        return Sent(None, "no connection")


async def _post(url: httpx.URL, headers: dict[str, str], body: str, *, private: bool) -> int:
    # All of it together has this long: an answer that comes a byte at a time holds nobody up.
    with anyio.fail_after(SECONDS):
        address = await resolve(url.host, url.port or (443 if url.scheme == "https" else 80), private=private)
        async with (
            httpx.AsyncClient(trust_env=False, follow_redirects=False) as client,
            client.stream(
                "POST",
                # Looked up once and connected to as looked up: a name that answers otherwise the second time is
                # no way in.
                url.copy_with(host=str(address)),
                content=body.encode(),
                headers=headers | {"Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            ) as answer,
        ):
            return answer.status_code  # its body is not read


async def resolve(host: str, port: int, *, private: bool) -> IPv4Address | IPv6Address:
    """The address of a name; `Refused` where any that it has is not a public one."""
    entries = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = [ip_address(entry[4][0]) for entry in entries]
    if not private and not all(is_public(address) for address in found):
        raise Refused("the address is not a public one")
    return found[0]


def is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address not in GLOBAL:
            return False
    return address.is_global and not address.is_multicast
