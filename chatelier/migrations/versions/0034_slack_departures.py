"""Workspaces that removed the Slack app, until their records are erased."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.create_table(
        "slack_departures",
        sa.Column("community", sa.String(64), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("community", name="pk_slack_departures"),
    )


def downgrade() -> None:
    op.drop_table("slack_departures")
