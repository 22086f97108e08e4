"""`chatelier restore`: pictures and keys first, then the records in one step, into an installation without any."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import inspect, text

from chatelier.backup.full_disk import full_disk_as_os_error
from chatelier.backup.manifest import KEYS, RECORDS, Manifest, read_manifest
from chatelier.backup.picture_files import load_files
from chatelier.backup.row_copies import copy_rows
from chatelier.launcher.home_lock import occupant
from chatelier.runtime import db_schema
from chatelier.settings import Settings
from studio.db.database import Database
from studio.errors import ConfigurationError
from studio.ports import Store


def restore_backup(
    settings: Settings, database: Database, store: Store, folder: Path, *, say: Callable[[str], None]
) -> Manifest:
    """Bring a backup back, also into the other kind of database or storage, and up to this version's schema.

    Until its last step the database stays empty, so what was interrupted can be repeated. Raises `ConfigurationError`
    when the backup is not whole or the installation has records, `DatabaseUnavailableError` and `StorageError`.
    """
    manifest = read_manifest(folder)
    try:
        with full_disk_as_os_error():
            _restore(settings, database, store, folder, manifest, say)
    except OSError as error:
        raise ConfigurationError(
            f"The backup was not restored: {error.strerror or error}. Free space, or set another place, and repeat it."
        ) from error
    return manifest


def _restore(
    settings: Settings,
    database: Database,
    store: Store,
    folder: Path,
    manifest: Manifest,
    say: Callable[[str], None],
) -> None:
    _require_empty(settings, database)
    with TemporaryDirectory(prefix="chatelier-restore-", dir=_scratch_folder(settings)) as scratch:
        copy = Path(scratch, RECORDS)
        shutil.copyfile(folder / RECORDS, copy)
        with closing(Database(f"sqlite:///{copy}")) as records:
            db_schema.upgrade(records)
            db_schema.require_whole(records)
            say(f"{load_files(store, folder, expected=manifest.pictures):,} files restored")
            _restore_keys(settings, folder / KEYS)
            if not database.is_sqlite:
                _fill(database, records)
        if database.is_sqlite:
            _put_in_place(database, copy)


def _scratch_folder(settings: Settings) -> Path:
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return settings.home


def _require_empty(settings: Settings, database: Database) -> None:
    if occupant(settings.run_folder) is not None:
        raise ConfigurationError(f"Chatelier is running on {settings.home}. Stop it first.")
    if not inspect(database.engine).has_table("people"):
        return
    with database.read() as session:
        if session.scalar(text("SELECT count(*) FROM people")):
            raise ConfigurationError(
                "The database has records. Restore into an empty one: set CHATELIER_DATABASE_URL to it, or move the"
                " old one away."
            )


def _restore_keys(settings: Settings, folder: Path) -> None:
    """Those that are there already stay: they may have been put in place by hand."""
    for path in sorted(folder.rglob("*")):
        target = settings.home / path.relative_to(folder)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True, mode=0o700)
        elif not target.exists():
            shutil.copyfile(path, target)
            target.chmod(0o600)


def _fill(database: Database, records: Database) -> None:
    db_schema.upgrade(database)
    with records.engine.connect() as source, database.engine.begin() as target:
        copy_rows(source, target)


def _put_in_place(database: Database, copy: Path) -> None:
    """In one step: the file appears whole, and no journal of a former one beside it."""
    target = Path(database.url.database or "")
    database.close()
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
        copy.with_name(copy.name + suffix).unlink(missing_ok=True)
    placed = target.with_name(target.name + ".restoring")
    shutil.copyfile(copy, placed)
    placed.chmod(0o600)
    with placed.open("rb") as file:
        os.fsync(file.fileno())
    placed.replace(target)
