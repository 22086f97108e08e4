"""Styles that people save under a name."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "saved_styles",
        sa.Column("person_key", sa.String(200), nullable=False),
        sa.Column("name", sa.String(30), nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("community", sa.String(64), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("data", _JSON, nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name="fk_saved_styles_person_key"),
        sa.PrimaryKeyConstraint("person_key", "name", name="pk_saved_styles"),
    )
    op.create_index("ix_saved_styles_platform_community", "saved_styles", ["platform", "community"])


def downgrade() -> None:
    op.drop_table("saved_styles")
