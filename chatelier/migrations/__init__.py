"""The database schema's history. `chatelier.runtime.db_schema` applies it; nothing here needs an alembic.ini."""

from pathlib import Path

HEAD = "0038"  # the newest revision, so that a front end need not load Alembic to see whether it is there


def known_revisions() -> frozenset[str]:
    """Every revision that this version can upgrade from, by the names of the files: Alembic is slow to load."""
    return frozenset(path.name[:4] for path in Path(__file__).with_name("versions").glob("[0-9]*.py"))
