"""Which of several representations a client would rather have."""

import re
from collections.abc import Mapping


def preferred(accept: str, offered: Mapping[str, str]) -> str:
    """The name of the media type that an `Accept` header prefers (RFC 9110); the first one where it does not say."""
    wanted: dict[str, float] = {}
    for part in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        weights = [p[2:] for p in parameters if p.startswith("q=")] or ["1"]
        wanted[media] = float(weights[0]) if re.fullmatch(r"[01](\.\d{0,3})?", weights[0]) else 0.0

    def weight(media: str) -> float:
        ranges = (media, f"{media.partition('/')[0]}/*", "*/*")
        return next((wanted[one] for one in ranges if one in wanted), 0.0)

    return max(offered, key=lambda name: weight(offered[name]))
