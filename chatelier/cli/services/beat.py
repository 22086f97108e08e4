"""`chatelier beat`: maintenance."""

from pathlib import Path

import typer

from chatelier.runtime.metrics_server import METRICS, serve_figures


def register(app: typer.Typer) -> None:
    app.command("beat")(beat)


def beat(
    ready_file: Path | None = typer.Option(
        None, "--ready-file", help="Keep this file fresh once the sweeps run.", show_default=False
    ),
    metrics: str | None = METRICS,
) -> None:
    """Every few seconds, find jobs that nobody works on and events that nobody sent. Run one; two do no harm.

    Example:

      CHATELIER_REDIS_URL=redis://localhost:6379/0 chatelier beat
    """
    from chatelier.cli.services.worker import readiness
    from chatelier.runtime.logging_setup import set_up_logging
    from chatelier.settings import load_settings
    from chatelier.wiring.workers import run_beat

    settings = load_settings()
    set_up_logging(settings)
    serve_figures(metrics)
    run_beat(settings, on_ready=readiness(ready_file))
