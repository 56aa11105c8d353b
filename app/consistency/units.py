"""Units that a name or a number rules out."""

import re
from collections.abc import Iterator, Sequence

from app.consistency.findings import Finding
from app.consistency.statements import Statement
from app.faults import Said

WHOLE = 100
# Shares of a whole. A gross enrolment rate may exceed it, and so may what grows or is compared with a year before.
SHARE = re.compile(r"(?:率|比例|比重|占比|覆盖)$")
BEYOND = re.compile(r"毛入|增长|增速|增幅|提高|负担|赡养|抚养|倍|完成")


def unfitting(statements: Sequence[Statement]) -> Iterator[Finding]:
    """Shares above the whole, and people counted as times or times as people."""
    named: set[tuple[str, str]] = set()
    for statement in statements:
        unit, name = statement.printed.unit, statement.name
        if (
            unit == "%"
            and statement.printed.value > WHOLE
            and statement.span != "annual_growth"
            and SHARE.search(name)
            and not BEYOND.search(name)
        ):
            yield Finding(
                "other",
                (statement,),
                Said(f"{statement}: a share above 100 %.", f"{statement}：比例超过100%。"),
            )
        times, people = name.endswith("人次"), name.endswith("人数")
        if ((times and unit == "人") or (people and unit == "人次")) and statement.document not in named:
            named.add(statement.document)
            yield Finding(
                "unit_differs",
                (statement,),
                Said(
                    f"{statement}: the name counts {'times' if times else 'people'}, the unit {unit} does not.",
                    f"{statement}：名称与单位（{unit}）不符。",
                ),
            )
