"""Runs the migrations on the connection that `app.migrating` hands over, or on DATABASE_URL's."""

import os

from alembic import context
from sqlalchemy import Connection, create_engine
from sqlalchemy.sql.schema import SchemaItem


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("metadata"),
        include_object=is_ours,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


def is_ours(_item: SchemaItem, name: str | None, type_: str, _reflected: object, _compare_to: object) -> bool:
    """Each database has a full-text index of its own, which no model describes."""
    return not (
        (type_ == "table" and (name or "").startswith("search_word"))
        or (type_ == "index" and name == "ix_search_entry_words")
    )


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(os.environ.get("DATABASE_URL", "sqlite:///catalogue.db")).begin() as own:
        run(own)
