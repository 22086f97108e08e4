"""Which worker a job was painted by, also after its end."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("worker", sa.String(100), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs", "worker")
