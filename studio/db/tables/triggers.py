"""Triggers that keep three tables current, whichever version of Chatelier writes.

An older version that runs beside this one during an upgrade does not know these tables, and an account may be renamed
by a plain UPDATE. So the database itself adds each entry of the ledger to its sum in `balances`, lists in `job_sources`
the files that a job's request starts from, and counts in `storage_use` what the pictures take that are not deleted.
`fill_*` write them anew from what is there, for migrations and repairs.
"""

from sqlalchemy import Connection, MetaData, event, text

from studio.db.tables.columns import Base

_ADD = (
    "INSERT INTO balances (account, period, kind, amount)"
    " VALUES ({row}.account, {row}.period, {row}.kind, {sign}{row}.amount)"
    " ON CONFLICT (account, period, kind) DO UPDATE SET amount = balances.amount + excluded.amount;"
)
_DROP_EMPTY = (
    " DELETE FROM balances WHERE account = OLD.account AND period = OLD.period AND kind = OLD.kind"
    " AND amount = 0;"
)
_NEW, _OLD = _ADD.format(row="NEW", sign=""), _ADD.format(row="OLD", sign="-") + _DROP_EMPTY

_FORGET_SOURCES = "DELETE FROM job_sources WHERE job_id = OLD.id; "
# One row for each file, the mask's too. `{job}` is a row of jobs, `{tables}` what it has to be read from.
_SOURCES = (
    "INSERT INTO job_sources (job_id, position, part, file_key, picture_id)"
    " SELECT {job}.id, source.place, part.name, "
)
_SQLITE_SOURCES = (
    _SOURCES.replace("source.place", "source.key").replace("part.name", "part.value")
    + "json_extract(source.value, '$.' || part.value), json_extract(source.value, '$.picture_id')"
    " FROM {tables}json_each({job}.request, '$.sources') AS source,"
    """ json_each('["key", "mask_key"]') AS part"""
    " WHERE source.type = 'object' AND json_extract(source.value, '$.' || part.value) <> '';"
)
_POSTGRESQL_SOURCES = (
    _SOURCES.replace("source.place", "source.place - 1")
    + "source.value ->> part.name, source.value ->> 'picture_id'"
    " FROM {tables}jsonb_array_elements(CASE jsonb_typeof({job}.request -> 'sources')"
    " WHEN 'array' THEN {job}.request -> 'sources' ELSE '[]' END) WITH ORDINALITY AS source (value, place),"
    " (VALUES ('key'), ('mask_key')) AS part (name)"
    " WHERE jsonb_typeof(source.value) = 'object' AND source.value ->> part.name <> '';"
)
_ON_LEDGER = {
    "balances_add": ("AFTER INSERT ON ledger", "WHEN (NEW.amount <> 0) ", _NEW),
    "balances_move": ("AFTER UPDATE OF account, period, kind, amount ON ledger", "", f"{_OLD} {_NEW}"),
    "balances_take": ("AFTER DELETE ON ledger", "", _OLD),
}
_COUNT = (
    "INSERT INTO storage_use (owner, size_bytes, pictures)"
    " SELECT {{owner}}, {sign}{row}.size_bytes, {sign}1{{source}} WHERE {row}.deleted_at IS NULL{{of}}"
    " ON CONFLICT (owner) DO UPDATE SET size_bytes = storage_use.size_bytes + excluded.size_bytes,"
    " pictures = storage_use.pictures + excluded.pictures;"
)
_COMMUNITY = "'community:' || jobs.platform || ':' || jobs.community"


def _count(row: str, sign: str) -> str:
    """For the person first, then for the community: always in this order, or two could wait for each other."""
    count = _COUNT.format(row=row, sign=sign)
    of_person = count.format(owner=f"{row}.person_key", source="", of="")
    return of_person + count.format(owner=_COMMUNITY, source=" FROM jobs", of=f" AND jobs.id = {row}.job_id")


_DROP_UNUSED = " DELETE FROM storage_use WHERE owner = OLD.person_key AND pictures = 0;"
_COUNTED, _UNCOUNTED = _count("NEW", ""), _count("OLD", "-")
_ON_PICTURES = {
    "storage_use_add": ("AFTER INSERT ON pictures", "", _COUNTED),
    "storage_use_move": (
        "AFTER UPDATE OF deleted_at, person_key, size_bytes ON pictures",
        "",
        f"{_UNCOUNTED} {_COUNTED} {_DROP_UNUSED}",
    ),
}
_FILL_STORAGE_USE = (
    "INSERT INTO storage_use (owner, size_bytes, pictures)"
    " SELECT {owner}, sum(size_bytes), count(*) FROM pictures JOIN jobs ON jobs.id = pictures.job_id"
    " WHERE pictures.deleted_at IS NULL GROUP BY {owner}"
)
_FILL_BALANCES = (
    "INSERT INTO balances (account, period, kind, amount)"
    " SELECT account, period, kind, sum(amount) FROM ledger GROUP BY account, period, kind"
    " HAVING sum(amount) <> 0"
)


def create_triggers(connection: Connection) -> None:
    """Anew, also where some are there: SQLite drops a table's triggers when a migration copies the table."""
    drop_triggers(connection)
    for name, (moment, condition, body) in _triggers(connection).items():
        if _is_postgresql(connection):
            function = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            connection.exec_driver_sql(f"{function}$$ BEGIN {body} RETURN NULL; END $$")
            action = f"EXECUTE FUNCTION {name}()"
        else:
            action = f"BEGIN {body} END"
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {moment} FOR EACH ROW {condition}{action}")


def drop_triggers(connection: Connection) -> None:
    for name, (moment, _, _) in _triggers(connection).items():
        on_table = f" ON {moment.split()[-1]}" if _is_postgresql(connection) else ""
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def _triggers(connection: Connection) -> dict[str, tuple[str, str, str]]:
    """By name: when it runs, on what condition, and what it does."""
    fill = _sources(connection, job="NEW")
    return (
        _ON_LEDGER
        | _ON_PICTURES
        | {
            "job_sources_add": ("AFTER INSERT ON jobs", "", fill),
            "job_sources_replace": ("AFTER UPDATE OF request ON jobs", "", _FORGET_SOURCES + fill),
        }
    )


def _sources(connection: Connection, *, job: str, tables: str = "") -> str:
    of_database = _POSTGRESQL_SOURCES if _is_postgresql(connection) else _SQLITE_SOURCES
    return of_database.format(job=job, tables=tables)


def fill_balances(connection: Connection) -> None:
    """Write the sums anew from the ledger."""
    connection.execute(text("DELETE FROM balances"))
    connection.execute(text(_FILL_BALANCES))


def fill_storage_use(connection: Connection) -> None:
    """Count what pictures take anew."""
    connection.execute(text("DELETE FROM storage_use"))
    for owner in ("pictures.person_key", _COMMUNITY):
        connection.exec_driver_sql(_FILL_STORAGE_USE.format(owner=owner))


def fill_job_sources(connection: Connection) -> None:
    """Write the files that jobs start from anew, from their requests."""
    connection.execute(text("DELETE FROM job_sources"))
    connection.exec_driver_sql(_sources(connection, job="jobs", tables="jobs, "))


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


@event.listens_for(Base.metadata, "after_create")
def _create_with_tables(metadata: MetaData, connection: Connection, **_: object) -> None:
    if {"balances", "job_sources", "storage_use"} <= set(metadata.tables):
        create_triggers(connection)
