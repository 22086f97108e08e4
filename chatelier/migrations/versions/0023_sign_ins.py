"""Ways to sign in to the web front end again."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("subject", sa.String(500), nullable=False),
        sa.Column("person_key", sa.String(200), sa.ForeignKey("people.key"), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("invite", sa.String(64), nullable=False),
        sa.Column("moderator", sa.Boolean(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_index("ix_sign_ins_person_key", "sign_ins", ["person_key"])


def downgrade() -> None:
    op.drop_table("sign_ins")
