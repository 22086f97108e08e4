"""What a model saw in a picture."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("pictures", sa.Column("description", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("pictures", "description")
