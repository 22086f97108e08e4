"""`chatelier run FRONTEND`: one front end in this process."""

from pathlib import Path

import typer

from chatelier.runtime.metrics_server import METRICS, serve_figures

_READY = typer.Option(
    None, "--ready-file", help="Keep this file fresh while the front end is connected.", show_default=False
)


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Run one front end by itself, as containers and service managers do.", no_args_is_help=True
    )
    for command in (web, discord, slack):
        group.command(command.__name__)(command)
    app.add_typer(group, name="run")


def web(
    listener: int | None = typer.Option(
        None, "--listener", hidden=True, help="A descriptor of a socket that listens on the port already."
    ),
    ready_file: Path | None = typer.Option(
        None, "--ready-file", help="Keep this file fresh while the process serves people.", show_default=False
    ),
    metrics: str | None = METRICS,
) -> None:
    """The web page. Needs Redis and an up-to-date database.

    Example:

      CHATELIER_REDIS_URL=redis://localhost:6379/0 chatelier run web
    """
    from chatelier.runtime.logging_setup import set_up_logging
    from chatelier.settings import load_settings
    from chatelier.wiring.frontends import open_web

    settings = load_settings()
    set_up_logging(settings)
    open_web(settings, listener=listener, metrics=metrics, ready_file=ready_file)


def discord(ready_file: Path | None = _READY, metrics: str | None = METRICS) -> None:
    """The Discord front end. Needs a bot's token, Redis and an up-to-date database.

    Example:

      CHATELIER_DISCORD__TOKEN=… chatelier run discord
    """
    from chatelier.runtime.logging_setup import set_up_logging
    from chatelier.settings import load_settings
    from chatelier.wiring.frontends import run_discord

    settings = load_settings()
    set_up_logging(settings)
    serve_figures(metrics)
    run_discord(settings, ready_file=ready_file)


def slack(ready_file: Path | None = _READY, metrics: str | None = METRICS) -> None:
    """The Slack front end. Needs a bot token, an app token or a signing secret, Redis and an up-to-date database.

    With an app token it speaks Socket Mode; with a signing secret it listens for signed requests.

    Example:

      CHATELIER_SLACK__BOT_TOKEN=xoxb-… CHATELIER_SLACK__APP_TOKEN=xapp-… chatelier run slack
    """
    from chatelier.runtime.logging_setup import set_up_logging
    from chatelier.settings import load_settings
    from chatelier.wiring.frontends import run_slack

    settings = load_settings()
    set_up_logging(settings)
    serve_figures(metrics)
    run_slack(settings, ready_file=ready_file)
