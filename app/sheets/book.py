"""What a clerk hands in, as a changeset: only what differs from the release that it was taken from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError
from sqlmodel import Session

from app.catalogue import KINDS
from app.changesets import Changeset
from app.database import BATCH
from app.errors import Invalid
from app.faults import Fault, Language, Said
from app.publishing import newest_versions, same
from app.sheets.entries import Entry
from app.sheets.headers import Faults
from app.sheets.opening import open_tables
from app.sheets.places import Place, Taken
from app.sheets.reading import Contents, read_tables
from app.versioning import At, Row, in_force_by_slug


@dataclass
class Book:
    """The tables of one file or folder; `faults` keep it from being published."""

    said: Contents
    faults: Faults = field(default_factory=list)
    sent: list[Entry] = field(default_factory=list)

    def changeset(self, session: Session, *, base: int, message: str, publisher: str) -> Changeset:
        """What differs from the release that it was taken from; conflicts are found by comparing with that."""
        taken = self.said.taken
        if taken is not None and taken.release > base:
            raise _from_elsewhere(taken, base)
        self.faults = list(self.said.faults)
        self.sent = [] if self.faults else list(self._changed(session, taken))
        return Changeset(
            message=message,
            publisher=publisher,
            base_release=taken.release if taken else base,
            documents=[entry.document for entry in self.sent],
            withdrawals=[line.fields for line in self.said.withdrawals],
        )

    def _changed(self, session: Session, taken: Taken | None) -> Iterator[Entry]:
        for kind, entries in self.said.entries.items():
            slugs = [entry.slug for entry in entries.values()]
            before = _before(session, kind, slugs, taken)
            newest = newest_versions(session, kind, slugs)
            for entry in entries.values():
                row = before.get(entry.slug)
                fault = _misplaced(entry, row, newest.get(entry.slug))
                if fault is not None:
                    self.faults.append((entry.place_of("slug"), fault))
                elif _differs(entry, row):
                    yield entry

    def lines(self, faults: Sequence[Fault], language: Language) -> list[str]:
        """`sheet, row, column: what is wrong and what to do`, in the order of the tables."""
        placed = [*self.faults, *((self._place(fault.pointer or ""), fault.said) for fault in faults)]
        placed.sort(key=lambda one: one[0].order(self.said.tables))
        return [place.said(said, language) for place, said in placed]

    def _place(self, pointer: str) -> Place:
        _, what, number, *path = pointer.split("/")
        lines = self.said.withdrawals if what == "withdrawals" else self.sent
        return lines[int(number)].place_of(*path)


def load(path: Path) -> Book:
    """Reads a file or folder; raises `Invalid` for what cannot, or must not, be opened."""
    said = read_tables(open_tables(path))
    if not (said.entries or said.withdrawals or said.faults):
        raise Invalid(
            "There is no table with a line in it.",
            "其中没有任何数据：应有“服务项目”等工作表，或同名的 CSV 文件。",
        )
    return Book(said)


def _before(session: Session, kind: str, slugs: Sequence[str], taken: Taken | None) -> Mapping[str, Row]:
    if taken is None:
        return {}
    found: dict[str, Row] = {}
    for start in range(0, len(slugs), BATCH):
        found |= in_force_by_slug(session, KINDS[kind].row, slugs[start : start + BATCH], At(*taken))
    return found


def _misplaced(entry: Entry, before: Row | None, newest: Row | None) -> Said | None:
    if entry.only_sources and before is None:
        return NO_LINE
    # Published already by this very file, a new line says what there is.
    if entry.taken is None and newest is not None and not newest.withdrawn and not _says(entry, newest):
        return EXISTS
    return None


def _differs(entry: Entry, before: Row | None) -> bool:
    """Whether a line says something else than before; a note left standing is not one on this change."""
    if before is None:
        return True
    entry.complete(before)
    if _says(entry, before):
        return False
    if entry.fields.get("change_note") == before.change_note:
        entry.fields["change_note"] = None
    return True


def _says(entry: Entry, row: Row) -> bool:
    try:
        return same(row, KINDS[entry.kind].content.model_validate(entry.fields))
    except ValidationError:
        return False


def _from_elsewhere(taken: Taken, latest: int) -> Invalid:
    return Invalid(
        f"It was taken from release {taken.release}, but the latest one here is {latest}: is this the database "
        "that it came from?",
        f"表格取自发布{taken.release}，而本库最新为发布{latest}：请确认所连的数据库。",
    )


EXISTS = Said(
    "There is one with this slug already: to add another choose a new slug; to change it edit the line as it was "
    "exported, with its last two columns.",
    "已有此标识：如是新增，请另取标识；如要修改，请在导出的那一行上改，并保留最后的“查询日期”“查询发布号”两列。",
)
NO_LINE = Said(
    "No line of its kind has this slug, nor had the release it was taken from.",
    "该类别的表中没有此标识的条目，取自的发布中也没有：请核对标识，或补上条目。",
)
