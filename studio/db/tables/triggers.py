"""Triggers that keep four tables current, whichever version of Chatelier writes.

An older version that runs beside this one during an upgrade does not know these tables, and an account may be renamed
by a plain UPDATE. So the database itself adds each entry of the ledger to its sum in `balances`, lists in `job_sources`
the files that a job's request starts from and in `uploads` those that people attached, and counts in `storage_use` what
pictures and uploads take that are not deleted.
`fill_*` write them anew from what is there, for migrations and repairs.
"""

from sqlalchemy import Connection, MetaData, event, inspect, text

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
# A request is written again without its words, or with them: its files were not attached anew by that.
_SOURCES_DIFFER = {
    "sqlite": "WHEN (json_extract(OLD.request, '$.sources') IS NOT json_extract(NEW.request, '$.sources')) ",
    "postgresql": "WHEN ((OLD.request -> 'sources') IS DISTINCT FROM (NEW.request -> 'sources')) ",
}
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


_DROP_UNUSED = " DELETE FROM storage_use WHERE owner = OLD.person_key AND pictures = 0 AND size_bytes = 0;"
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
    " SELECT owner, sum(size_bytes), sum(pictures) FROM ({parts}) AS part GROUP BY owner"
)
_USED_BY_PICTURES = (
    "SELECT {owner} AS owner, pictures.size_bytes AS size_bytes, 1 AS pictures"
    " FROM pictures JOIN jobs ON jobs.id = pictures.job_id WHERE pictures.deleted_at IS NULL"
)
_USED_BY_UPLOADS = (
    "SELECT {owner} AS owner, size_bytes, 0 AS pictures FROM uploads WHERE uploads.deleted_at IS NULL"
)

# Commands that start again from what somebody attached to an earlier request bring nothing along.
_BRINGS = "{source}.picture_id IS NULL AND {source}.part = 'key'"
_BROUGHT_BY = "{job}.command NOT IN ('reroll', 'fullsize')"
_BROUGHT = _BROUGHT_BY.format(job="jobs")
_SQLITE_SIZE = "json_extract(jobs.request, '$.sources[' || {source}.position || '].size_bytes')"
_POSTGRESQL_SIZE = "(jobs.request #>> ARRAY['sources', {source}.position::text, 'size_bytes'])::bigint"
# Rows of the person alone: what other people's files take is never counted with it, whose sums others may hold.
_ADD_UPLOAD = (
    "INSERT INTO uploads (file_key, person_key, platform, community, size_bytes, used_at)"
    " SELECT NEW.file_key, jobs.person_key, jobs.platform, jobs.community, coalesce({size}, 0), jobs.created_at"
    " FROM jobs WHERE jobs.id = NEW.job_id AND {brought} AND {brings}"
    " ON CONFLICT (file_key, person_key) DO UPDATE SET deleted_at = NULL,"
    " size_bytes = CASE WHEN excluded.size_bytes > uploads.size_bytes"
    " THEN excluded.size_bytes ELSE uploads.size_bytes END,"
    " used_at = CASE WHEN excluded.used_at > uploads.used_at THEN excluded.used_at ELSE uploads.used_at END;"
)
# The last row of a file stays while a repeated request names it, so that somebody's quota counts it until it goes.
_TAKE_UPLOAD = (
    "DELETE FROM uploads WHERE file_key = OLD.file_key AND {brings}"
    " AND person_key = (SELECT person_key FROM jobs WHERE jobs.id = OLD.job_id)"
    " AND NOT EXISTS (SELECT 1 FROM job_sources JOIN jobs ON jobs.id = job_sources.job_id"
    " WHERE job_sources.file_key = OLD.file_key AND {brings_too} AND {brought}"
    " AND jobs.person_key = uploads.person_key)"
    " AND (EXISTS (SELECT 1 FROM uploads AS other WHERE other.file_key = OLD.file_key"
    " AND other.person_key <> uploads.person_key AND other.deleted_at IS NULL)"
    " OR NOT EXISTS (SELECT 1 FROM job_sources WHERE job_sources.file_key = OLD.file_key AND {brings_too}));"
)
_UPLOAD_OWNERS = ("{row}.person_key", "'community:' || {row}.platform || ':' || {row}.community")


def _count_upload(row: str, sign: str) -> str:
    """As of pictures: for the person first, then for the community."""
    return " ".join(
        "INSERT INTO storage_use (owner, size_bytes, pictures)"
        f" SELECT {owner.format(row=row)}, {sign}{row}.size_bytes, 0 WHERE {row}.deleted_at IS NULL"
        " ON CONFLICT (owner) DO UPDATE SET size_bytes = storage_use.size_bytes + excluded.size_bytes;"
        for owner in _UPLOAD_OWNERS
    )


_UPLOAD_COUNTED, _UPLOAD_UNCOUNTED = _count_upload("NEW", ""), _count_upload("OLD", "-")
_ON_UPLOADS = {
    "uploads_use_add": ("AFTER INSERT ON uploads", "", _UPLOAD_COUNTED),
    "uploads_use_move": (
        "AFTER UPDATE OF deleted_at, person_key, size_bytes ON uploads",
        "WHEN ((OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL) OR OLD.person_key <> NEW.person_key"
        " OR OLD.size_bytes <> NEW.size_bytes) ",
        f"{_UPLOAD_UNCOUNTED} {_UPLOAD_COUNTED} {_DROP_UNUSED}",
    ),
    "uploads_use_take": ("AFTER DELETE ON uploads", "", f"{_UPLOAD_UNCOUNTED} {_DROP_UNUSED}"),
}
_FILL_UPLOADS = (
    "INSERT INTO uploads (file_key, person_key, platform, community, size_bytes, used_at)"
    " SELECT job_sources.file_key, jobs.person_key, min(jobs.platform), min(jobs.community),"
    " max(coalesce({size}, 0)), max(jobs.created_at)"
    " FROM job_sources JOIN jobs ON jobs.id = job_sources.job_id"
    " WHERE {brings} AND ({brought} OR NOT EXISTS (SELECT 1 FROM job_sources AS first"
    " JOIN jobs AS asked ON asked.id = first.job_id WHERE first.file_key = job_sources.file_key"
    " AND first.picture_id IS NULL AND first.part = 'key' AND {brought_first}))"
    " GROUP BY job_sources.file_key, jobs.person_key"
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
            "job_sources_replace": (
                "AFTER UPDATE OF request ON jobs",
                _SOURCES_DIFFER[connection.dialect.name],
                _FORGET_SOURCES + fill,
            ),
        }
        | (_upload_triggers(connection) if _has_uploads(connection) else {})
    )


def _upload_triggers(connection: Connection) -> dict[str, tuple[str, str, str]]:
    new, old, other = (_BRINGS.format(source=source) for source in ("NEW", "OLD", "job_sources"))
    add = _ADD_UPLOAD.format(size=_size(connection, "NEW"), brings=new, brought=_BROUGHT)
    take = _TAKE_UPLOAD.format(brings=old, brings_too=other, brought=_BROUGHT)
    return _ON_UPLOADS | {
        "uploads_add": ("AFTER INSERT ON job_sources", "", add),
        "uploads_take": ("AFTER DELETE ON job_sources", "", take),
    }


def _has_uploads(connection: Connection) -> bool:
    """Not before migration 0039."""
    return inspect(connection).has_table("uploads")


def _size(connection: Connection, source: str) -> str:
    return (_POSTGRESQL_SIZE if _is_postgresql(connection) else _SQLITE_SIZE).format(source=source)


def _sources(connection: Connection, *, job: str, tables: str = "") -> str:
    of_database = _POSTGRESQL_SOURCES if _is_postgresql(connection) else _SQLITE_SOURCES
    return of_database.format(job=job, tables=tables)


def fill_balances(connection: Connection) -> None:
    """Write the sums anew from the ledger."""
    connection.execute(text("DELETE FROM balances"))
    connection.execute(text(_FILL_BALANCES))


def fill_storage_use(connection: Connection) -> None:
    """Count what pictures and uploads take anew."""
    connection.execute(text("DELETE FROM storage_use"))
    parts = [_USED_BY_PICTURES.format(owner=owner) for owner in ("pictures.person_key", _COMMUNITY)]
    if _has_uploads(connection):
        owners = [owner.format(row="uploads") for owner in _UPLOAD_OWNERS]
        parts += [_USED_BY_UPLOADS.format(owner=owner) for owner in owners]
    connection.exec_driver_sql(_FILL_STORAGE_USE.format(parts=" UNION ALL ".join(parts)))


def fill_uploads(connection: Connection) -> None:
    """Write the files that people attached anew, from `job_sources`, while there are no triggers.

    Those that only repeated requests name are of who repeated them. `fill_storage_use` counts them then.
    """
    connection.execute(text("DELETE FROM uploads"))
    brings = _BRINGS.format(source="job_sources")
    first = _BROUGHT_BY.format(job="asked")
    size = _size(connection, "job_sources")
    fill = _FILL_UPLOADS.format(size=size, brings=brings, brought=_BROUGHT, brought_first=first)
    connection.exec_driver_sql(fill)


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
