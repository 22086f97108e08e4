"""Two versions on one database: what the version before writes and reads still works in this version's schema.

During a rolling upgrade the migrations run first, and processes of the version before go on until they are replaced.
So a migration may only add (docs/operations.md, "Rolling upgrades"). `BEFORE` is the schema of that version; raise it
with each release.
"""

import io
import os
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, Table, select, text

from chatelier.migrations import OLDEST_READER
from chatelier.runtime import db_schema
from studio.db.database import Database
from studio.db.running_sums.balance_check import find_wrong_balances
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.errors import ConfigurationError
from tests.services.chatelier.test_migrations import row_for

BEFORE = "0014"


@pytest.fixture
def database(bare_database_url: str) -> Any:
    opened = Database(bare_database_url)
    yield opened
    opened.close()


def upgrade_to(database: Database, revision: str) -> MetaData:
    """The tables as the version of that revision knows them."""
    from alembic import command

    known = MetaData()
    with database.engine.begin() as connection:
        command.upgrade(db_schema.alembic_config(connection), revision)
        known.reflect(connection)
    known.remove(known.tables["alembic_version"])
    return known


def write(connection: Connection, known: MetaData, numbers: tuple[int, ...]) -> dict[str, Any]:
    """Rows with all columns that a version knows, and no other."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for table in known.sorted_tables:
        rows[table.name] = []
        for number in range(1, max(numbers) + 1):
            rows[table.name].append(row_for(table, number, rows, number - 1))
        connection.execute(table.insert(), [rows[table.name][number - 1] for number in numbers])
    return rows


def test_rows_of_the_version_before_are_written_read_and_changed_in_this_schema(database: Database) -> None:
    known = upgrade_to(database, BEFORE)
    with database.engine.begin() as connection:
        write(connection, known, (1, 2))
    db_schema.upgrade(database)
    with database.engine.begin() as connection:
        write(connection, known, (3, 4))
        for table in known.sorted_tables:
            assert len(connection.execute(select(table)).all()) >= 4, table.name
            change_all(connection, table)
    with database.read() as session:
        assert find_wrong_balances(session) == []


def change_all(connection: Connection, table: Table) -> None:
    """Each column that no row of another table refers to, to the value that it has."""
    free = [column for column in table.columns if not column.primary_key and not column.foreign_keys]
    if free:
        connection.execute(table.update().values({column.name: column for column in free}))


def test_what_the_version_before_writes_is_in_the_sums_of_this_one(database: Database) -> None:
    known = upgrade_to(database, BEFORE)
    db_schema.upgrade(database)
    with database.engine.begin() as connection:
        write(connection, known, (1, 2))
        jobs = known.tables["jobs"]
        request = {"sources": [{"key": "ab/upload.png", "picture_id": None}]}
        connection.execute(jobs.update().where(jobs.c.id == "1id").values(request=request))
        pictures = known.tables["pictures"]
        connection.execute(pictures.update().values(deleted_at=None))
        connection.execute(
            pictures.update().where(pictures.c.id == "2id").values(deleted_at=pictures.c.created_at)
        )
        sums = connection.execute(text("SELECT kind, amount FROM balances ORDER BY kind")).all()
        files = connection.execute(text("SELECT job_id, file_key FROM job_sources")).all()
        use = connection.execute(text("SELECT owner, pictures FROM storage_use WHERE pictures > 0")).all()
    assert [tuple(row) for row in sums] == [("1kind", 1), ("2kind", 2)]
    assert [tuple(row) for row in files] == [("1id", "ab/upload.png")]
    assert sorted(tuple(row) for row in use) == [("1key", 1), ("community:1platform:1community", 1)]


def test_a_process_of_the_version_before_starts_again_where_the_newer_schema_lets_it(
    database: Database,
) -> None:
    db_schema.upgrade(database)
    assert db_schema.oldest_reader(database) == OLDEST_READER
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    db_schema.require_current(database)
    assert db_schema.upgrade(database) == ("9999", "9999")
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET oldest_reader = '9998'"))
    with pytest.raises(ConfigurationError, match="newer version"):
        db_schema.require_current(database)


# What a front end and a worker of an earlier version do, run by that version's own code.
EARLIER = "ea10dc79993b0e149093a1146132421cd690a2e9"
_WORK = """
import sys
from dataclasses import replace
import chatelier
from chatelier.benchmarks.database_size.open_ports import open_ports
from studio.commands.registry import execute
from studio.db.database import Database
from tests.support.fakes import FakeStore, somewhere, someone
from tests.support.finished_jobs import paint_job
from studio.commands.spec import Call
assert chatelier.__file__.startswith(sys.argv[2]), chatelier.__file__
database = Database(sys.argv[1])
ports = replace(open_ports(database), store=FakeStore())
call = Call(person=someone("ana"), address=somewhere(), request_key="earlier:1")
job_id = execute(ports, call, "imagine", {"prompt": "a red fox", "count": 2}).job_id
paint_job(ports, job_id)
execute(ports, replace(call, request_key="earlier:2"), "history", {})
print(job_id)
"""


def test_the_code_of_an_earlier_version_works_in_this_schema(repository: Path, tmp_path: Path) -> None:
    known = subprocess.run(
        ["git", "cat-file", "-e", EARLIER], cwd=repository, capture_output=True, check=False
    )
    if known.returncode:
        pytest.skip(f"this copy of the repository has no history back to {EARLIER}")
    url = f"sqlite:///{tmp_path / 'studio.sqlite3'}"
    with closing(Database(url)) as database:
        db_schema.upgrade(database)
    archive = subprocess.run(
        ["git", "archive", EARLIER, "bots", "chatelier", "engine", "moderation", "studio", "tests/support"],
        cwd=repository,
        capture_output=True,
        check=True,
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(tmp_path / "earlier", filter="data")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "earlier")}
    done = subprocess.run(
        [sys.executable, "-c", _WORK, url, str(tmp_path / "earlier")],
        cwd=tmp_path / "earlier",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with closing(Database(url)) as database, database.read() as session:
        assert session.get_one(JobRow, done.stdout.strip()).state == JobState.DONE
        assert find_wrong_balances(session) == []
