"""The job that a notice is about: one that built on somebody's picture."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("notices", sa.Column("job_id", sa.String(length=12), nullable=True))
    op.create_index("ix_notices_job_id", "notices", ["job_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_notices_job_id", table_name="notices")
    op.drop_column("notices", "job_id")
