"""`chatelier backup` and `chatelier restore`."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A folder that is not there yet; by default one named for the time, right here."),
    ] = None,
) -> None:
    """Save records, pictures and keys into a folder, while everything runs.

    The folder has its name only when it is whole. Settings and models are not part of it. Exit status 1 when files are
    damaged, or more of them are missing than people delete meanwhile; the backup then has all others.

    Example:

      chatelier backup /srv/backups/monday
    """
    from contextlib import closing

    from chatelier.backup.saving import save_backup
    from chatelier.runtime.console import answers, print_error, remarks
    from chatelier.settings import load_settings
    from chatelier.wiring.database import explain_database_errors, open_database
    from chatelier.wiring.instance import open_storage
    from studio.clock import now

    settings = load_settings()
    target = (folder or Path(f"chatelier-backup-{now():%Y%m%d-%H%M%S}")).absolute()
    with closing(open_database(settings)) as database, explain_database_errors(settings):
        saved = save_backup(settings, database, open_storage(settings), target, say=remarks().print)
    answers().print(
        f"{target}: {saved.rows:,} records, {saved.pictures:,} files ({saved.picture_bytes / 2**20:,.1f} MiB).",
        soft_wrap=True,
    )
    if saved.missing:
        answers().print(f"{saved.missing:,} files that records name were not in the storage.")
    if saved.damaged:
        print_error(f"{saved.damaged:,} files of the storage are damaged and not in the backup.")
    if saved.lacks_many:
        print_error(
            "Too many files are missing. Check that CHATELIER_STORAGE_URL names the storage of this database."
        )
    if saved.damaged or saved.lacks_many:
        raise typer.Exit(1)


def restore(folder: Annotated[Path, typer.Argument(help="A folder that `chatelier backup` made.")]) -> None:
    """Bring a backup back into an installation without records, which is not running.

    The database may be of the other kind, SQLite or PostgreSQL, and the storage another one.

    Example:

      chatelier restore /srv/backups/monday
    """
    from contextlib import closing

    from chatelier.backup.restoring import restore_backup
    from chatelier.runtime.console import answers, remarks
    from chatelier.settings import load_settings
    from chatelier.wiring.database import connect_database, explain_database_errors
    from chatelier.wiring.instance import open_storage

    settings = load_settings()
    with closing(connect_database(settings)) as database, explain_database_errors(settings):
        restored = restore_backup(
            settings, database, open_storage(settings), folder.absolute(), say=remarks().print
        )
    answers().print(
        f"{restored.rows:,} records and {restored.pictures:,} files of {restored.made_at} are back.",
        soft_wrap=True,
    )
