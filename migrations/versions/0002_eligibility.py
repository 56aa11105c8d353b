"""Facts and rules, append-only like the kinds before them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

VERSIONS = ["fact_version", "rule_version"]


def upgrade() -> None:
    create_versions(
        "fact_version",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("minimum", sa.Integer(), nullable=True),
        sa.Column("maximum", sa.Integer(), nullable=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("help", sa.String(), nullable=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("changes", sa.String(), nullable=False),
        sa.Column("derivation", sa.JSON(), nullable=True),
    )
    create_versions(
        "rule_version",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("strength", sa.String(), nullable=False),
        sa.Column("open_ended", sa.Boolean(), nullable=False),
        sa.Column("condition", sa.JSON(), nullable=False),
        sa.Column("other_readings", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        indexes=["plan", "service"],
    )
    for table in VERSIONS:
        if op.get_bind().dialect.name == "postgresql":
            guard_on_postgresql(table)
        else:
            guard_on_sqlite(table)


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


def guard_on_sqlite(table: str) -> None:
    for verb in ["UPDATE", "DELETE"]:
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} BEGIN "
            f"SELECT RAISE(ABORT, '{table} is append-only: publish a new version instead'); END"
        )
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


def guard_on_postgresql(table: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_goes_into_newest_release BEFORE INSERT ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION require_newest_release()"
    )
