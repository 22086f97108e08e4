"""A database of any size, filled by the database itself: one statement for each table copies a row many times."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Table, insert, text

from studio.clock import now
from studio.commands.registry import execute
from studio.commands.results import Accepted
from studio.commands.spec import Call
from studio.db.database import Database
from studio.db.tables import (
    DeliveryRow,
    JobRow,
    LedgerRow,
    OutboxRow,
    PersonRow,
    PictureRow,
    create_triggers,
    drop_triggers,
    fill_balances,
    fill_job_sources,
    fill_storage_use,
    fill_uploads,
)
from studio.db.tables.picture_search import (
    create_picture_search,
    drop_picture_search,
    fill_picture_search,
)
from studio.domain.jobs import JobState
from studio.domain.people import Address, Person, Platform, Role
from studio.domain.pictures import Recipe
from studio.domain.requests import Operation
from studio.domain.verdicts import ALLOWED
from studio.ports import Ports
from studio.serialization import to_data

PLACE = Address(platform=Platform.WEB, community="room", channel="main")
_SPAN = timedelta(days=28)
_FILLED = (JobRow, PictureRow, LedgerRow, DeliveryRow, OutboxRow)
_CACHE_KIB = 512 * 1024  # of SQLite, while it is filled
_MOST_EVENTS = 200_000  # the outbox keeps those of two days


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """`waiting` are queued, beside the `jobs` that are done with a picture each."""

    jobs: int
    waiting: int
    people: int


def person(number: int, *, moderator: bool = False) -> Person:
    roles = frozenset({Role.MEMBER, Role.MODERATOR} if moderator else {Role.MEMBER})
    name = f"p{number}"
    return Person(
        platform=PLACE.platform, community=PLACE.community, user_id=name, display_name=name, roles=roles
    )


def done_job(number: int) -> str:
    return f"d{number:011}"


def waiting_job(number: int) -> str:
    return f"q{number:011}"


def picture_file(number: int) -> str:
    return f"ab/{number:062}.png"


def fill(ports: Ports, size: Size) -> None:
    """Copies of one finished job over four weeks and all people; those that wait came within the last minute."""
    database = ports.database
    job_id = _paint_sample(ports)
    dialect = _SqliteTerms() if database.is_sqlite else _PostgresqlTerms()
    begin, at = now() - _SPAN, now()
    with database.begin_patiently() as connection, _without_indexes(connection):
        drop_triggers(connection)
        of_person = f"n - n / {size.people} * {size.people}"  # psycopg takes a percent sign for a parameter
        copy = _Copies(connection, dialect)
        key = dialect.join("'web:room:p'", of_person)
        copy.rows(
            PersonRow,
            f"key = '{person(0).key}'",
            count=size.people - 1,
            changed={
                "key": dialect.join("'web:room:p'", "n + 1"),
                "user_id": dialect.join("'p'", "n + 1"),
                "human": dialect.join("'web:room:p'", "n + 1"),
            },
        )
        step = _SPAN.total_seconds() / size.jobs
        time = dialect.time(begin, step)
        of_job = f"id = '{job_id}'"
        whose = {"person_key": key, "person": dialect.name(dialect.join("'p'", of_person))}
        done = {"id": dialect.pad("d"), "request_key": dialect.join("'done:'", "n"), **whose}
        times = dict.fromkeys(("created_at", "queued_at", "started_at", "ended_at"), time)
        copy.rows(JobRow, of_job, count=size.jobs, changed={**done, **times})
        waits = {
            "id": dialect.pad("q"),
            "request_key": dialect.join("'waiting:'", "n"),
            "state": f"'{JobState.QUEUED}'",
            "created_at": dialect.time(at - timedelta(minutes=1), 0.001),
            "queued_at": dialect.time(at - timedelta(minutes=1), 0.0),
            **dict.fromkeys(("started_at", "ended_at", "painting_seconds"), "NULL"),
        }
        copy.rows(JobRow, of_job, count=size.waiting, changed={**waits, **whose})
        picture = {
            "id": f"{dialect.pad('d')} || '.1'",
            "job_id": dialect.pad("d"),
            "person_key": key,
            "storage_key": f"'ab/' || {dialect.pad('', 62)} || '.png'",
            "thumbnail_key": f"'ab/' || {dialect.pad('', 62)} || '.webp'",
            "perceptual_hash": dialect.random_hash,
            "created_at": time,
        }
        copy.rows(PictureRow, f"job_id = '{job_id}'", count=size.jobs, changed=picture)
        entry = {
            "entry_key": f"{dialect.pad('d')} || ':reserve'",
            "job_id": dialect.pad("d"),
            "account": key,
            "person_key": key,
        }
        copy.rows(LedgerRow, f"entry_key = '{job_id}:reserve'", count=size.jobs, changed=entry)
        delivery = {"subject": dialect.pad("d"), "message": dialect.join("'m'", "n")}
        copy.rows(DeliveryRow, f"subject = '{job_id}'", count=size.jobs, changed=delivery)
        events = min(size.jobs, _MOST_EVENTS)
        copy.rows(OutboxRow, "kind = 'JobAccepted'", count=events, changed={"id": "n + 1000"})
        if not database.is_sqlite:
            connection.execute(text("SELECT setval('outbox_id_seq', (SELECT max(id) FROM outbox))"))
        fill_balances(connection)
        fill_job_sources(connection)
        fill_uploads(connection)
        fill_storage_use(connection)
        create_triggers(connection)
        if not database.is_sqlite:
            connection.execute(text("ANALYZE"))
    _settle(database)


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    """They are made at once afterwards: in rows that come one by one, each is a walk to another page."""
    usual = 0
    if connection.dialect.name == "sqlite":
        usual = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
        connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KIB}")
    tables = [cast("Table", model.__table__) for model in _FILLED]
    indexes = [index for table in tables for index in table.indexes if not index.unique]
    drop_picture_search(connection)
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)
    create_picture_search(connection)
    fill_picture_search(connection)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size = {usual}")


def _settle(database: Database) -> None:
    """What a running server does in the background, now: else the first queries pay for it."""
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")  # in no transaction
        else:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")


def _paint_sample(ports: Ports) -> str:
    """One job through the front door, ended with a picture that no model painted."""
    call = Call(person=person(0), address=PLACE, request_key="sample")
    asked: dict[str, object] = {"prompt": "a red fox in the snow, at dusk", "count": 1}
    accepted = execute(ports, call, "imagine", asked)
    assert isinstance(accepted, Accepted)  # noqa: S101 - what /imagine answers
    job_id = accepted.job_id
    at = now()
    with ports.database.begin() as session:
        row = session.get_one(JobRow, job_id)
        row.state, row.started_at, row.ended_at, row.painting_seconds = JobState.DONE, at, at, 3.0
        row.model = "thimble"
        session.add(
            PictureRow(
                id=f"{job_id}.1",
                job_id=job_id,
                position=1,
                person_key=row.person_key,
                recipe=to_data(_RECIPE),
                storage_key=f"00/{'0' * 62}.png",
                thumbnail_key=f"00/{'0' * 62}.webp",
                width=512,
                height=512,
                size_bytes=300_000,
                verdict=to_data(ALLOWED),
                created_at=at,
            )
        )
        session.flush()
        place = {"platform": PLACE.platform, "channel": PLACE.channel, "updated_at": at}
        session.execute(
            insert(DeliveryRow).values(kind="job", subject=job_id, message="m", final=True, **place)
        )
        session.execute(text("UPDATE outbox SET published_at = created_at"))
    return job_id


_RECIPE = Recipe(
    operation=Operation.IMAGINE,
    prompt="a red fox in the snow, at dusk",
    seed=1,
    steps=25,
    guidance_scale=5.0,
    width=512,
    height=512,
    model="thimble",
    model_hash="0" * 12,
    scheduler="ddim",
    software="bench",
)


class _SqliteTerms:
    series = (
        "(WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < {count})"
    )
    series += " SELECT n FROM counted) AS series"
    random_hash = "lower(hex(randomblob(32)))"

    def join(self, words: str, number: str) -> str:
        return f"({words} || ({number}))"

    def pad(self, prefix: str, digits: int = 11) -> str:
        return f"printf('{prefix}%0{digits}d', n)"

    def name(self, name: str) -> str:
        return f"json_set(sample.person, '$.user_id', {name})"

    def time(self, begin: datetime, step_seconds: float) -> str:
        start = begin.strftime("%Y-%m-%d %H:%M:%S.%f")
        after = f"'+' || printf('%.3f', n * {step_seconds:.9f}) || ' seconds'"
        return f"strftime('%Y-%m-%d %H:%M:%f', '{start}', {after}) || '000'"


class _PostgresqlTerms:
    series = "generate_series(0, {count} - 1) AS series(n)"
    random_hash = "md5(CAST(random() AS text)) || md5(CAST(random() AS text))"

    def join(self, words: str, number: str) -> str:
        return f"({words} || CAST({number} AS text))"

    def pad(self, prefix: str, digits: int = 11) -> str:
        return f"'{prefix}' || lpad(CAST(n AS text), {digits}, '0')"

    def name(self, name: str) -> str:
        return f"jsonb_set(sample.person, '{{user_id}}', to_jsonb({name}))"

    def time(self, begin: datetime, step_seconds: float) -> str:
        return f"CAST('{begin.isoformat()}' AS timestamptz) + n * {step_seconds:.9f} * interval '1 second'"


@dataclass(frozen=True)
class _Copies:
    connection: Connection
    terms: _SqliteTerms | _PostgresqlTerms

    def rows(self, model: Any, where: str, *, count: int, changed: dict[str, str]) -> None:
        """Copy the first row of a table that is `where`, `count` times; `changed` are expressions with the number n."""
        if count <= 0:
            return
        table: Table = model.__table__
        names = [column.name for column in table.columns]
        sample = f"(SELECT * FROM {table.name} WHERE {where} LIMIT 1) AS sample"  # noqa: S608 - names of tables
        values = ", ".join(changed.get(name, f'sample."{name}"') for name in names)
        columns = ", ".join(f'"{name}"' for name in names)
        series = self.terms.series.format(count=count)
        self.connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM {sample}, {series}"  # noqa: S608 - as above
        )


def shrink(size: Size, jobs: int) -> Size:
    """Fewer jobs, of which each person has a hundred: lists are as full as in the large database."""
    waiting = max(1, size.waiting * jobs // size.jobs)
    return replace(size, jobs=jobs, waiting=waiting, people=max(1, jobs // 100))
