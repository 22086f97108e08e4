"""What each reporter from outside says, who they are and what they state, beside the first one's words in the case."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    for name, kind, default in (
        ("words", sa.Text(), ""),
        ("reporter", sa.String(100), ""),
        ("good_faith", sa.Boolean(), sa.false()),
    ):
        op.add_column("outside_reports", sa.Column(name, kind, nullable=False, server_default=default))


def downgrade() -> None:
    for name in ("good_faith", "reporter", "words"):
        op.drop_column("outside_reports", name)
