"""The database schema's history. `chatelier.runtime.db_schema` applies it; nothing here needs an alembic.ini."""

from pathlib import Path

HEAD = "0039"  # the newest revision, so that a front end need not load Alembic to see whether it is there

# The oldest version, by its newest revision, whose processes may go on with this schema while they are replaced. Raise
# it to a migration's own number when that takes away or narrows what an earlier version reads or writes.
OLDEST_READER = "0038"


def known_revisions() -> frozenset[str]:
    """Every revision that this version can upgrade from, by the names of the files: Alembic is slow to load."""
    return frozenset(path.name[:4] for path in Path(__file__).with_name("versions").glob("[0-9]*.py"))
