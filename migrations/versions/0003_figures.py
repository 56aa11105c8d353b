"""Standards, indicators, programmes and discrepancies; a category for concepts, coverage for plans."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

VERSIONS = ["standard_version", "indicator_version", "programme_version", "discrepancy_version"]


def upgrade() -> None:
    op.add_column("release", sa.Column("digest", sa.String(), nullable=True))
    op.add_column("concept_version", sa.Column("category", sa.String(), nullable=True))
    op.add_column("plan_version", sa.Column("text_coverage", sa.JSON(), nullable=True))
    create_versions(
        "standard_version",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("concept", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("comparator", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("value_high", sa.Float(), nullable=True),
        sa.Column("value_text", sa.String(), nullable=False),
        sa.Column("value_derived", sa.Boolean(), nullable=False),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("per", sa.String(), nullable=True),
        sa.Column("population", sa.String(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("period", sa.String(), nullable=True),
        sa.Column("firmness", sa.String(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        indexes=["plan", "concept", "service"],
    )
    create_versions(
        "indicator_version",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("printed_name", sa.String(), nullable=True),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("table", sa.String(), nullable=True),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("nature", sa.String(), nullable=True),
        sa.Column("baseline", sa.JSON(), nullable=True),
        sa.Column("target", sa.JSON(), nullable=True),
        sa.Column("growth", sa.JSON(), nullable=True),
        sa.Column("series", sa.JSON(), nullable=False),
        sa.Column("part_of", sa.String(), nullable=True),
        sa.Column("definition", sa.String(), nullable=True),
        sa.Column("sources", sa.JSON(), nullable=False),
        indexes=["plan"],
    )
    create_versions(
        "programme_version",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("box", sa.String(), nullable=True),
        sa.Column("gist", sa.String(), nullable=True),
        sa.Column("quantities", sa.JSON(), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("indicators", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        indexes=["plan"],
    )
    create_versions(
        "discrepancy_version",
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("explanation", sa.String(), nullable=False),
        sa.Column("explanation_zh", sa.String(), nullable=True),
        sa.Column("touches", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        indexes=["plan"],
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
