"""`alembic check`: the models and the migrations describe the same schema."""

import sys
import tempfile

from alembic import command
from sqlmodel import SQLModel

from app import catalogue, main  # noqa: F401 - with it come all the tables
from app.database import create
from app.migrating import config, migrate


def check(url: str) -> None:
    """Raises where a migration is missing."""
    engine = create(url)
    migrate(engine)
    with engine.begin() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        settings.attributes["metadata"] = SQLModel.metadata
        command.check(settings)
    engine.dispose()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        check(f"sqlite:///{scratch}/check.db")
    sys.stdout.write(f"The migrations are those of the {len(catalogue.KINDS)} kinds.\n")
