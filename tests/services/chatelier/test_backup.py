"""Backups: whole or none, taken while others write, restored into either database."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from chatelier.backup import restoring, saving
from chatelier.backup.manifest import RECORDS, read_manifest
from chatelier.backup.restoring import restore_backup
from chatelier.backup.saving import save_backup
from chatelier.runtime import db_schema
from chatelier.settings import Settings
from engine.storage import open_store
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import credit_ledger
from studio.db.database import Database
from studio.db.running_sums.balance_check import find_wrong_balances
from studio.db.tables import JobRow, LedgerRow, PictureRow
from studio.errors import ConfigurationError
from studio.ports import InstanceLimits, Ports
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.finished_jobs import paint_job

ANA = someone("ana")


@pytest.fixture
def instance(bare_database_url: str, tmp_path: Path) -> Iterator[tuple[Ports, Settings]]:
    """A migrated database with three finished jobs, and pictures on disk."""
    with closing(Database(bare_database_url)) as database:
        db_schema.upgrade(database)
    home = tmp_path / "home"
    (home / "provenance").mkdir(parents=True)
    (home / "provenance" / "key.pem").write_text("a key")
    (home / "session-secret").write_text("a secret")
    made = replace(
        fake_ports(bare_database_url, InstanceLimits(monthly_credits=100)),
        store=open_store(str(tmp_path / "storage")),
    )
    for number in range(3):
        paint_job(made, ask(made, number))
    yield made, Settings(home=home)
    made.database.close()


def ask(instance: Ports, number: int) -> str:
    call = Call(person=ANA, address=somewhere(), request_key=f"job:{number}")
    job_id: str = execute(instance, call, "imagine", {"prompt": f"a boat {number}", "count": 2}).job_id
    return job_id


def contents(database: Database) -> tuple[dict[str, str], int]:
    with database.read() as session:
        assert find_wrong_balances(session) == []
        jobs = {row.id: row.request["prompt"] for row in session.scalars(select(JobRow))}
        return jobs, credit_ledger.balance(session, ANA.key, at=now())


def save(instance: tuple[Ports, Settings], target: Path) -> None:
    ports, settings = instance
    save_backup(settings, ports.database, ports.store, target, say=lambda _: None)


@pytest.mark.thorough("sqlite-postgresql", "postgresql-sqlite")
@pytest.mark.parametrize("into", ["sqlite", "postgresql"])
def test_a_backup_comes_back_in_either_database(
    instance: tuple[Ports, Settings], into: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    ports, _ = instance
    before = contents(ports.database)
    save(instance, tmp_path / "saved")
    assert (tmp_path / "saved").stat().st_mode & 0o077 == 0
    if into == "postgresql":
        url = request.getfixturevalue("postgres_server").new_database()
    else:
        url = f"sqlite:///{tmp_path / 'fresh' / 'studio.sqlite3'}"
        (tmp_path / "fresh").mkdir()
    other, store = Settings(home=tmp_path / "other"), open_store(str(tmp_path / "other storage"))
    with closing(Database(url)) as database:
        restore_backup(other, database, store, tmp_path / "saved", say=lambda _: None)
        assert contents(database) == before
        with database.begin() as session:
            picture = session.scalars(select(PictureRow)).first()
            assert picture is not None
            assert store.get(picture.storage_key) == ports.store.get(picture.storage_key)
            whose = {"account": ANA.key, "person_key": ANA.key, "period": credit_ledger.period_of(now())}
            session.add(LedgerRow(entry_key="new", kind="gift", amount=7, created_at=now(), **whose))
        assert contents(database)[1] == before[1] + 7  # its triggers are there
        assert (other.home / "provenance" / "key.pem").read_text() == "a key"
        assert (other.home / "session-secret").stat().st_mode & 0o077 == 0
        with pytest.raises(ConfigurationError, match="has records"):
            restore_backup(other, database, store, tmp_path / "saved", say=lambda _: None)
    if into == "postgresql":
        request.getfixturevalue("postgres_server").drop_database(url)


@pytest.mark.thorough("sqlite")
def test_what_is_written_meanwhile_is_wholly_in_it_or_not_at_all(
    instance: tuple[Ports, Settings], tmp_path: Path
) -> None:
    ports, _ = instance
    stop, errors = threading.Event(), list[BaseException]()

    def keep_asking() -> None:
        number = 100
        while not stop.is_set():
            number += 1
            try:
                paint_job(ports, ask(ports, number))
            except BaseException as error:
                errors.append(error)
                return

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        for number in range(3):
            save(instance, tmp_path / f"saved {number}")
    finally:
        stop.set()
        asking.join()
    assert not errors
    for number in range(3):
        folder = tmp_path / f"saved {number}"
        manifest = read_manifest(folder)
        assert manifest.missing == 0
        with closing(Database(f"sqlite:///{folder / RECORDS}")) as saved, saved.read() as session:
            assert find_wrong_balances(session) == []
            jobs = {row.id: row.state for row in session.scalars(select(JobRow))}
            pictures = list(session.scalars(select(PictureRow)))
            reserved = set(session.scalars(select(LedgerRow.job_id).where(LedgerRow.kind == "reserve")))
        assert reserved == set(jobs)
        assert {row.job_id for row in pictures} == {key for key, state in jobs.items() if state == "done"}
        assert all((folder / row.storage_key).is_file() for row in pictures)


_INTERRUPTED = """
import sys, time
from pathlib import Path
from chatelier.backup import saving
from chatelier.settings import Settings
from engine.storage import open_store
from studio.db.database import Database

def hang(*_):
    print("in the middle", flush=True)
    time.sleep(600)

setattr(saving, sys.argv[4], hang)
home, url, target = sys.argv[1:4]
saving.save_backup(
    Settings(home=home), Database(url), open_store(str(Path(home).parent / "storage")), Path(target), say=print
)
"""


@pytest.mark.thorough("sqlite-finish", "postgresql-_save_files")
@pytest.mark.parametrize("moment", ["_save_files", "_save_keys", "finish"])
def test_a_backup_that_is_killed_looks_like_none(
    instance: tuple[Ports, Settings], tmp_path: Path, moment: str
) -> None:
    ports, settings = instance
    target, url = tmp_path / "saved", ports.database.url.render_as_string(hide_password=False)
    arguments = [sys.executable, "-c", _INTERRUPTED, str(settings.home), url, str(target), moment]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any("in the middle" in line for line in process.stdout)
        with pytest.raises(ConfigurationError, match="Another backup"):
            save(instance, target)
        os.kill(process.pid, signal.SIGKILL)
    assert not target.exists()
    left = tmp_path / "saved.unfinished"
    with pytest.raises(ConfigurationError, match="no backup, or one that was interrupted"):
        read_manifest(left)
    save(instance, target)
    assert not left.exists()
    assert read_manifest(target).pictures > 0


@pytest.mark.thorough("sqlite-_save_files", "postgresql-_save_records")
@pytest.mark.parametrize("step", ["_save_files", "_save_records"])
def test_a_backup_onto_a_full_disk_leaves_nothing(
    instance: tuple[Ports, Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: Any) -> None:
        if step == "_save_files":
            raise OSError(28, "No space left on device")
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as small:
            small.execute("PRAGMA max_page_count = 2")  # is full then, as a file on a full disk
            small.execute("CREATE TABLE rows (row TEXT)")
            small.execute("INSERT INTO rows VALUES (hex(zeroblob(9999)))")

    monkeypatch.setattr(saving, step, fail)
    with pytest.raises(ConfigurationError, match="No space left on device"):
        save(instance, tmp_path / "saved")
    assert not list(tmp_path.glob("saved*"))


@pytest.mark.thorough("postgresql")
def test_a_restore_onto_a_full_disk_can_be_repeated(
    instance: tuple[Ports, Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    save(instance, tmp_path / "saved")
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_put_in_place", fail)
        with pytest.raises(ConfigurationError, match="not restored: No space left on device"):
            restore(tmp_path / "saved", tmp_path / "new")
    restore(tmp_path / "saved", tmp_path / "new")


@pytest.mark.thorough("sqlite")
def test_a_damaged_backup_is_not_restored(instance: tuple[Ports, Settings], tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    save(instance, saved)
    with (saved / RECORDS).open("ab") as file:
        file.write(b"x")
    with (
        closing(Database(f"sqlite:///{tmp_path / 'new.sqlite3'}")) as database,
        pytest.raises(ConfigurationError, match="damaged"),
    ):
        restore_backup(
            Settings(home=tmp_path / "other"),
            database,
            open_store(str(tmp_path / "new")),
            saved,
            say=lambda _: None,
        )
    assert json.loads((saved / "backup.json").read_text())["schema"] == db_schema.HEAD


def restore(saved: Path, into: Path) -> None:
    with closing(Database(f"sqlite:///{into}.sqlite3")) as database:
        restore_backup(
            Settings(home=into), database, open_store(f"{into} storage"), saved, say=lambda _: None
        )


@pytest.mark.thorough("sqlite")
def test_a_backup_with_fewer_pictures_than_it_had_is_not_restored(
    instance: tuple[Ports, Settings], tmp_path: Path
) -> None:
    saved = tmp_path / "saved"
    save(instance, saved)
    lost = next((saved / "pictures").glob("*/*"))
    lost.rename(tmp_path / "lost")
    with pytest.raises(ConfigurationError, match="not whole"):
        restore(saved, tmp_path / "new")
    assert not list(tmp_path.glob("new storage/pictures/*/*"))
    (tmp_path / "lost").rename(lost)
    restore(saved, tmp_path / "new")


@pytest.mark.thorough("sqlite")
def test_one_damaged_file_is_named_and_all_others_are_saved(
    instance: tuple[Ports, Settings], tmp_path: Path
) -> None:
    ports, settings = instance
    target, heard = tmp_path / "saved", list[str]()
    damaged = next((tmp_path / "storage" / "pictures").glob("*/*"))
    damaged.write_bytes(b"other bytes")
    made = save_backup(settings, ports.database, ports.store, target, say=heard.append)
    assert (made.damaged, made.missing) == (1, 0)
    assert any(damaged.name in sentence for sentence in heard)
    assert len(list((target / "pictures").glob("*/*"))) == made.pictures == 14
    assert read_manifest(target) == made
    restore(target, tmp_path / "new")


@pytest.mark.thorough("postgresql")
def test_more_missing_files_than_deletions_explain_are_noticed(
    instance: tuple[Ports, Settings], tmp_path: Path
) -> None:
    ports, settings = instance
    emptied = open_store(str(tmp_path / "another storage"))
    made = save_backup(settings, ports.database, emptied, tmp_path / "saved", say=lambda _: None)
    assert (made.pictures, made.missing, made.lacks_many) == (0, 15, True)
    assert not replace(made, pictures=100, missing=1).lacks_many
