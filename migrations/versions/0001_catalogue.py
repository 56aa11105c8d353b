"""Releases, append-only versions of five kinds, and the search index."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

VERSIONS = ["region_version", "plan_version", "domain_version", "concept_version", "service_version"]


def upgrade() -> None:
    op.create_table(
        "release",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("publisher", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_release"),
    )
    create_versions(
        "region_version",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
    )
    create_versions(
        "plan_version",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("issuer", sa.String(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("parents", sa.JSON(), nullable=False),
        sa.Column("text_file", sa.String(), nullable=True),
        sa.Column("sources", sa.JSON(), nullable=False),
        indexes=["region"],
    )
    create_versions(
        "domain_version",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("goal", sa.String(), nullable=True),
        sa.Column("claimed_count", sa.Integer(), nullable=True),
        sa.Column("sources", sa.JSON(), nullable=False),
        indexes=["plan"],
    )
    create_versions(
        "concept_version",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
    )
    create_versions(
        "service_version",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("concept", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=True),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("audience", sa.String(), nullable=True),
        sa.Column("content", sa.String(), nullable=True),
        sa.Column("lead_body", sa.String(), nullable=True),
        sa.Column("funding", sa.String(), nullable=True),
        sa.Column("sources", sa.JSON(), nullable=False),
        indexes=["plan", "domain", "concept"],
    )
    if op.get_bind().dialect.name == "postgresql":
        create_postgresql_search()
        guard_on_postgresql()
    else:
        create_sqlite_search()
        guard_on_sqlite()


def create_versions(table: str, *content: sa.Column[object], indexes: list[str] | None = None) -> None:
    op.create_table(
        table,
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_because", sa.String(), nullable=True),
        sa.Column("change_note", sa.String(), nullable=True),
        *content,
        sa.PrimaryKeyConstraint("slug", "version", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["release"], ["release.number"], name=f"fk_{table}_release_release"),
    )
    for column in ["release", *(indexes or [])]:
        op.create_index(f"ix_{table}_{column}", table, [column])


def create_postgresql_search() -> None:
    create_search_entry(postgresql.TSVECTOR())
    op.create_index("ix_search_entry_words", "search_entry", ["words"], postgresql_using="gin")


def create_sqlite_search() -> None:
    create_search_entry(sa.Text())
    op.execute(
        "CREATE VIRTUAL TABLE search_word USING fts5"
        "(words, content='search_entry', content_rowid='id', tokenize='unicode61')"
    )
    op.execute(
        "CREATE TRIGGER search_entry_is_indexed AFTER INSERT ON search_entry BEGIN "
        "INSERT INTO search_word (rowid, words) VALUES (NEW.id, NEW.words); END"
    )


def create_search_entry(words: sa.types.TypeEngine[str]) -> None:
    op.create_table(
        "search_entry",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("written", sa.String(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("whole", sa.Text(), nullable=False),
        sa.Column("words", words, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_entry"),
    )
    op.create_index("ix_search_entry_kind_slug_version", "search_entry", ["kind", "slug", "version"])


# Versions and releases are only ever inserted, and only into the newest release: a row that came later would
# change what an older release said.


def guard_on_sqlite() -> None:
    for table in ["release", *VERSIONS]:
        for verb in ["UPDATE", "DELETE"]:
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} BEGIN "
                f"SELECT RAISE(ABORT, '{table} is append-only: publish a new version instead'); END"
            )
    # INSERT OR REPLACE deletes what is in its way without asking the trigger above.
    op.execute(
        "CREATE TRIGGER release_refuses_replace BEFORE INSERT ON release "
        "WHEN EXISTS (SELECT 1 FROM release WHERE number = NEW.number) BEGIN "
        "SELECT RAISE(ABORT, 'release is append-only: publish a new version instead'); END"
    )
    for table in VERSIONS:
        op.execute(
            f"CREATE TRIGGER {table}_refuses_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE slug = NEW.slug AND version = NEW.version) BEGIN "
            f"SELECT RAISE(ABORT, '{table} is append-only: publish a new version instead'); END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_goes_into_newest_release BEFORE INSERT ON {table} "
            "WHEN NEW.release IS NOT (SELECT max(number) FROM release) BEGIN "
            "SELECT RAISE(ABORT, 'a version belongs into the newest release'); END"
        )


def guard_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only: publish a new version instead', TG_TABLE_NAME "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        "CREATE FUNCTION require_newest_release() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.release IS DISTINCT FROM (SELECT max(number) FROM release) THEN "
        "RAISE EXCEPTION 'a version belongs into the newest release' "
        "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
    )
    for table in ["release", *VERSIONS]:
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table in VERSIONS:
        op.execute(
            f"CREATE TRIGGER {table}_goes_into_newest_release BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION require_newest_release()"
        )
