"""Indexes with which no frequent query walks over all jobs or pictures."""

from alembic import op

revision = "0016"
down_revision = "0015"

_ADDED = (
    ("jobs", ("state", "priority", "created_at")),
    ("jobs", ("person_key", "state", "created_at")),
    ("jobs", ("person_key", "created_at")),
    ("jobs", ("grid_key",)),
    ("pictures", ("person_key",)),
    ("pictures", ("created_at",)),
    ("pictures", ("master_key",)),
    ("pictures", ("thumbnail_key",)),
    ("pictures", ("thumbnail_640_key",)),
    ("pictures", ("thumbnail_1280_key",)),
)


def upgrade() -> None:
    for table, columns in _ADDED:
        op.create_index(_name(table, columns), table, list(columns), unique=False)
    op.drop_index("ix_jobs_person_key_state", table_name="jobs")


def downgrade() -> None:
    op.create_index("ix_jobs_person_key_state", "jobs", ["person_key", "state"], unique=False)
    for table, columns in _ADDED:
        op.drop_index(_name(table, columns), table_name=table)


def _name(table: str, columns: tuple[str, ...]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"
