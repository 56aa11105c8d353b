"""Seals over releases; keys, proposals, remembered answers and webhooks for publishing over HTTP."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Each with the columns of its key: what stands there stays.
APPEND_ONLY = {
    "release_seal": ["release"],
    "proposal": ["number"],
    "proposal_revision": ["proposal", "number"],
    "proposal_event": ["proposal", "number"],
}


def upgrade() -> None:
    op.create_table(
        "release_seal",
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("release", name="pk_release_seal"),
        sa.ForeignKeyConstraint(["release"], ["release.number"], name="fk_release_seal_release_release"),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
    )
    op.create_table(
        "proposal",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_proposal"),
        sa.ForeignKeyConstraint(["key"], ["api_key.id"], name="fk_proposal_key_api_key"),
    )
    op.create_table(
        "proposal_revision",
        sa.Column("proposal", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("changeset", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("proposal", "number", name="pk_proposal_revision"),
        sa.ForeignKeyConstraint(
            ["proposal"], ["proposal.number"], name="fk_proposal_revision_proposal_proposal"
        ),
    )
    op.create_table(
        "proposal_event",
        sa.Column("proposal", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("release", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("proposal", "number", name="pk_proposal_event"),
        sa.ForeignKeyConstraint(
            ["proposal"], ["proposal.number"], name="fk_proposal_event_proposal_proposal"
        ),
        sa.ForeignKeyConstraint(["key"], ["api_key.id"], name="fk_proposal_event_key_api_key"),
        sa.ForeignKeyConstraint(["release"], ["release.number"], name="fk_proposal_event_release_release"),
    )
    op.create_index("ix_proposal_event_release", "proposal_event", ["release"])
    op.create_table(
        "remembered_answer",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("location", sa.String(), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", "idempotency_key", name="pk_remembered_answer"),
        sa.ForeignKeyConstraint(["key"], ["api_key.id"], name="fk_remembered_answer_key_api_key"),
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("plan", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_release", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
        sa.ForeignKeyConstraint(["key"], ["api_key.id"], name="fk_webhook_key_api_key"),
    )
    for table, columns in APPEND_ONLY.items():
        if op.get_bind().dialect.name == "postgresql":
            guard_on_postgresql(table)
        else:
            guard_on_sqlite(table, columns)


def guard_on_sqlite(table: str, columns: list[str]) -> None:
    for verb in ["UPDATE", "DELETE"]:
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} BEGIN "
            f"SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    same = " AND ".join(f"{column} = NEW.{column}" for column in columns)
    op.execute(
        f"CREATE TRIGGER {table}_refuses_replace BEFORE INSERT ON {table} "
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) BEGIN "
        f"SELECT RAISE(ABORT, '{table} is append-only'); END"
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
