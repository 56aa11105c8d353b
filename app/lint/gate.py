"""The gate: no release may bring a finding that was not there before it.

It looks at what the release touches and at what refers to that, on all days, and not at the rest of the catalogue.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from sqlmodel import Session

from app.errors import Invalid
from app.faults import Fault, Said
from app.lint.broken import GROUND
from app.lint.days import Days, without
from app.lint.findings import CODES, Finding, held_against
from app.lint.histories import Histories, Key, load
from app.lint.references import references, referring
from app.lint.report import findings
from app.lint.scope import Slugs, with_context
from app.versioning import Row

Gate = Literal["error", "warning", "off"]


def refuse_new_findings(
    session: Session,
    rows: Sequence[Row],
    documents: Sequence[Mapping[str, Any]],
    withdrawals: Sequence[Mapping[str, Any]],
    gate: Gate,
) -> None:
    """Raises `Invalid` with what the rows of a release that is being published bring; nothing is kept then.

    The rows are in the database already: the findings before are those of the release before.
    """
    if gate == "off" or not rows:
        return
    new = new_findings(session, rows, gate)
    if new:
        places = Places(rows, documents, withdrawals)
        raise Invalid.of([_fault(finding, places) for finding in new])


def new_findings(session: Session, rows: Sequence[Row], gate: Literal["error", "warning"]) -> list[Finding]:
    """What is found after the rows and was not before, or on fewer days."""
    release, codes = rows[0].release, held_against(gate)
    subjects = _subjects(session, rows, release, gate)
    after = Histories(with_context(session, release, subjects, errors_only=gate == "error"))
    keys = [(kind, slug) for kind, slugs in subjects.items() for slug in sorted(slugs)]
    found = list(findings(after, keys, codes))
    if not found:
        return []
    known: dict[object, list[Days]] = defaultdict(list)
    for finding in findings(after.up_to(release - 1), keys, codes):
        known[finding.identity].append(finding.days)
    return [finding for finding in found if without([finding.days], known[finding.identity])]


def _subjects(session: Session, rows: Iterable[Row], release: int, gate: Gate) -> Slugs:
    """What is touched, and what something may be found of because of that."""
    touched: Slugs = defaultdict(set)
    shaken: Slugs = defaultdict(set)
    for row in rows:
        touched[row.kind].add(row.slug)
        if row.version > 1 and _shakes(row, gate):
            shaken[row.kind].add(row.slug)
    if gate == "warning":
        # What is found of a domain hangs on the services that it counts.
        services = load(session, release, {"services": touched["services"]})
        touched["domains"] |= {version.says["domain"] for version in services}
    for kind, slugs in referring(session, release, shaken).items():
        touched[kind] |= slugs
    return touched


def _shakes(row: Row, gate: Gate) -> bool:
    """Whether a new version can change what is found of those who refer to the resource.

    A reference breaks only by a withdrawal, as versions are never taken away; that it then is an error holds for
    plans and regions alone. A rule hangs on more of its facts than that they are there, and what belongs to a plan
    on its period.
    """
    if row.kind == "facts":
        return True
    if gate == "warning":
        return row.withdrawn or row.kind == "plans"
    return row.withdrawn and row.kind in GROUND


class Places:
    """Where in a changeset to point for a finding."""

    def __init__(
        self,
        rows: Iterable[Row],
        documents: Sequence[Mapping[str, Any]],
        withdrawals: Sequence[Mapping[str, Any]],
    ) -> None:
        changed = {(row.kind, row.slug, row.withdrawn) for row in rows}
        self.of: dict[Key, str] = {}
        for name, entries, ends in (("documents", documents, False), ("withdrawals", withdrawals, True)):
            for number, entry in enumerate(entries):
                key = str(entry.get("kind")), str(entry.get("slug"))
                if (*key, ends) in changed:
                    self.of[key] = f"/{name}/{number}"

    def pointer(self, finding: Finding) -> str:
        """To the resource itself if it is being published, else to what breaks it."""
        own = self.of.get((finding.version.kind, finding.version.slug))
        if own is not None:
            in_document = own.startswith("/documents") and finding.field and " " not in finding.field
            return f"{own}/{finding.field}" if in_document else own
        causes = [finding.other, *(target for _, target in references(finding.version))]
        return next((self.of[key] for key in causes if key in self.of), "")


def _fault(finding: Finding, places: Places) -> Fault:
    called, todo = finding.called, CODES[finding.code].todo
    return Fault(
        Said(
            f"{called.en} ({finding.code}): {finding.said.en} {todo.en}",
            f"{called.zh}：{finding.said.zh}{todo.zh}（{finding.code}）",
        ),
        places.pointer(finding),
    )
