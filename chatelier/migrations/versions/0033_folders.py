"""Folders of pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "folders",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("person_key", sa.String(200), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("community", sa.String(64), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name="fk_folders_person_key"),
        sa.PrimaryKeyConstraint("id", name="pk_folders"),
        sa.UniqueConstraint("person_key", "name", name="uq_folders_person_key_name"),
    )
    op.create_index("ix_folders_platform_community", "folders", ["platform", "community"])
    op.create_table(
        "folder_pictures",
        sa.Column("person_key", sa.String(200), nullable=False),
        sa.Column("picture_id", sa.String(16), nullable=False),
        sa.Column("folder_id", sa.String(12), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name="fk_folder_pictures_person_key"),
        sa.PrimaryKeyConstraint("person_key", "picture_id", name="pk_folder_pictures"),
    )
    for column in ("folder_id", "picture_id"):
        op.create_index(f"ix_folder_pictures_{column}", "folder_pictures", [column])


def downgrade() -> None:
    op.drop_table("folder_pictures")
    op.drop_table("folders")
