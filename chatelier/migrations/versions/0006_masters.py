"""Masters beside the signed copies of pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("pictures", sa.Column("master_key", sa.String(length=120), nullable=True))


def downgrade() -> None:
    op.drop_column("pictures", "master_key")
