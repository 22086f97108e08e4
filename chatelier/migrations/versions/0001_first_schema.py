"""The first schema: bans, outbox, people, jobs, deliveries, ledger, pictures, lineage, stars."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)
DATA = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "bans",
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.Column("until", TIME, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("banned_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("person_key", name=op.f("pk_bans")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("payload", DATA, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("published_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_published_at", "outbox", ["published_at"], unique=False)
    op.create_table(
        "people",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=100), nullable=False),
        sa.Column("first_seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_people")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("request_key", sa.String(length=200), nullable=False),
        sa.Column("command", sa.String(length=32), nullable=False),
        sa.Column("request", DATA, nullable=False),
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.Column("person", DATA, nullable=False),
        sa.Column("address", DATA, nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("queued_at", TIME, nullable=True),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("lease_owner", sa.String(length=100), nullable=True),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("error_code", sa.String(length=32), nullable=True),
        sa.Column("error_text", sa.Text(), nullable=True),
        sa.Column("grid_key", sa.String(length=120), nullable=True),
        sa.Column("painting_seconds", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_jobs_person_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("request_key", name=op.f("uq_jobs_request_key")),
    )
    op.create_index("ix_jobs_person_key_state", "jobs", ["person_key", "state"], unique=False)
    op.create_index(
        "ix_jobs_platform_community_created_at", "jobs", ["platform", "community", "created_at"], unique=False
    )
    op.create_index("ix_jobs_state_lease_until", "jobs", ["state", "lease_until"], unique=False)
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
        "ledger",
        sa.Column("entry_key", sa.String(length=220), nullable=False),
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=12), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_ledger_job_id")),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_ledger_person_key")),
        sa.PrimaryKeyConstraint("entry_key", name=op.f("pk_ledger")),
    )
    op.create_index(op.f("ix_ledger_job_id"), "ledger", ["job_id"], unique=False)
    op.create_index("ix_ledger_person_key_period", "ledger", ["person_key", "period"], unique=False)
    op.create_table(
        "pictures",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("job_id", sa.String(length=12), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.Column("recipe", DATA, nullable=False),
        sa.Column("storage_key", sa.String(length=120), nullable=False),
        sa.Column("thumbnail_key", sa.String(length=120), nullable=False),
        sa.Column("perceptual_hash", sa.String(length=64), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("verdict", DATA, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_pictures_job_id")),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_pictures_person_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
    )
    op.create_index("ix_pictures_job_id_position", "pictures", ["job_id", "position"], unique=True)
    op.create_index(op.f("ix_pictures_storage_key"), "pictures", ["storage_key"], unique=False)
    op.create_table(
        "lineage",
        sa.Column("child", sa.String(length=16), nullable=False),
        sa.Column("parent", sa.String(length=16), nullable=False),
        sa.Column("operation", sa.String(length=16), nullable=False),
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["child"], ["pictures.id"], name=op.f("fk_lineage_child")),
        sa.ForeignKeyConstraint(["parent"], ["pictures.id"], name=op.f("fk_lineage_parent")),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_lineage_person_key")),
        sa.PrimaryKeyConstraint("child", "parent", name=op.f("pk_lineage")),
    )
    op.create_index(op.f("ix_lineage_parent"), "lineage", ["parent"], unique=False)
    op.create_table(
        "stars",
        sa.Column("picture_id", sa.String(length=16), nullable=False),
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_stars_person_key")),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"], name=op.f("fk_stars_picture_id")),
        sa.PrimaryKeyConstraint("picture_id", "person_key", name=op.f("pk_stars")),
    )


def downgrade() -> None:
    for table in ("stars", "lineage", "pictures", "ledger", "deliveries", "jobs", "people", "outbox", "bans"):
        op.drop_table(table)
