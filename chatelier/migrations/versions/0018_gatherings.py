"""Shared games, with the jobs that belong to them, and trays of collected pictures."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0016"

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KEY = sa.String(length=200)
GATHERING = sa.String(length=12)


def upgrade() -> None:
    op.create_table(
        "gatherings",
        sa.Column("id", GATHERING, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("thread", sa.String(length=64), nullable=True),
        sa.Column("address", JSON, nullable=False),
        sa.Column("host", KEY, nullable=False),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("phase_ends_at", TIME, nullable=True),
        sa.Column("seconds_left", sa.Double(), nullable=True),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("parent_id", GATHERING, nullable=True),
        _refers("gatherings", "host", "people.key"),
        _refers("gatherings", "parent_id", "gatherings.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gatherings")),
    )
    _index("gatherings", "closed_at", "phase_ends_at")
    _index("gatherings", "platform", "community", "closed_at")
    _create_parts()
    _create_people()
    op.create_table(
        "collected_pictures",
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("item", sa.String(length=120), nullable=False),
        sa.Column("source", JSON, nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        _refers("collected_pictures", "person_key", "people.key"),
        sa.PrimaryKeyConstraint("person_key", "item", name=op.f("pk_collected_pictures")),
    )
    op.add_column("jobs", sa.Column("gathering", GATHERING, nullable=True))
    op.add_column("jobs", sa.Column("part", sa.Integer(), nullable=True))
    op.add_column(
        "jobs", sa.Column("visibility", sa.String(length=16), server_default="listed", nullable=False)
    )
    _index("jobs", "gathering")


def _create_parts() -> None:
    op.create_table(
        "gathering_parts",
        sa.Column("gathering", GATHERING, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("person_key", KEY, nullable=True),
        sa.Column("human", KEY, nullable=True),
        sa.Column("job", sa.String(length=12), nullable=True),
        sa.Column("picture", sa.String(length=16), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("claimed_at", TIME, nullable=True),
        sa.Column("deadline", TIME, nullable=True),
        sa.Column("seconds_left", sa.Double(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("showings", sa.Integer(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        _refers("gathering_parts", "gathering", "gatherings.id"),
        _refers("gathering_parts", "person_key", "people.key"),
        _refers("gathering_parts", "job", "jobs.id"),
        _refers("gathering_parts", "picture", "pictures.id"),
        sa.PrimaryKeyConstraint("gathering", "ordinal", name=op.f("pk_gathering_parts")),
    )
    _index("gathering_parts", "state", "deadline")
    for column in ("human", "job", "picture"):
        _index("gathering_parts", column)


def _create_people() -> None:
    op.create_table(
        "gathering_members",
        sa.Column("gathering", GATHERING, nullable=False),
        sa.Column("human", KEY, nullable=False),
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("joined_at", TIME, nullable=False),
        sa.Column("left_at", TIME, nullable=True),
        _refers("gathering_members", "gathering", "gatherings.id"),
        _refers("gathering_members", "person_key", "people.key"),
        sa.PrimaryKeyConstraint("gathering", "human", name=op.f("pk_gathering_members")),
    )
    op.create_table(
        "ballots",
        sa.Column("gathering", GATHERING, nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("human", KEY, nullable=False),
        sa.Column("choice", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        _refers("ballots", "gathering", "gatherings.id"),
        _refers("ballots", "person_key", "people.key"),
        sa.PrimaryKeyConstraint("gathering", "round", "human", "choice", name=op.f("pk_ballots")),
    )
    _index("ballots", "human")


def downgrade() -> None:
    op.drop_index("ix_jobs_gathering", table_name="jobs")
    for column in ("visibility", "part", "gathering"):
        op.drop_column("jobs", column)
    for table in ("collected_pictures", "ballots", "gathering_members", "gathering_parts", "gatherings"):
        op.drop_table(table)


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns), unique=False)
