"""`chatelier bench chat`: a busy chat on the step batcher, in static batches, and one request at a time."""

from contextlib import nullcontext
from dataclasses import asdict
from typing import Annotated

import typer

from chatelier.benchmarks.report import JsonFile, show


def chat(
    *,
    people: Annotated[int, typer.Option(min=1, max=200, help="How many ask.")] = 20,
    requests: Annotated[int, typer.Option(min=4, max=2000, help="How many requests arrive at most.")] = 80,
    load: Annotated[float, typer.Option(min=0.1, max=2, help="Share of what the step batcher can do.")] = 0.7,
    model: Annotated[str | None, typer.Option(help="Paint with this model instead of pausing.")] = None,
    random: Annotated[
        str | None, typer.Option(help="Or with random weights: sdxl, sdxl-turbo, sd15, small.")
    ] = None,
    rows: Annotated[int | None, typer.Option(min=1, max=64, help="Most rows of a forward pass.")] = None,
    seconds: Annotated[float, typer.Option(min=5, max=3600, help="How long it may take, about.")] = 150,
    pause_ms: Annotated[float, typer.Option(min=0, help="Length of a pause without its rows.")] = 30,
    row_ms: Annotated[float, typer.Option(min=0, help="What each row adds to that pause.")] = 2,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Pauses in virtual time: the same figures on every machine.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """How long people in a busy chat wait for the first preview, the first picture and all pictures.

    Mixed sizes, steps, guidance and edits arrive at random. Without a model, a forward pass is a pause, about as long
    as on a large card. The same requests are painted three times.

    Example: [bold]chatelier bench chat --people 20[/]
    """
    from chatelier.benchmarks.stages import open_stage
    from engine.benchmarks.chat.chat_load import measure_chat, measure_virtual_chat
    from engine.benchmarks.harness import pause_stage
    from engine.benchmarks.virtual_load import PassCost

    if virtual:
        figures = measure_virtual_chat(
            PassCost(pause_ms / 1000, row_ms / 1000),
            people=people,
            requests=requests,
            load=load,
            max_rows=rows or 16,
        )
        show("A busy chat", figures.rows(), asdict(figures), json_file=json_file)
        return
    pauses = model is None and random is None
    pause = pause_stage(seconds=pause_ms / 1000, seconds_per_row=row_ms / 1000)
    with nullcontext(pause) if pauses else open_stage(model, random) as stage:
        figures = measure_chat(
            stage,
            people=people,
            requests=requests,
            load=load,
            rows=rows or (16 if pauses else None),
            longest_seconds=seconds,
        )
    show("A busy chat", figures.rows(), asdict(figures), json_file=json_file)
