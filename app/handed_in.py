"""What people hand in to be published: a folder of seed files, or tables as a workbook or CSV."""

from pathlib import Path

from sqlmodel import Session

from app import seed
from app.changesets import Changeset
from app.publishing import says_already
from app.seed import Seed
from app.sheets import book
from app.sheets.book import Book

# A clerk's corrections must not count as what the seed's publisher said: see `Changeset.standing`.
SEED_PUBLISHER, TABLE_PUBLISHER = "seed", "tables"


def holds_tables(path: Path) -> bool:
    return not path.is_dir() or any(path.glob("*.csv"))


def load(path: Path) -> Seed | Book:
    """Reads it; faults of the files themselves are kept, what cannot be opened raises `Invalid`."""
    return book.load(path) if holds_tables(path) else seed.load(path)


def changeset_of(
    session: Session, handed_in: Seed | Book, *, base: int, message: str, publisher: str | None
) -> Changeset:
    """What is to be published of it; `base` is the latest release that its reader could know of."""
    if isinstance(handed_in, Book):
        return handed_in.changeset(
            session, base=base, message=message, publisher=publisher or TABLE_PUBLISHER
        )
    return handed_in.changeset(message=message, publisher=publisher or SEED_PUBLISHER, base_release=base)


def published_already(session: Session, path: Path, publisher: str | None) -> bool:
    """Whether these very seed files were the last that their publisher said, which is known without reading them."""
    return not holds_tables(path) and says_already(session, publisher or SEED_PUBLISHER, seed.digest_of(path))
