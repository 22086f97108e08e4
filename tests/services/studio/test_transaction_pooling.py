"""PostgreSQL behind PgBouncer in transaction mode: each transaction may have another connection, which has forgotten
everything of the one before."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import event

from chatelier.benchmarks.database_size.bulk_fill import Size, fill
from chatelier.benchmarks.database_size.hot_operations import Workload
from chatelier.benchmarks.database_size.open_ports import open_ports
from chatelier.runtime import db_schema
from studio.db.database import Database
from tests.conftest import PostgresServer, free_port, postgres_user, wait_until

ROUNDS = 8  # psycopg prepares what it has run five times
SIZE = Size(jobs=160, waiting=20, people=5)


@pytest.fixture(params=["forgetful", "pgbouncer"])
def pooled(
    request: pytest.FixtureRequest, bare_postgres_url: str, postgres_server: PostgresServer
) -> Iterator[Database]:
    if request.param == "pgbouncer":
        url = request.getfixturevalue("pgbouncer_url")
        opened = Database(f"{url}/{urlsplit(bare_postgres_url).path[1:]}?pgbouncer=true")
    else:
        opened = Database(f"{bare_postgres_url}&pgbouncer=true")
        event.listen(opened.engine, "reset", forget)
    yield opened
    opened.close()


def forget(connection: Any, *_: object) -> None:
    """As another connection would: without prepared statements, locks, listeners, settings and temporary tables.

    Past psycopg, which would take note of it.
    """
    connection.rollback()
    connection.pgconn.exec_(b"DISCARD ALL")


@pytest.fixture
def pgbouncer_url(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[str]:
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("PgBouncer is not on this machine")
    port, folder = free_port(), postgres_server.folder / f"pgbouncer-{tmp_path.name}"
    folder.mkdir()
    (folder / "users.txt").write_text('"postgres" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={postgres_server.port} user=postgres\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"auth_file = {folder}/users.txt\npool_mode = transaction\ndefault_pool_size = 3\n"
    )
    if (user := postgres_user()) is not None:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, user=user)
    with (tmp_path / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen(
            [program, str(folder / "pgbouncer.ini")], user=user, stdout=log, stderr=log, cwd="/"
        )
    wait_until(lambda: answers(port), what="PgBouncer", log=tmp_path / "pgbouncer.log")
    yield f"postgresql://postgres@127.0.0.1:{port}"
    process.terminate()
    process.wait()
    shutil.rmtree(folder)


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def test_frequent_work_and_migrations_work_with_another_connection_for_each_transaction(
    pooled: Database,
) -> None:
    db_schema.upgrade(pooled)
    ports = open_ports(pooled)
    fill(ports, SIZE)
    operations = Workload(ports=ports, size=SIZE).operations()
    with ThreadPoolExecutor(4) as pool:
        for operation in operations.values():
            for done in [pool.submit(operation) for _ in range(ROUNDS)]:
                done.result()
    db_schema.require_current(pooled)


# Advisory locks of sessions, notifications, settings and tables of sessions, cursors that outlive a transaction.
OF_SESSIONS = re.compile(
    r"pg_(?:try_)?advisory_lock(?:_shared)?\(|pg_advisory_unlock|\bLISTEN \w|\bNOTIFY \w|\bpg_notify\b"
    r"|\bSET (?:SESSION |)(?!LOCAL\b|NULL\b|DEFAULT\b)\w+ (?:=|TO) |CREATE TEMP|WITH HOLD|\bPREPARE \w+ AS"
)


def test_no_statement_leaves_anything_on_its_connection(repository: Path) -> None:
    packages = ("studio", "engine", "moderation", "bots", "chatelier")
    found = [
        f"{path.relative_to(repository)}: {match[0]}"
        for package in packages
        for path in sorted((repository / package).rglob("*.py"))
        for match in OF_SESSIONS.finditer(path.read_text())
        if not is_update(path.read_text(), match.start())
    ]
    assert found == []


def is_update(text: str, position: int) -> bool:
    """Whether this SET belongs to an UPDATE."""
    return "UPDATE" in text[max(0, position - 120) : position]
