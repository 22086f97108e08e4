"""The database schema's history. `chatelier.schema` applies it; nothing here needs an alembic.ini."""

HEAD = "0011"  # the newest revision, so that a face need not load Alembic to see whether it is there
