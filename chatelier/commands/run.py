"""`chatelier run FACE`: one face in this process."""

import typer


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Run one face by itself, as containers and service managers do.", no_args_is_help=True
    )
    group.command("web")(web)
    group.command("discord")(discord)
    app.add_typer(group, name="run")


def web() -> None:
    """The web room. Needs Redis and an up-to-date database.

    Example:

      CHATELIER_REDIS_URL=redis://localhost:6379/0 chatelier run web
    """
    from chatelier.logs import set_up_logging
    from chatelier.settings import load_settings
    from chatelier.wiring import open_room

    settings = load_settings()
    set_up_logging(settings)
    open_room(settings)


def discord() -> None:
    """The Discord bot. Needs a token, Redis and an up-to-date database.

    Example:

      CHATELIER_DISCORD__TOKEN=… CHATELIER_REDIS_URL=redis://localhost:6379/0 chatelier run discord
    """
    from chatelier.logs import set_up_logging
    from chatelier.settings import load_settings
    from chatelier.wiring import run_discord

    settings = load_settings()
    set_up_logging(settings)
    run_discord(settings)
