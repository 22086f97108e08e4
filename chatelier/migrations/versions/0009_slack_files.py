"""Which picture files the app keeps at Slack, so that they are deleted there too."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "slack_files",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("passing", sa.Boolean(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unwanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_files")),
    )
    op.create_index("ix_slack_files_subject", "slack_files", ["subject"], unique=False)
    op.create_index("ix_slack_files_unwanted_at", "slack_files", ["unwanted_at"], unique=False)


def downgrade() -> None:
    op.drop_table("slack_files")
