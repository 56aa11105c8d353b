"""Rules in other systems' languages, meaning exactly what they mean here: unknown stays unknown.

In SQL an unknown fact is NULL; in CEL it is a key that `facts` does not have, whose error && and || absorb as
Kleene's unknown. JSON Logic has neither, so it gets two questions: `holds` and `fails`; if both say no, the
answer is unknown.
"""

import json
from collections.abc import Callable
from typing import Any, Literal

from app.eligibility.clauses import compile_clause
from app.eligibility.compiled import merged
from app.eligibility.conditions import All, Any_, Clause, Not, Undefined, children
from app.eligibility.facts import Facts, unknown
from app.eligibility.regions import prefix, regions_above
from app.eligibility.rules import Rule, whole
from app.eligibility.words import in_words

Language = Literal["cel", "sql", "jsonlogic", "zh", "en"]
Logic = dict[str, Any] | bool
SIGNS = {"at_least": ">=", "at_most": "<=", "more_than": ">", "less_than": "<"}
# Words CEL keeps for itself; a fact called like one is looked up by its name in quotes.
RESERVED = frozenset(
    (
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "package",
        "return",
        "true",
        "var",
        "void",
        "while",
    )
)


def express(rule: Rule, facts: Facts, language: Language) -> str | dict[str, Logic]:
    """A whole rule, with its other readings and its open list, as one expression."""
    condition = whole(rule)
    match language:
        case "cel":
            return cel(condition, facts)
        case "sql":
            return sql(condition, facts)
        case "jsonlogic":
            return jsonlogic(condition, facts)
    return in_words(rule.condition, facts, language)


def cel(condition: Any, facts: Facts) -> str:  # noqa: ANN401 - a condition of any form
    """Common Expression Language over a map `facts`."""
    return _written(
        merged(condition), lambda leaf: _cel_leaf(leaf, facts), ("true", "false", "!", " && ", " || ")
    )


def sql(condition: Any, facts: Facts) -> str:  # noqa: ANN401 - a condition of any form
    """SQL over one column per fact, for SQLite and PostgreSQL alike."""
    return _written(
        merged(condition), lambda leaf: _sql_leaf(leaf, facts), ("TRUE", "FALSE", "NOT ", " AND ", " OR ")
    )


def _written(node: Any, leaf: Callable[[Any], str], words: tuple[str, str, str, str, str]) -> str:  # noqa: ANN401 - a condition of any form
    everyone, nobody, no, both, either = words
    match node:
        case Not(not_=part):
            return f"{no}({_written(part, leaf, words)})"
        case All() | Any_():
            parts = [_written(part, leaf, words) for part in children(node)]
            if not parts:
                return everyone if isinstance(node, All) else nobody
            return (
                parts[0]
                if len(parts) == 1
                else f"({(both if isinstance(node, All) else either).join(parts)})"
            )
    return leaf(node)


def _settled(leaf: Clause, facts: Facts) -> bool | None:
    """The answer that every value the fact can have gives, which is then known without the fact."""
    everything = {leaf.fact: unknown(facts[leaf.fact])}
    return compile_clause(leaf, everything)(everything)


def _cel_leaf(leaf: Clause | Undefined, facts: Facts) -> str:
    if isinstance(leaf, Undefined):
        return f"facts[{_cel_text('undefined: ' + leaf.undefined)}]"
    if (settled := _settled(leaf, facts)) is not None:
        return _cel_text(settled)
    name = f"facts[{_cel_text(leaf.fact)}]" if leaf.fact in RESERVED else f"facts.{leaf.fact}"
    if facts[leaf.fact].type == "region":
        inner = [f"{name}.startsWith({_cel_text(prefix(str(code)))})" for code in leaf.operands]
        doubt = f'({name} in {_cel_list(_around(leaf))} && facts["undefined: {leaf.fact}"])'
        return f"({' || '.join([*inner, doubt])})"
    if leaf.op == "in":
        return f"{name} in {_cel_list(leaf.operands)}"
    return f"{name} {SIGNS.get(leaf.op, '==')} {_cel_text(leaf.operand)}"


def _cel_list(values: tuple[Any, ...]) -> str:
    return "[" + ", ".join(map(_cel_text, values)) + "]"


def _cel_text(value: object) -> str:
    # CEL reads the escapes JSON writes, except that JSON spells characters beyond the BMP as two surrogates.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _around(leaf: Clause) -> tuple[str, ...]:
    """Regions too coarse to tell: somewhere in the province is perhaps, but not surely, in its county."""
    return tuple(sorted({above for code in leaf.operands for above in regions_above(str(code))}))


def _sql_leaf(leaf: Clause | Undefined, facts: Facts) -> str:
    if isinstance(leaf, Undefined):
        return "CAST(NULL AS BOOLEAN)"
    if (settled := _settled(leaf, facts)) is not None:
        return _sql_text(settled)
    name = '"' + leaf.fact.replace('"', '""') + '"'
    if facts[leaf.fact].type == "region":
        starts = [prefix(str(code)) for code in leaf.operands]
        inner = [f"SUBSTR({name}, 1, {len(start)}) = {_sql_text(start)}" for start in starts]
        doubt = f"({name} IN ({', '.join(map(_sql_text, _around(leaf)))}) AND CAST(NULL AS BOOLEAN))"
        return f"({' OR '.join([*inner, doubt])})"
    if leaf.op == "in":
        return f"{name} IN ({', '.join(map(_sql_text, leaf.operands))})"
    return f"{name} {SIGNS.get(leaf.op, '=')} {_sql_text(leaf.operand)}"


def _sql_text(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def jsonlogic(condition: Any, facts: Facts) -> dict[str, Logic]:  # noqa: ANN401 - a condition of any form
    """Two expressions, both false where a missing fact leaves the answer open."""
    node = merged(condition)
    return {"holds": _logic(node, facts, wanted=True), "fails": _logic(node, facts, wanted=False)}


def _logic(node: Any, facts: Facts, *, wanted: bool) -> Logic:  # noqa: ANN401 - a condition of any form
    match node:
        case Undefined():
            return False
        case Clause():
            return _logic_leaf(node, facts, wanted=wanted)
        case Not(not_=part):
            return _logic(part, facts, wanted=not wanted)
    parts = [_logic(part, facts, wanted=wanted) for part in children(node)]
    every = isinstance(node, All) is wanted
    if not parts:
        return every
    return parts[0] if len(parts) == 1 else {"and" if every else "or": parts}


def _logic_leaf(leaf: Clause, facts: Facts, *, wanted: bool) -> Logic:
    if (settled := _settled(leaf, facts)) is not None:
        return settled is wanted
    value = {"var": leaf.fact}
    known: Logic = {"!==": [value, None]}
    if facts[leaf.fact].type == "region":
        starts = [prefix(str(code)) for code in leaf.operands]
        inner: Logic = {"or": [{"===": [{"substr": [value, 0, len(start)]}, start]} for start in starts]}
        if wanted:
            return {"and": [known, inner]}
        return {"and": [known, {"!": [inner]}, {"!": [{"in": [value, list(_around(leaf))]}]}]}
    compared: Logic = {SIGNS.get(leaf.op, "==="): [value, leaf.operand]}
    if leaf.op == "in":
        compared = {"in": [value, list(leaf.operands)]}
    return {"and": [known, compared if wanted else {"!": [compared]}]}
