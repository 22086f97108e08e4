"""Public links to pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "shares",
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("picture_id", sa.String(16), sa.ForeignKey("pictures.id"), nullable=False),
        sa.Column("person_key", sa.String(200), sa.ForeignKey("people.key"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token"),
        sa.UniqueConstraint("picture_id", name="uq_shares_picture_id"),
    )
    op.create_index("ix_shares_person_key", "shares", ["person_key"])


def downgrade() -> None:
    op.drop_table("shares")
