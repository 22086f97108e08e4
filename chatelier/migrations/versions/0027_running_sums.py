"""Sums of the ledger and of stored bytes, and the files that jobs start from, in tables that triggers keep current."""

import sqlalchemy as sa
from alembic import op

from studio.db.tables.triggers import (
    create_triggers,
    drop_triggers,
    fill_balances,
    fill_job_sources,
    fill_storage_use,
)

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "balances",
        sa.Column("account", sa.String(length=220), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "period", "kind", name=op.f("pk_balances")),
    )
    op.create_table(
        "job_sources",
        sa.Column("job_id", sa.String(length=12), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("picture_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_sources_job_id")),
        sa.PrimaryKeyConstraint("job_id", "position", "part", name=op.f("pk_job_sources")),
    )
    for column in ("file_key", "picture_id"):
        op.create_index(f"ix_job_sources_{column}", "job_sources", [column], unique=False)
    op.create_table(
        "storage_use",
        sa.Column("owner", sa.String(length=220), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_storage_use")),
    )
    connection = op.get_bind()
    # The triggers first: on PostgreSQL that waits for writers, and lets none in before the commit.
    create_triggers(connection)
    fill_balances(connection)
    fill_job_sources(connection)
    fill_storage_use(connection)


def downgrade() -> None:
    drop_triggers(op.get_bind())
    op.drop_table("storage_use")
    op.drop_table("job_sources")
    op.drop_table("balances")
