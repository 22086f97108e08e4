"""Receipts of reports from outside, and pictures that an urgent one hides."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "outside_reports",
        sa.Column("code_digest", sa.String(64), nullable=False),
        sa.Column("case_id", sa.String(12), sa.ForeignKey("cases.id"), nullable=True),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decide_by", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("code_digest"),
    )
    op.create_index("ix_outside_reports_case_id", "outside_reports", ["case_id"])
    op.add_column("pictures", sa.Column("hidden_by", sa.String(12), nullable=True))
    op.create_index("ix_pictures_hidden_by", "pictures", ["hidden_by"])


def downgrade() -> None:
    op.drop_index("ix_pictures_hidden_by", "pictures")
    op.drop_column("pictures", "hidden_by")
    op.drop_table("outside_reports")
