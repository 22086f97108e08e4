"""Run by Alembic inside the transaction that `chatelier.runtime.db_schema` opened and hands over."""

from alembic import context

import bots.slack.db_tables  # noqa: F401 - they join the studio's tables
import moderation.records.tables  # noqa: F401 - they join the studio's tables
import studio.db.tables  # noqa: F401 - the studio's tables
from studio.db.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
