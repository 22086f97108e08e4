"""`chatelier db …`: the database's schema."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="The database's schema.", no_args_is_help=True)
    group.command("upgrade")(upgrade)
    group.command("status")(status)
    group.command("recount")(recount)
    group.command("measure")(measure)
    app.add_typer(group, name="db")


def upgrade() -> None:
    """Bring the database up to date. Does nothing when it is; two at once wait for each other.

    Example:

      CHATELIER_DATABASE_URL=postgresql://chatelier:…@db/chatelier chatelier db upgrade
    """
    from chatelier.runtime.console import answers
    from chatelier.settings import load_settings
    from chatelier.wiring.database import upgrade_database

    before, after = upgrade_database(load_settings())
    if before == after:
        answers().print(f"The database is up to date (schema {after}).")
    else:
        answers().print(
            f"The database went from {f'schema {before}' if before else 'empty'} to schema {after}."
        )


def status() -> None:
    """Say which schema the database has. Exit status 1 when it needs an upgrade or is damaged.

    Reads all of a SQLite file, and on every database the whole ledger of credits.

    Example:

      chatelier db status
    """
    from contextlib import closing

    from chatelier.runtime import db_schema
    from chatelier.runtime.console import answers
    from chatelier.settings import load_settings
    from chatelier.wiring.database import explain_database_errors, open_database

    settings = load_settings()
    with closing(open_database(settings)) as database, explain_database_errors(settings):
        db_schema.require_whole(database)
        db_schema.require_balances(database)
        answers().print(f"The database is up to date (schema {db_schema.revision(database)}).")


def recount() -> None:
    """Write the balances of credits anew from the ledger, as `chatelier db status` asks for when they differ.

    Example:

      chatelier db recount
    """
    from contextlib import closing

    from chatelier.runtime import db_schema
    from chatelier.runtime.console import answers
    from chatelier.settings import load_settings
    from chatelier.wiring.database import explain_database_errors, open_database

    settings = load_settings()
    with closing(open_database(settings)) as database, explain_database_errors(settings):
        db_schema.recount_balances(database)
    answers().print("The balances are the sums of the ledger.")


def measure(
    after: Annotated[
        str, typer.Option(help="Begin behind this picture, where an earlier run was stopped.")
    ] = "",
) -> None:
    """Measure the files of all pictures and uploads, which quotas of storage count.

    Only what was stored before schema 0039 has estimated sizes. It may run beside everything else, be stopped and be
    repeated; a bucket is asked for each file.

    Example:

      chatelier db measure
    """
    from contextlib import closing

    from chatelier.runtime.console import answers
    from chatelier.settings import load_settings
    from chatelier.wiring.database import explain_database_errors, open_database
    from engine.maintenance.file_sizes import FileSizes
    from engine.storage import open_store

    settings = load_settings()
    pictures = corrected = 0
    with closing(open_database(settings)) as database, explain_database_errors(settings):
        sizes = FileSizes(database, open_store(settings.storage).size_of)
        try:
            while (measured := sizes.measure_pictures(after=after)).looked_at:
                after = measured.last
                pictures, corrected = pictures + measured.looked_at, corrected + measured.corrected
        except KeyboardInterrupt:
            if after:
                answers().print(f"Stopped. Go on with: chatelier db measure --after {after}")
            raise
        uploads = sizes.measure_uploads()
    answers().print(
        f"{pictures} pictures measured, {corrected} sizes corrected; {uploads} uploads corrected."
    )
