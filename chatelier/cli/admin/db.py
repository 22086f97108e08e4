"""`chatelier db …`: the database's schema."""

import typer


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="The database's schema.", no_args_is_help=True)
    group.command("upgrade")(upgrade)
    group.command("status")(status)
    group.command("recount")(recount)
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
