"""When to look whether the end of a job was shown, so that it can be published again."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("check_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_outbox_check_at", "outbox", ["check_at"], unique=False)
    # A database that was restored may hold ends that nobody has shown.
    op.execute(
        "UPDATE outbox SET check_at = published_at"
        " WHERE kind IN ('JobEnded', 'JobChanged') AND published_at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_check_at", table_name="outbox")
    op.drop_column("outbox", "attempts")
    op.drop_column("outbox", "check_at")
