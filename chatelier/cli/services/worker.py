"""`chatelier worker`: a process that paints."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import typer

from chatelier.runtime.metrics_server import METRICS, serve_figures


def register(app: typer.Typer) -> None:
    app.command("worker")(worker)


def worker(
    ready_file: Path | None = typer.Option(
        None,
        "--ready-file",
        help="Keep this file fresh once the model is loaded and jobs are taken.",
        show_default=False,
    ),
    metrics: str | None = METRICS,
) -> None:
    """Paint what the front ends ask for, until Ctrl-C or SIGTERM. What is being painted then goes back to the
    queue.

    With several CUDA cards and no device in the settings, each card has a process of its own. All workers need the
    same database, Redis and storage as the front ends.

    Examples:

      chatelier worker

      CHATELIER_WORKER__DEVICE=cuda:1 chatelier worker
    """
    from chatelier.launcher.card_workers import card_programs, run_card_workers, visible_cards
    from chatelier.runtime.console import remarks
    from chatelier.runtime.logging_setup import set_up_logging
    from chatelier.settings import load_settings
    from chatelier.wiring.workers import run_worker

    settings = load_settings()
    set_up_logging(settings)
    if settings.worker.device is None and len(cards := visible_cards(os.environ)) > 1:
        programs = card_programs(cards, run_folder=settings.run_folder, metrics=metrics)
        run_card_workers(programs, settings=settings, console=remarks(), on_ready=readiness(ready_file))
        return
    serve_figures(metrics)
    run_worker(settings, on_ready=readiness(ready_file))
    logging.shutdown()
    # Everything is given back and closed. Taking the accelerator library apart object by object would only keep
    # people waiting for the next worker, for several seconds.
    os._exit(0)


def readiness(path: Path | None) -> Callable[[], None]:
    """What to call once everything runs: from then on `path` is kept fresh. Until then there is no such file.

    So a start that takes long, as with a large model, does not look like a process that hangs.
    """
    from bots.process.heartbeat_file import beat_in_thread, take_away

    def mark() -> None:
        if path is not None:
            beat_in_thread(path)

    if path is not None:
        take_away(path)
    return mark
