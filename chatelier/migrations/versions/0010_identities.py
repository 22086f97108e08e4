"""Names that belong to one person, where people came in from, ended sessions, and when people were last seen."""

import sqlalchemy as sa
from alembic import op

from studio.parsing.name_folding import name_digest

revision = "0010"
down_revision = "0009"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("people", sa.Column("last_seen_at", TIME, nullable=True))
    op.execute(
        "UPDATE people SET last_seen_at ="
        " (SELECT MAX(created_at) FROM jobs WHERE jobs.person_key = people.key)"
    )
    names = op.create_table(
        "names",
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.Column("claimed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("platform", "community", "digest", "person_key", name=op.f("pk_names")),
    )
    op.create_index("ix_names_person_key", "names", ["person_key"], unique=False)
    op.create_table(
        "origins",
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.Column("origin", sa.String(length=80), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("arrived", sa.Boolean(), nullable=False),
        sa.Column("excused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person_key", "origin", name=op.f("pk_origins")),
    )
    op.create_index("ix_origins_origin", "origins", ["origin"], unique=False)
    op.create_index("ix_origins_seen_at", "origins", ["seen_at"], unique=False)
    op.create_table(
        "ended_sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("ended_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ended_sessions")),
    )
    op.create_index("ix_ended_sessions_ended_at", "ended_sessions", ["ended_at"], unique=False)
    _write_names_down(names)


def downgrade() -> None:
    for table in ("ended_sessions", "origins", "names"):
        op.drop_table(table)
    op.drop_column("people", "last_seen_at")


def _write_names_down(names: sa.Table) -> None:
    """People on the web keep the names that they have, also those that several have."""
    people = sa.table(
        "people",
        *(sa.column(column) for column in ("key", "platform", "community", "user_id", "display_name")),
        sa.column("first_seen_at", TIME),
    )
    query = sa.select(people).where(
        people.c.platform == "web",
        people.c.display_name != "",
        sa.not_(people.c.user_id.startswith("forgotten-")),
    )
    rows = [
        {
            "platform": row.platform,
            "community": row.community,
            "digest": name_digest(row.display_name),
            "person_key": row.key,
            "claimed_at": row.first_seen_at,
        }
        for row in op.get_bind().execute(query)
    ]
    if rows:
        op.bulk_insert(names, rows)
