"""`chatelier backup`: records of one moment first, then the files that they name, then the keys."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from chatelier.backup.full_disk import full_disk_as_os_error
from chatelier.backup.manifest import KEYS, RECORDS, Manifest, finish, sum_of, unfinished_folder
from chatelier.backup.picture_files import DamagedFileError, named_files, save_file
from chatelier.backup.row_copies import copy_rows, read_snapshot
from chatelier.runtime import db_schema
from chatelier.settings import Settings
from studio import __version__
from studio.clock import now
from studio.db.database import Database
from studio.ports import Store

_KEY_FILES = ("session-secret", "models.toml")
_REPORT_EVERY = 1000


@dataclass(slots=True)
class _SavedFiles:
    """`missing` and `damaged` are keys of files that could not be saved."""

    files: int = 0
    size_bytes: int = 0
    missing: set[str] = field(default_factory=set)
    damaged: set[str] = field(default_factory=set)


def save_backup(
    settings: Settings, database: Database, store: Store, target: Path, *, say: Callable[[str], None]
) -> Manifest:
    """While everything runs. `say` hears how far it is.

    A file that somebody deletes after the records were read is left out, as it would be gone a moment later, and so is
    a damaged one, which `say` hears of. Raises `ConfigurationError`, `DatabaseUnavailableError` and `StorageError`;
    then no folder has the name `target`.
    """
    with unfinished_folder(target) as folder:
        records = folder / RECORDS
        with full_disk_as_os_error():
            _save_records(database, records)
        say("records saved")
        with closing(Database(f"sqlite:///{records}")) as saved:
            rows = _count_rows(saved)
            files = _save_files(saved, store, folder, say)
            schema = db_schema.revision(saved) or ""
        with full_disk_as_os_error():
            _close_journal(records)
        _save_keys(settings, folder / KEYS)
        sums = {
            path.relative_to(folder).as_posix(): sum_of(path)
            for path in (records, *sorted((folder / KEYS).rglob("*")))
            if path.is_file()
        }
        manifest = Manifest(
            version=__version__,
            schema=schema,
            made_at=now().isoformat(timespec="seconds"),
            rows=rows,
            pictures=files.files,
            picture_bytes=files.size_bytes,
            missing=len(files.missing),
            damaged=len(files.damaged),
            files=sums,
        )
        finish(folder, target, manifest)
    return manifest


def _save_records(database: Database, path: Path) -> None:
    if database.is_sqlite:
        with (
            closing(sqlite3.connect(database.url.database or "")) as source,
            closing(sqlite3.connect(path)) as copy,
        ):
            source.backup(copy)
        return
    with closing(Database(f"sqlite:///{path}")) as copy:
        db_schema.upgrade(copy)
        with read_snapshot(database) as source, copy.begin_patiently() as target:
            copy_rows(source, target)


def _close_journal(path: Path) -> None:
    """One file holds everything, without a journal beside it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _count_rows(saved: Database) -> int:
    from sqlalchemy import func, select

    from studio.db.tables import Base

    with saved.read() as session:
        counts = (select(func.count()).select_from(table) for table in Base.metadata.sorted_tables)
        return sum(session.scalar(count) or 0 for count in counts)


def _save_files(saved: Database, store: Store, folder: Path, say: Callable[[str], None]) -> _SavedFiles:
    found = _SavedFiles()
    with saved.read(streams=True) as session:
        for key in named_files(session):
            if key in found.missing or key in found.damaged:
                continue
            try:
                size = save_file(store, key, folder)
            except DamagedFileError as error:
                found.damaged.add(key)
                say(str(error))
                continue
            if size is None:
                found.missing.add(key)
            elif size:
                found.files += 1
                found.size_bytes += size
                if found.files % _REPORT_EVERY == 0:
                    say(f"{found.files:,} files saved")
    return found


def _save_keys(settings: Settings, folder: Path) -> None:
    """The certificates that sign pictures, the key of web sessions, and the catalogue of models."""
    folder.mkdir(mode=0o700)
    for name in _KEY_FILES:
        if (settings.home / name).is_file():
            shutil.copyfile(settings.home / name, folder / name)
    if settings.provenance_folder.is_dir():
        shutil.copytree(settings.provenance_folder, folder / settings.provenance_folder.name)
