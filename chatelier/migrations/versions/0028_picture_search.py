"""Full text over pictures, and the index that lists a person's own by their time."""

from alembic import op

from studio.db.tables.picture_search import (
    create_picture_search,
    drop_picture_search,
    fill_picture_search,
)

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_index(
        "ix_pictures_person_key_created_at_id", "pictures", ["person_key", "created_at", "id"], unique=False
    )
    op.drop_index("ix_pictures_person_key", table_name="pictures")
    connection = op.get_bind()
    create_picture_search(connection)
    fill_picture_search(connection)


def downgrade() -> None:
    drop_picture_search(op.get_bind())
    op.create_index("ix_pictures_person_key", "pictures", ["person_key"], unique=False)
    op.drop_index("ix_pictures_person_key_created_at_id", table_name="pictures")
