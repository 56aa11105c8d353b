"""Regions inside regions, read off the digits of their GB/T 2260 codes."""

import re

EVERYWHERE = "000000"
REGION = re.compile(r"[1-9][0-9]{5}")


def prefix(code: str) -> str:
    """The digits that all codes inside a region begin with (GB/T 2260: province, city, county)."""
    if code == EVERYWHERE:
        return ""
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


def regions_above(code: str) -> tuple[str, ...]:
    """The regions strictly around a region, from everywhere downwards."""
    around = (EVERYWHERE, code[:2] + "0000", code[:4] + "00")
    return tuple(region for region in around if region != code and code.startswith(prefix(region)))
