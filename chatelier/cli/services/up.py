"""`chatelier up`: the whole installation on one machine."""

import typer


def register(app: typer.Typer) -> None:
    app.command("up")(up)


def up(
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Write process output to the log files only."),
    hang_seconds: float = typer.Option(  # processes send a heartbeat every ten seconds
        60.0, min=20.0, help="Restart a process that has sent no heartbeat for this many seconds."
    ),
) -> None:
    """Run everything on this machine: Redis, one worker, maintenance, the web page, and every front end with a
    token.

    With nothing configured it runs its own Redis, keeps all in the home folder, paints with the bundled
    model and prints the address to open. What dies is started again. Ctrl-C shuts everything down cleanly.

    Examples:

      chatelier up

      CHATELIER_WEB__PORT=9000 chatelier up --quiet
    """
    from chatelier.launcher.launch import start_instance
    from chatelier.runtime.console import print_warning
    from chatelier.settings import read_settings

    loaded = read_settings()
    for warning in loaded.warnings:
        print_warning(warning)
    start_instance(loaded, quiet=quiet, hang_seconds=hang_seconds)
