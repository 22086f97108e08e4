"""Thumbnails of 640 and 1280 pixels; pictures that were stored before have none."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("pictures", sa.Column("thumbnail_640_key", sa.String(length=120), nullable=True))
    op.add_column("pictures", sa.Column("thumbnail_1280_key", sa.String(length=120), nullable=True))


def downgrade() -> None:
    op.drop_column("pictures", "thumbnail_1280_key")
    op.drop_column("pictures", "thumbnail_640_key")
