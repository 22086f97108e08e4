"""Storage that counts all files of pictures, and uploads with a table of their own."""

import sqlalchemy as sa
from alembic import op

from studio.db.tables.triggers import create_triggers, drop_triggers, fill_storage_use, fill_uploads

revision = "0039"
down_revision = "0038"

# The original of a signed picture takes about what its copy does. Nobody knows any more what thumbnails took.
_COUNT_ORIGINALS = (
    "UPDATE pictures SET size_bytes = size_bytes {factor}"
    " WHERE master_key IS NOT NULL AND master_key <> storage_key"
)


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_uploads_person_key")),
        sa.PrimaryKeyConstraint("file_key", "person_key", name=op.f("pk_uploads")),
    )
    op.create_index("ix_uploads_person_key", "uploads", ["person_key"])
    op.create_index("ix_uploads_used_at", "uploads", ["used_at"])
    op.create_index("ix_notices_delivered_at", "notices", ["delivered_at"])
    connection = op.get_bind()
    # Writers wait for the commit from here on, as the triggers change their tables.
    drop_triggers(connection)
    op.execute(_COUNT_ORIGINALS.format(factor="* 2"))
    create_triggers(connection)
    fill_uploads(connection)
    fill_storage_use(connection)


def downgrade() -> None:
    connection = op.get_bind()
    drop_triggers(connection)
    op.drop_index("ix_notices_delivered_at", table_name="notices")
    op.drop_table("uploads")
    op.execute(_COUNT_ORIGINALS.format(factor="/ 2"))
    create_triggers(connection)
    fill_storage_use(connection)
