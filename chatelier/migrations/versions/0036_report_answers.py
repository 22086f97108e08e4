"""In which language a reporter from outside reads, and when they were told the decision by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.add_column(
        "outside_reports", sa.Column("language", sa.String(16), nullable=False, server_default="en")
    )
    op.add_column("outside_reports", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("outside_reports", "answered_at")
    op.drop_column("outside_reports", "language")
