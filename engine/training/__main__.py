"""`python -m engine.training --out DIR`: train the bundled model, or go on training it."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from engine.training.run import Run
from engine.training.stages.config import Route, plan_for


def train(
    out: Annotated[Path, typer.Option(help="Folder of the run: checkpoints, grids and the model.")],
    minutes: Annotated[float, typer.Option(help="How long to train, in minutes.", min=0.0)] = 120,
    route: Annotated[
        Route, typer.Option(help="Whether a library lays pictures out, or the words alone decide them.")
    ] = Route.RETRIEVAL,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
    tiny: Annotated[
        bool, typer.Option("--tiny", help="A few steps on plain shapes, without downloads.")
    ] = False,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for downloads, when several runs share them.")
    ] = None,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 takes all.", min=0)] = 0,
) -> None:
    """Train autoencoder, text encoder and UNet, and write a diffusers folder to OUT/model. Ctrl-C saves."""
    import torch

    if threads:
        torch.set_num_threads(threads)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns) as progress:
        bars: dict[str, int] = {}

        def tick(stage: str, share: float, detail: str) -> None:
            if stage not in bars:
                bars[stage] = progress.add_task(stage, total=1.0, detail="")
            progress.update(bars[stage], completed=share, detail=detail)  # type: ignore[arg-type]

        try:
            run = Run(out, plan_for(route, tiny=tiny), route=route, cache=cache, tick=tick)
        except OSError as problem:
            sys.exit(
                f"Nothing can be written into {out} ({problem.strerror}). Name another folder with --out."
            )
        if run.has_begun() and not resume:
            sys.exit(
                f"There is a run in {out} already: add --resume to go on with it, or choose another folder."
            )
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # what stops a background run saves it, too
        try:
            run.go(minutes)
        except KeyboardInterrupt:
            sys.exit("Stopped. Everything learnt is saved; add --resume to go on.")
        except (OSError, FileNotFoundError) as problem:
            sys.exit(f"Training cannot go on: {problem}")
    print(f"The model is in {run.model}")


if __name__ == "__main__":
    typer.run(train)
