"""Cases, notices, strikes, blocked pictures; preferences, communities, linked identities, accounts of credits."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

TIME = sa.DateTime(timezone=True)
DATA = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _widen_what_is_there()
    _make_cases()
    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("case_id", sa.String(length=12), nullable=True),
        sa.Column("written_at", TIME, nullable=False),
        sa.Column("delivered_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_notices_person_key_people")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_notices_case_id_cases")),
    )
    op.create_index("ix_notices_person_key", "notices", ["person_key"], unique=False)
    op.create_table(
        "preferences",
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.Column("data", DATA, nullable=False),
        sa.PrimaryKeyConstraint("person_key", name=op.f("pk_preferences")),
        sa.ForeignKeyConstraint(
            ["person_key"], ["people.key"], name=op.f("fk_preferences_person_key_people")
        ),
    )
    op.create_table(
        "communities",
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("data", DATA, nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("platform", "community", name=op.f("pk_communities")),
    )
    op.create_table(
        "link_codes",
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_link_codes")),
        sa.ForeignKeyConstraint(["person_key"], ["people.key"], name=op.f("fk_link_codes_person_key_people")),
    )
    _make_consequences()


def downgrade() -> None:
    for table in (
        "blocked_pictures",
        "strikes",
        "link_codes",
        "communities",
        "preferences",
        "notices",
        "cases",
    ):
        op.drop_table(table)
    op.drop_index("ix_ledger_account_period", "ledger")
    op.drop_column("ledger", "account")
    for column in ("spoiler", "cleared", "policy_version", "refused_category", "refused_rule"):
        op.drop_column("jobs", column)
    op.drop_index("ix_people_human", "people")
    op.drop_column("people", "human")


def _widen_what_is_there() -> None:
    _add("people", sa.Column("human", sa.String(length=200), nullable=True), "key")
    op.create_index("ix_people_human", "people", ["human"], unique=False)
    _add("jobs", sa.Column("refused_rule", sa.String(length=64), nullable=True), "''")
    _add("jobs", sa.Column("refused_category", sa.String(length=64), nullable=True), "''")
    _add("jobs", sa.Column("policy_version", sa.String(length=12), nullable=True), "''")
    _add("jobs", sa.Column("cleared", sa.Boolean(), nullable=True), "false")
    _add("jobs", sa.Column("spoiler", sa.Boolean(), nullable=True), "false")
    _add("ledger", sa.Column("account", sa.String(length=220), nullable=True), "person_key")
    op.create_index("ix_ledger_account_period", "ledger", ["account", "period"], unique=False)


def _add(table: str, column: sa.Column[object], value: str) -> None:
    """Add a column that may not be null, with what the rows that are there hold in it."""
    op.add_column(table, column)
    op.execute(f"UPDATE {table} SET {column.name} = {value}")  # noqa: S608 - both are written above
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column.name, existing_type=column.type, nullable=False)


def _make_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("case_key", sa.String(length=220), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("filed_by", sa.String(length=200), nullable=True),
        sa.Column("addressee", sa.String(length=200), nullable=True),
        sa.Column("job_id", sa.String(length=12), nullable=True),
        sa.Column("picture_id", sa.String(length=16), nullable=True),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("claimed_by", sa.String(length=200), nullable=True),
        sa.Column("claimed_until", TIME, nullable=True),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=True),
        sa.Column("message", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("case_key", name=op.f("uq_cases_case_key")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_cases_job_id_jobs")),
    )
    op.create_index("ix_cases_job_id", "cases", ["job_id"], unique=False)
    op.create_index(
        "ix_cases_platform_community_state", "cases", ["platform", "community", "state"], unique=False
    )
    op.create_index("ix_cases_subject", "cases", ["subject"], unique=False)


def _make_consequences() -> None:
    op.create_table(
        "strikes",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("person_key", sa.String(length=200), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("case_id", sa.String(length=12), nullable=True),
        sa.Column("job_id", sa.String(length=12), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("overturned_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_strikes")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_strikes_case_id_cases")),
    )
    for column in ("person_key", "case_id", "job_id"):
        op.create_index(f"ix_strikes_{column}", "strikes", [column], unique=False)
    op.create_table(
        "blocked_pictures",
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=12), nullable=True),
        sa.Column("blocked_by", sa.String(length=200), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("platform", "community", "fingerprint", name=op.f("pk_blocked_pictures")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_blocked_pictures_case_id_cases")),
    )
