"""`chatelier run FACE`: one face in this process."""

import typer


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Run one face by itself, as containers and service managers do.", no_args_is_help=True
    )
    for command in (web, discord, slack):
        group.command(command.__name__)(command)
    app.add_typer(group, name="run")


def web() -> None:
    """The web room. Needs Redis and an up-to-date database.

    Example:

      CHATELIER_REDIS_URL=redis://localhost:6379/0 chatelier run web
    """
    from chatelier.faces import open_room
    from chatelier.logs import set_up_logging
    from chatelier.settings import load_settings

    settings = load_settings()
    set_up_logging(settings)
    open_room(settings)


def discord() -> None:
    """The Discord face. Needs a bot's token, Redis and an up-to-date database.

    Example:

      CHATELIER_DISCORD__TOKEN=… chatelier run discord
    """
    from chatelier.faces import run_discord
    from chatelier.logs import set_up_logging
    from chatelier.settings import load_settings

    settings = load_settings()
    set_up_logging(settings)
    run_discord(settings)


def slack() -> None:
    """The Slack face, which this version does not have yet: the command only says so.

    Example:

      chatelier run slack
    """
    from studio.errors import Misconfigured

    raise Misconfigured("This version has no Slack face yet. It runs the web room and Discord.")
