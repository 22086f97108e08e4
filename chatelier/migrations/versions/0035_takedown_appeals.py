"""Pictures that a moderator took down, until their owners can appeal no more."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.add_column("pictures", sa.Column("appeal_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("pictures", sa.Column("taken_down_by", sa.String(12), nullable=True))
    op.create_index("ix_pictures_appeal_until", "pictures", ["appeal_until"])


def downgrade() -> None:
    op.drop_index("ix_pictures_appeal_until", "pictures")
    op.drop_column("pictures", "taken_down_by")
    op.drop_column("pictures", "appeal_until")
