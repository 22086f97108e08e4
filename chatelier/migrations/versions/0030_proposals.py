"""Prompts that a language model proposed to somebody."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("person_key", sa.String(200), nullable=False),
        sa.Column("command", sa.String(32), nullable=False),
        sa.Column("data", _JSON, nullable=False),
        sa.Column("prompts", _JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name="fk_proposals_person_key"),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
    )
    op.create_index("ix_proposals_person_key", "proposals", ["person_key"])
    op.create_index("ix_proposals_created_at", "proposals", ["created_at"])


def downgrade() -> None:
    op.drop_table("proposals")
