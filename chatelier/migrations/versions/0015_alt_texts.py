"""What a picture shows, in its owner's words."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("pictures", sa.Column("alt_text", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("pictures", "alt_text")
