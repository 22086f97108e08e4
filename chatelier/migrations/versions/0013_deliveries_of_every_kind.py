"""One table for the messages of jobs, cases and starred pictures: by kind and subject, with the claims to send them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.drop_index("ix_deliveries_message", "deliveries")
    _rename("deliveries", "job_deliveries")
    op.create_table(
        "deliveries",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("thread", sa.String(length=64), nullable=True),
        sa.Column("claimed_until", TIME, nullable=True),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_deliveries")),
    )
    op.create_index("ix_deliveries_message", "deliveries", ["message"], unique=False)
    _carry_over_jobs()
    _carry_over_showcases()
    _carry_over_cases()
    op.drop_table("job_deliveries")
    op.drop_table("showcases")
    op.drop_column("cases", "message")
    op.drop_column("cases", "channel")


def _carry_over_jobs() -> None:
    """A message that was being sent keeps its claim, which ended with the process that had it."""
    thread = "jobs.address ->> 'thread'"
    if op.get_bind().dialect.name == "sqlite":  # its versions before 3.38 have no such operator
        thread = "json_extract(jobs.address, '$.thread')"
    op.execute(
        "INSERT INTO deliveries"  # noqa: S608 - written above
        " (kind, subject, platform, channel, message, thread, claimed_until, final, updated_at)"
        f" SELECT 'job', job_id, jobs.platform, channel, message, {thread},"
        " CASE WHEN message = '' AND NOT final THEN updated_at END, final, updated_at"
        " FROM job_deliveries JOIN jobs ON jobs.id = job_id"
    )


def _carry_over_showcases() -> None:
    op.execute(
        "INSERT INTO deliveries (kind, subject, platform, channel, message, claimed_until, final, updated_at)"
        " SELECT 'starboard', picture_id, jobs.platform, channel, message,"
        " CASE WHEN message = '' THEN updated_at END, false, updated_at"
        " FROM showcases JOIN pictures ON pictures.id = picture_id JOIN jobs ON jobs.id = pictures.job_id"
    )


def _carry_over_cases() -> None:
    """A message that was being sent had ``sending:`` and a time in place of its id."""
    op.execute(
        "INSERT INTO deliveries (kind, subject, platform, channel, message, claimed_until, final, updated_at)"
        " SELECT CASE WHEN addressee IS NULL THEN 'case' ELSE 'question' END, id, platform,"
        " COALESCE(channel, ''), CASE WHEN message LIKE 'sending:%' THEN '' ELSE message END,"
        " CASE WHEN message LIKE 'sending:%' THEN opened_at END, state = 'closed',"
        " COALESCE(decided_at, opened_at) FROM cases WHERE message IS NOT NULL"
    )


def downgrade() -> None:
    op.add_column("cases", sa.Column("channel", sa.String(length=64), nullable=True))
    op.add_column("cases", sa.Column("message", sa.String(length=64), nullable=True))
    for column in ("channel", "message"):
        op.execute(
            f"UPDATE cases SET {column} = (SELECT {column} FROM deliveries WHERE subject = cases.id"  # noqa: S608
            f" AND kind IN ('case', 'question') AND deliveries.message <> '')"
        )
    op.drop_index("ix_deliveries_message", "deliveries")
    _rename("deliveries", "all_deliveries")
    _make_former_tables()
    op.execute(
        "INSERT INTO deliveries (job_id, channel, message, final, updated_at)"
        " SELECT subject, channel, message, final, updated_at FROM all_deliveries WHERE kind = 'job'"
    )
    op.execute(
        "INSERT INTO showcases (picture_id, channel, message, updated_at)"
        " SELECT subject, channel, message, updated_at FROM all_deliveries WHERE kind = 'starboard'"
    )
    op.drop_table("all_deliveries")


def _make_former_tables() -> None:
    op.create_table(
        "deliveries",
        sa.Column("job_id", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_deliveries_job_id")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_deliveries")),
    )
    op.create_index("ix_deliveries_message", "deliveries", ["message"], unique=False)
    op.create_table(
        "showcases",
        sa.Column("picture_id", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("picture_id", name=op.f("pk_showcases")),
        sa.ForeignKeyConstraint(
            ["picture_id"], ["pictures.id"], name=op.f("fk_showcases_picture_id_pictures")
        ),
    )


def _rename(table: str, new: str) -> None:
    """Out of the way of another of the same name. PostgreSQL would keep the name of the primary key."""
    op.rename_table(table, new)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT pk_{table} TO pk_{new}")
