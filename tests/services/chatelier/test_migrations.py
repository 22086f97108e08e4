"""The database's schema: made by migrations, exactly what the tables say, once, whoever asks first."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, func, inspect, select, text, update
from sqlalchemy import types as sql

from chatelier.migrations import HEAD
from chatelier.runtime import db_schema
from moderation.records import audit_log
from studio.db.database import Database
from studio.db.identities.display_names import claim, find_holders
from studio.db.identities.people import find_named
from studio.db.running_sums.balance_check import find_wrong_balances
from studio.db.tables import Base, DeliveryRow, PictureRow
from studio.domain.people import Person, Platform
from studio.errors import AmbiguousNameError, ConfigurationError, DatabaseUnavailableError
from studio.services.gallery.picture_list import matches
from tests.conftest import free_port

SCRIPTS = ScriptDirectory(str(Path(db_schema.__file__).parents[1] / "migrations"))
REVISIONS = sorted(script.revision for script in SCRIPTS.walk_revisions())


@pytest.fixture
def database(bare_database_url: str) -> Any:
    opened = Database(bare_database_url)
    yield opened
    opened.close()


def test_the_migrated_schema_is_what_the_tables_say(database: Database) -> None:
    db_schema.upgrade(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "compare_server_default": True, "include_name": is_described},
        )
        assert compare_metadata(context, Base.metadata) == []


def is_described(name: str | None, kind: str, _parents: object) -> bool:
    """The full-text index is not in the metadata: see `studio.db.tables.picture_search`."""
    return not str(name).startswith(("picture_search", "ix_pictures_search"))


def test_every_index_and_unique_rule_is_there(database: Database) -> None:
    db_schema.upgrade(database)
    found = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        wanted = {
            (index.name, tuple(column.name for column in index.columns), index.unique)
            for index in table.indexes
        }
        there = {
            (index["name"], tuple(index["column_names"]), bool(index["unique"]))
            for index in found.get_indexes(table.name)
            if not index.get("duplicates_constraint") and is_described(index["name"], "index", None)
        }
        assert there == wanted
        assert set(found.get_pk_constraint(table.name)["constrained_columns"]) == {
            column.name for column in table.primary_key.columns
        }


def test_an_upgrade_of_an_upgraded_database_does_nothing(database: Database) -> None:
    assert db_schema.upgrade(database) == (None, HEAD)
    assert db_schema.upgrade(database) == (HEAD, HEAD)


def test_of_many_that_start_at_once_one_upgrades(bare_database_url: str) -> None:
    databases = [Database(bare_database_url) for _ in range(6)]
    with ThreadPoolExecutor(len(databases)) as pool:
        results = list(pool.map(db_schema.upgrade, databases))
    assert sorted(str(before) for before, _ in results) == [HEAD] * 5 + ["None"]
    for database in databases:
        database.close()


def test_an_upgrade_waits_longer_for_another_than_a_request_would(
    database: Database, bare_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.db.database._BUSY_MILLISECONDS", 10)
    other = Database(bare_database_url)
    with ThreadPoolExecutor(1) as pool:
        with database.begin_patiently() as connection:
            if not database.is_sqlite:
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": db_schema._ADVISORY_LOCK}
                )
            waiting = pool.submit(db_schema.upgrade, other)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        assert waiting.result() == (None, HEAD)
    with other.engine.connect() as connection:  # it is as impatient as before
        busy = connection.exec_driver_sql("PRAGMA busy_timeout").scalar() if other.is_sqlite else 10
    assert busy == 10
    other.close()


@pytest.mark.thorough("postgresql")
def test_two_processes_may_upgrade_at_once(bare_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_DATABASE_URL", bare_database_url)
    command = [sys.executable, "-m", "chatelier", "db", "upgrade"]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in "ab"
    ]
    outputs = sorted(process.communicate()[0] for process in started)
    assert [process.returncode for process in started] == [0, 0], outputs
    assert outputs == [
        f"The database is up to date (schema {HEAD}).\n",
        f"The database went from empty to schema {HEAD}.\n",
    ]


def test_a_failed_migration_leaves_nothing_behind(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic.operations import Operations

    create = Operations.create_table

    def fail_at_pictures(self: Operations, name: str, *columns: Any, **options: Any) -> Any:
        if name == "pictures":
            raise RuntimeError("the power went out")
        return create(self, name, *columns, **options)

    monkeypatch.setattr(Operations, "create_table", fail_at_pictures)
    with pytest.raises(RuntimeError, match="power"):
        db_schema.upgrade(database)
    monkeypatch.undo()
    assert inspect(database.engine).get_table_names() == []
    assert db_schema.upgrade(database) == (None, HEAD)


def test_a_process_says_which_command_an_outdated_database_needs(database: Database) -> None:
    with pytest.raises(ConfigurationError, match="chatelier db upgrade"):
        db_schema.require_current(database)
    db_schema.upgrade(database)
    db_schema.require_current(database)
    with database.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(ConfigurationError, match=r"schema 0001.*chatelier db upgrade"):
        db_schema.require_current(database)


def test_a_database_of_a_newer_version_is_left_alone(database: Database) -> None:
    db_schema.upgrade(database)
    with database.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999', oldest_reader = '9999'"))
    for refuse in (db_schema.require_current, db_schema.upgrade):
        with pytest.raises(ConfigurationError, match="newer version"):
            refuse(database)


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        (
            "UPDATE alembic_version SET version_num = '0000'",
            "has schema 0000, which no version made",
        ),
        ("UPDATE alembic_version SET version_num = ''", "has tables and no schema"),
        ("DELETE FROM alembic_version", "has tables and no schema"),
        ("DROP TABLE alembic_version", "has tables and no schema"),
    ],
)
def test_a_revision_that_no_version_made_is_said_in_one_sentence(
    database: Database, changed: str, cause: str
) -> None:
    db_schema.upgrade(database)
    with database.begin() as session:
        session.execute(text(changed))
    for refuse in (db_schema.require_current, db_schema.upgrade):
        with pytest.raises(ConfigurationError, match=f"{cause}.*copy from before"):
            refuse(database)


@pytest.mark.thorough("sqlite")
def test_rows_of_every_revision_outlast_each_later_migration(database: Database) -> None:
    """One migration after the other, with two more rows in every table before each."""
    from alembic import command

    with database.begin_patiently() as connection:
        command.upgrade(db_schema.alembic_config(connection), REVISIONS[0])
    for step, revision in enumerate(REVISIONS[1:]):
        with database.begin_patiently() as connection:
            fill(connection, first=2 * step + 1)
            counts = count_all(connection)
        with database.begin_patiently() as connection:
            command.upgrade(db_schema.alembic_config(connection), revision)
            after = count_all(connection)
        lost = {table for table, many in counts.items() if many > after.get(table, many)}
        assert not lost, f"{revision} loses rows of {lost}"
    require_schema_of_tables(database)
    with database.read() as session:
        assert find_wrong_balances(session) == []


# Each migration runs after some others in one transaction; from which one on, an old database decides.
@pytest.mark.thorough("sqlite-0001", "postgresql-0001")
@pytest.mark.parametrize("revision", [*REVISIONS[:-1:4], REVISIONS[-2]])
def test_a_filled_database_of_an_earlier_revision_is_upgraded_at_once(
    database: Database, revision: str
) -> None:
    from alembic import command

    with database.engine.begin() as connection:
        command.upgrade(db_schema.alembic_config(connection), revision)
        filled = fill(connection)
        write_sources(connection)
    assert db_schema.upgrade(database) == (revision, HEAD)
    with database.engine.connect() as connection:
        assert_sums_and_sources(connection)
        counts = count_all(connection)
    assert not [table for table in filled if counts.get(table, 2) < 2]
    require_schema_of_tables(database)


def require_schema_of_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": is_described}
        )
        assert compare_metadata(context, Base.metadata) == []
        if database.is_sqlite:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").first() is None
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


SOURCES = [
    {"key": "ab/upload.png", "picture_id": None, "mask_key": "ab/mask.png"},
    {"key": "cd/picture.png", "picture_id": "1id.1"},
]


def write_sources(connection: Connection) -> None:
    """One job starts from an upload with a mask and from a picture; the other has no such request."""
    jobs = Table("jobs", MetaData(), autoload_with=connection)
    request: Any = {"seed": 1, "sources": SOURCES}
    connection.execute(jobs.update().where(jobs.c.id == "1id").values(request=request))


def assert_sums_and_sources(connection: Connection) -> None:
    sums = connection.execute(text("SELECT period, kind, amount FROM balances ORDER BY amount")).all()
    assert [tuple(row) for row in sums] == [("1period", "1kind", 1), ("2period", "2kind", 2)]
    sources = connection.execute(
        text("SELECT job_id, position, part, file_key, picture_id FROM job_sources ORDER BY file_key")
    )
    assert [tuple(row) for row in sources] == [
        ("1id", 0, "mask_key", "ab/mask.png", None),
        ("1id", 0, "key", "ab/upload.png", None),
        ("1id", 1, "key", "cd/picture.png", "1id.1"),
    ]


# Written by Alembic, and by triggers of the tables that are filled.
UNFILLED = {"alembic_version", "balances", "job_sources", "storage_use"}


def fill(connection: Connection, *, first: int = 1) -> list[str]:
    """Two rows in every table that is written to, the first of each referring to the first of others.

    Returns the names of the tables. `first` is the number in the values of the first of them.
    """
    there = MetaData()
    there.reflect(connection)
    rows: dict[str, list[dict[str, Any]]] = {}
    for table in there.sorted_tables:
        if table.name not in UNFILLED and is_described(table.name, "table", None):
            rows[table.name] = []
            for index in (0, 1):
                rows[table.name].append(row_for(table, first + index, rows, index))
            connection.execute(table.insert(), rows[table.name])
    return list(rows)


def row_for(
    table: Table, number: int, rows: dict[str, list[dict[str, Any]]], index: int = 0
) -> dict[str, Any]:
    row = {}
    for column in table.columns:
        if column.foreign_keys:
            (reference,) = column.foreign_keys
            own = reference.column.table is table
            row[column.name] = (
                None if own else rows[reference.column.table.name][index][reference.column.name]
            )
        else:
            row[column.name] = value_for(column.type, f"{number}{column.name}", number)
    return row


def value_for(kind: sql.TypeEngine[Any], name: str, number: int) -> Any:
    match kind:
        case sql.DateTime():
            return datetime(2026, 1, 1, tzinfo=UTC if kind.timezone else None) + timedelta(days=number)
        case sql.JSON():
            return {}
        case sql.LargeBinary():
            return name.encode()
        case sql.Boolean():
            return number % 2 == 1
        case sql.String():
            return name[: kind.length]
        case _:
            return number


def count_all(connection: Connection) -> dict[str, int]:
    """The rows of each table."""
    tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
    tables = {table for table in tables if is_described(table, "table", None)}
    return {table: connection.scalar(select(func.count()).select_from(text(table))) or 0 for table in tables}


def test_an_upgrade_of_a_sqlite_file_that_loses_what_others_refer_to_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import command

    database = Database(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    with database.engine.begin() as connection:
        command.upgrade(db_schema.alembic_config(connection), REVISIONS[0])
        fill(connection)
    upgrade = command.upgrade

    def lose_a_person(config: Config, revision: str) -> None:
        upgrade(config, revision)
        config.attributes["connection"].execute(text("DELETE FROM people"))

    monkeypatch.setattr(command, "upgrade", lose_a_person)
    with pytest.raises(
        ConfigurationError, match=r"The upgrade was undone: rows of \w+ refer to rows of people"
    ):
        db_schema.upgrade(database)
    assert db_schema.revision(database) == REVISIONS[0]
    database.close()


def test_zeros_in_the_middle_of_a_sqlite_file_are_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatelier.doctor import services
    from chatelier.settings import read_settings

    file = tmp_path / "home" / "studio.sqlite3"
    file.parent.mkdir()
    whole = Database(f"sqlite:///{file}")
    db_schema.upgrade(whole)
    assert whole.damage() is None
    with whole.engine.connect() as connection:
        page = connection.scalar(text("SELECT rootpage FROM sqlite_master WHERE name = 'jobs'"))
    whole.close()
    with file.open("r+b") as damaged:
        damaged.seek(4096 * (page - 1))
        damaged.write(bytes(4096))
    status = subprocess.run(
        [sys.executable, "-m", "chatelier", "db", "status"], capture_output=True, text=True
    )
    assert status.returncode == 1
    assert " ".join(status.stderr.split()).endswith("put a copy from before in its place.")
    assert "is damaged" in status.stderr
    assert "Traceback" not in status.stderr
    (finding,) = services.database(read_settings())
    assert "is damaged" in finding.said
    assert "copy from before" in finding.fix


def test_the_way_back_removes_every_table(database: Database) -> None:
    from alembic import command

    db_schema.upgrade(database)
    with database.engine.begin() as connection:
        command.downgrade(db_schema.alembic_config(connection), "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]


def test_people_of_an_older_version_keep_their_names_also_those_that_several_have(database: Database) -> None:
    from alembic import command

    with database.begin_patiently() as connection:
        command.upgrade(db_schema.alembic_config(connection), "0009")
    people = (("web", "1", "Ana"), ("web", "2", "Аna"), ("web", "3", ""), ("discord", "4", "Ana"))
    with database.begin() as session:
        for platform, user_id, name in people:
            row = {"key": f"{platform}:room:{user_id}", "platform": platform, "id": user_id, "name": name}
            session.execute(
                text(
                    "INSERT INTO people (key, platform, community, user_id, display_name, first_seen_at, human)"
                    " VALUES (:key, :platform, 'room', :id, :name, '2026-11-01 12:00:00+00:00', :key)"
                ),
                row,
            )
    assert db_schema.upgrade(database) == ("0009", HEAD)
    with database.begin() as session:
        assert tuple(sorted(find_holders(session, Platform.WEB, "room", "ana"))) == (
            "web:room:1",
            "web:room:2",
        )
        ana, other, newcomer = (
            Person(platform=Platform.WEB, community="room", user_id=key, display_name="Ana")
            for key in ("1", "2", "5")
        )
        assert claim(session, ana, "Ana")
        assert claim(session, other, "Ana")
        assert not claim(session, newcomer, "ANA")
        with pytest.raises(AmbiguousNameError):
            find_named(session, Platform.WEB, "room", "Ana")


def test_messages_of_an_older_version_are_found_again_by_what_they_show(database: Database) -> None:
    from alembic import command

    with database.begin_patiently() as connection:
        command.upgrade(db_schema.alembic_config(connection), "0012")
        there = MetaData()
        there.reflect(connection)

        def insert(table: str, **values: Any) -> None:
            columns = {column.name: column for column in there.tables[table].columns}
            filled = {
                name: value_for(column.type, name, 1)
                for name, column in columns.items()
                if not column.nullable
            }
            connection.execute(there.tables[table].insert(), filled | values)

        insert("people", key="ana")
        for job, message, final in (("shown", "m1", True), ("claimed", "", False), ("nowhere", "", True)):
            address = {"thread": "t1"} if job == "shown" else {"thread": None}
            insert("jobs", id=job, request_key=job, person_key="ana", platform="slack", address=address)
            insert("pictures", id=f"{job}.1", job_id=job, person_key="ana")
            insert("deliveries", job_id=job, channel="main", message=message, final=final)
        insert("showcases", picture_id="shown.1", channel="stars", message="m1")
        insert("showcases", picture_id="claimed.1", channel="stars", message="")
        case = {"channel": "desk", "state": "open", "platform": "discord"}
        insert("cases", **case | {"id": "open", "case_key": "a", "message": "7"})
        insert(
            "cases",
            **case | {"id": "sent", "case_key": "b", "message": "sending:1790000000", "channel": None},
        )
        insert(
            "cases",
            **case | {"id": "over", "case_key": "c", "message": "8", "state": "closed", "addressee": "bo"},
        )
        insert("cases", **case | {"id": "none", "case_key": "d", "message": None, "channel": None})
    assert db_schema.upgrade(database) == ("0012", HEAD)
    with database.read() as session:
        found = {(row.kind, row.subject): row for row in session.query(DeliveryRow)}
    assert {
        key: (row.platform, row.channel, row.message, row.claimed_until is not None, row.final)
        for key, row in found.items()
    } == {
        ("job", "shown"): ("slack", "main", "m1", False, True),
        ("job", "claimed"): ("slack", "main", "", True, False),
        ("job", "nowhere"): ("slack", "main", "", False, True),
        ("starboard", "shown.1"): ("slack", "stars", "m1", False, False),
        ("starboard", "claimed.1"): ("slack", "stars", "", True, False),
        ("case", "open"): ("discord", "desk", "7", False, False),
        ("case", "sent"): ("discord", "", "", True, False),
        ("question", "over"): ("discord", "desk", "8", False, True),
    }
    assert {row.subject: row.thread for row in found.values() if row.thread} == {"shown": "t1"}


def test_the_way_back_leaves_messages_where_the_version_before_looks_for_them(database: Database) -> None:
    from alembic import command

    with database.begin_patiently() as connection:
        command.upgrade(db_schema.alembic_config(connection), "0012")
        fill(connection)
    before = messages_of_0012(database)
    db_schema.upgrade(database)
    with database.begin_patiently() as connection:
        command.downgrade(db_schema.alembic_config(connection), "0012")
    assert messages_of_0012(database) == before


def messages_of_0012(database: Database) -> list[list[Any]]:
    queries = (
        "SELECT job_id, channel, message, final, updated_at FROM deliveries ORDER BY job_id",
        "SELECT picture_id, channel, message, updated_at FROM showcases ORDER BY picture_id",
        "SELECT id, channel, message FROM cases ORDER BY id",
    )
    with database.read() as session:
        return [[tuple(row) for row in session.execute(text(query))] for query in queries]


def test_the_newest_revision_is_the_one_that_frontends_expect() -> None:
    assert SCRIPTS.get_heads() == [HEAD]


def test_an_unreachable_database_is_trouble_with_a_name() -> None:
    away = Database(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    for ask in (db_schema.upgrade, db_schema.require_current):
        with pytest.raises(DatabaseUnavailableError):
            ask(away)
    away.close()


def test_an_erase_entry_is_written_for_what_earlier_versions_emptied(database: Database) -> None:
    from alembic import command

    with database.begin_patiently() as connection:
        command.upgrade(db_schema.alembic_config(connection), "0019")
    with database.begin() as session:
        for _ in range(4):
            audit_log.append(session, "warn", actor="web:room:mod", subject="web:room:ana")
        nothing = "actor = NULL, subject = NULL, details = NULL, salt = NULL"
        session.execute(text(f"UPDATE audit SET {nothing} WHERE number IN (1, 3)"))
    with database.read() as session:
        assert audit_log.verify(session).broken_at == 1
    db_schema.upgrade(database)
    with database.read() as session:
        assert (audit_log.verify(session).whole, audit_log.verify(session).erased) == (True, 2)


def test_pictures_of_an_older_version_are_found_by_their_words(database: Database) -> None:
    from alembic import command

    with database.begin_patiently() as connection:
        command.upgrade(db_schema.alembic_config(connection), "0026")
        fill(connection)
        pictures = Table("pictures", MetaData(), autoload_with=connection)
        recipe: Any = {"prompt": "a red fox"}
        connection.execute(
            pictures.update().where(pictures.c.id == "1id").values(recipe=recipe, deleted_at=None)
        )
    db_schema.upgrade(database)
    with database.begin() as session:
        matching = matches(session, "fox")
        assert list(session.scalars(select(PictureRow.id).where(matching))) == ["1id"]
        session.execute(update(PictureRow).values(alt_text="a boat", deleted_at=None))
        assert len(session.scalars(select(PictureRow.id).where(matches(session, "boat"))).all()) == 2
