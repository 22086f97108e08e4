"""Artists who asked that their style is not imitated."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "artist_opt_outs",
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("community", sa.String(64), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("written", sa.String(80), nullable=False),
        sa.Column("case_id", sa.String(12), sa.ForeignKey("cases.id"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platform", "community", "name"),
    )


def downgrade() -> None:
    op.drop_table("artist_opt_outs")
