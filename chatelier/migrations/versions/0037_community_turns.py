"""The queue of each community: an index of what waits, and what communities had beside others."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

_IS_WAITING = sa.text("state IN ('accepted', 'queued')")


def upgrade() -> None:
    op.create_index(
        "ix_jobs_waiting",
        "jobs",
        [
            "platform",
            "community",
            "priority",
            "created_at",
            "id",
            "model",
            "command",
            "cost",
            "state",
            "queued_at",
        ],
        sqlite_where=_IS_WAITING,
        postgresql_where=_IS_WAITING,
    )
    op.create_table(
        "community_turns",
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("community", sa.String(64), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("had", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "community", name="pk_community_turns"),
    )


def downgrade() -> None:
    op.drop_table("community_turns")
    op.drop_index("ix_jobs_waiting", table_name="jobs")
