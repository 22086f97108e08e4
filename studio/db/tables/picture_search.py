"""The full-text index over the words of pictures: their prompts and their owners' alternative texts.

PostgreSQL has it as a GIN index on an expression, so it always says what the rows say. SQLite has it as the FTS5 table
`picture_search`, which triggers on `pictures` keep current, whichever version of Chatelier writes; a deleted picture
is not in it. Neither is part of the metadata: FTS5 makes tables of its own. See https://sqlite.org/fts5.html.
"""

from sqlalchemy import Connection, MetaData, event

from studio.db.tables.columns import Base

# What separates words on both databases. PostgreSQL's parser would read "fox/dog" as the name of a file.
_SEPARATORS = ".,;:/\\-_@\"()[]{}<>!?&|+*=#~$^`''"
_BLANKS = " " * (len(_SEPARATORS) - 1)  # the quotation mark is doubled for SQL

POSTGRESQL_VECTOR = (
    "to_tsvector('simple'::regconfig, translate(coalesce(pictures.recipe ->> 'prompt', '') || ' ' ||"
    f" coalesce(pictures.alt_text, ''), '{_SEPARATORS}', '{_BLANKS}'))"
)

_INSERT = (
    "INSERT INTO picture_search (picture_id, words)"
    " SELECT {row}.id, coalesce(json_extract({row}.recipe, '$.prompt'), '') || ' ' || coalesce({row}.alt_text, '')"
    "{source} WHERE {row}.deleted_at IS NULL;"
)
# FTS5 finds a row by a phrase of an indexed column without reading the others.
_REMOVE = (
    "DELETE FROM picture_search WHERE rowid IN (SELECT rowid FROM picture_search"
    " WHERE picture_search MATCH 'picture_id : \"' || OLD.id || '\"' AND picture_id = OLD.id);"
)
_ADD = _INSERT.format(row="NEW", source="")
_TRIGGERS = {
    "picture_search_add": f"AFTER INSERT ON pictures BEGIN {_ADD} END",
    "picture_search_replace": (
        f"AFTER UPDATE OF id, recipe, alt_text, deleted_at ON pictures BEGIN {_REMOVE} {_ADD} END"
    ),
    "picture_search_remove": f"AFTER DELETE ON pictures BEGIN {_REMOVE} END",
}


def create_picture_search(connection: Connection) -> None:
    """What is missing of it. SQLite drops a table's triggers when a migration copies the table."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            f"CREATE INDEX IF NOT EXISTS ix_pictures_search ON pictures USING gin ({POSTGRESQL_VECTOR})"
        )
        return
    connection.exec_driver_sql(
        "CREATE VIRTUAL TABLE IF NOT EXISTS picture_search"
        " USING fts5(picture_id, words, tokenize = 'unicode61 remove_diacritics 0')"
    )
    for name, action in _TRIGGERS.items():
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {action}")


def fill_picture_search(connection: Connection) -> None:
    """Write it anew from the pictures that are there."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DELETE FROM picture_search")
        connection.exec_driver_sql(_INSERT.format(row="pictures", source=" FROM pictures"))


def drop_picture_search(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP INDEX ix_pictures_search")
        return
    for name in _TRIGGERS:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
    connection.exec_driver_sql("DROP TABLE picture_search")


@event.listens_for(Base.metadata, "after_create")
def _create_with_tables(metadata: MetaData, connection: Connection, **_: object) -> None:
    if "pictures" in metadata.tables:
        create_picture_search(connection)
