"""Encrypted words of frozen accounts, and material for the authorities."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("case_id", sa.String(12), sa.ForeignKey("cases.id"), nullable=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("job_id", sa.String(12), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("legal_hold", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_evidence_case_id", "evidence", ["case_id"])
    op.create_index("ix_evidence_subject", "evidence", ["subject"])


def downgrade() -> None:
    op.drop_table("evidence")
