"""An index for the jobs that ended lately: their times tell how long others will take."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("ix_jobs_ended_at", "jobs", ["ended_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_jobs_ended_at", table_name="jobs")
