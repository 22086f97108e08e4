"""`chatelier bench`: figures instead of guesses."""

from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from chatelier.benchmarks.card import gpu
from chatelier.benchmarks.chat_load import chat
from chatelier.benchmarks.database_size.command import database
from chatelier.benchmarks.gathering_votes import votes
from chatelier.benchmarks.load.command import load
from chatelier.benchmarks.model_quality import thimble
from chatelier.benchmarks.mural import mural
from chatelier.benchmarks.report import JsonFile, show
from chatelier.benchmarks.router import router
from chatelier.benchmarks.stages import open_stage
from chatelier.benchmarks.watermark import marks

if TYPE_CHECKING:
    from engine.benchmarks.harness import Stage

bench = typer.Typer(
    help="Measure this machine. Each command prints a table; [bold]--json FILE[/] keeps the figures too.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
Model = Annotated[str | None, typer.Option(help="The model; the bundled one by default.")]
Random = Annotated[
    str | None,
    typer.Option(help="Instead, a model of real size with random weights: sdxl, sdxl-turbo, sd15, small."),
]


def register(app: typer.Typer) -> None:
    app.add_typer(bench, name="bench")


bench.command("thimble")(thimble)
bench.command("marks")(marks)
bench.command("mural")(mural)
bench.command("votes")(votes)
bench.command("chat")(chat)
bench.command("database")(database)
bench.command("load")(load)
bench.command("router")(router)
bench.command("gpu")(gpu)


@bench.command("room")
def room(model: Model = None, json_file: JsonFile = None) -> None:
    """The whole studio over loopback: opening, memory, four pictures. Many people are for [bold]bench load[/].

    A studio is opened in a temporary folder and closed again. Takes a minute or two.

    Example: [bold]chatelier bench room[/]
    """
    from chatelier.benchmarks.web_load import measure_web_load
    from chatelier.runtime.console import remarks

    figures = measure_web_load(model=model, say=remarks().print)
    show("The web page", figures.rows(), asdict(figures), json_file=json_file)


@bench.command("lanes", hidden=True)  # the name until version 0.1
@bench.command("mixed")
def mixed_load(
    *,
    model: Model = None,
    random: Random = None,
    requests: Annotated[int, typer.Option(min=4, max=1000, help="How many requests arrive at most.")] = 80,
    load: Annotated[float, typer.Option(min=0.1, max=2, help="Share of what the step batcher can do.")] = 0.7,
    pictures: Annotated[int, typer.Option(min=1, max=8, help="Pictures in each request.")] = 1,
    rows: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Most rows of a forward pass; default: the device's limit."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=5, max=3600, help="How long it may take, about.")] = 75,
    pause: Annotated[
        bool,
        typer.Option(
            "--pause", "--rehearse", help="No model: a forward pass is a pause, as long as on a large card."
        ),
    ] = False,
    pause_ms: Annotated[float, typer.Option(min=0, help="Length of that pause without its rows.")] = 30,
    row_ms: Annotated[float, typer.Option(min=0, help="What each row adds to that pause.")] = 2,
    virtual: Annotated[
        bool,
        typer.Option("--virtual", help="Such pauses in virtual time: the same figures on every machine."),
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Mixed requests as they come: batched per step, as whole requests, and one at a time.

    Paints the same requests three times, as many as fit into the time.

    Example: [bold]chatelier bench mixed --requests 20[/]
    """
    if virtual:
        from engine.benchmarks.virtual_load import PassCost, measure_virtual_load

        figures = measure_virtual_load(
            PassCost(pause_ms / 1000, row_ms / 1000),
            requests=requests,
            load=load,
            pictures=pictures,
            max_rows=rows or 16,
        )
        show("Mixed load", figures.rows(), asdict(figures), json_file=json_file)
        return
    from engine.benchmarks.mixed_load import measure_mixed_load

    with nullcontext(_pauses(pause_ms, row_ms)) if pause else open_stage(model, random) as stage:
        figures = measure_mixed_load(
            stage,
            requests=requests,
            load=load,
            pictures=pictures,
            rows=rows or (16 if pause else None),
            longest_seconds=seconds,
        )
    show("Mixed load", figures.rows(), asdict(figures), json_file=json_file)


@bench.command("throughput")
def throughput(
    model: Model = None,
    random: Random = None,
    pictures: Annotated[int, typer.Option(min=4, max=1000, help="How many pictures.")] = 16,
    steps: Annotated[int | None, typer.Option(min=1, max=200, help="Steps; the model's own.")] = None,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="How often each paints them, in turns.")] = 5,
    json_file: JsonFile = None,
) -> None:
    """Pictures a second on a busy step batcher, against the plain diffusers pipeline at its best batch.

    They paint in turns, so that whatever else the machine does slows both.

    Example: [bold]chatelier bench throughput --pictures 8 --rounds 3[/]
    """
    from engine.benchmarks.throughput import measure_throughput

    with open_stage(model, random) as stage:
        figures = measure_throughput(stage, pictures=pictures, steps=steps, rounds=rounds)
    show("Throughput", figures.rows(), asdict(figures), json_file=json_file)


@bench.command("fair")
def fair(
    model: Annotated[
        str | None, typer.Option(help="A model that paints; without one, passes are simulated by pauses.")
    ] = None,
    random: Random = None,
    others: Annotated[int, typer.Option(min=2, max=200, help="People who ask once.")] = 20,
    jobs: Annotated[int, typer.Option(min=1, max=500, help="Jobs of the heavy user.")] = 32,
    pictures: Annotated[int, typer.Option(min=1, max=8, help="Pictures in each job.")] = 4,
    virtual: Annotated[
        bool,
        typer.Option("--virtual", help="Such pauses in virtual time: the same figures on every machine."),
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """One person with many jobs and many people with one: who waits how long.

    Needs no model: the forward pass is a pause. About twenty seconds. With a model it is 72 jobs to paint.

    Example: [bold]chatelier bench fair[/], or [bold]chatelier bench fair --model thimble --pictures 1[/]
    """
    from engine.benchmarks.fairness import measure_fairness

    if model is None and random is None:
        figures = measure_fairness(others=others, spam_jobs=jobs, pictures=pictures, virtual=virtual)
    else:
        with open_stage(model, random) as stage:
            figures = measure_fairness(others=others, spam_jobs=jobs, pictures=pictures, stage=stage)
    show("Fairness", figures.rows(), asdict(figures), json_file=json_file)


@bench.command("overhead")
def overhead(
    model: Annotated[
        str | None, typer.Option(help="A model to compare with: its sizes and step time.")
    ] = None,
    random: Random = None,
    samples: Annotated[int, typer.Option(min=1, max=64, help="Samples side by side.")] = 16,
    json_file: JsonFile = None,
) -> None:
    """What the step batcher itself takes, around a forward pass that takes nothing.

    Example: [bold]chatelier bench overhead --random sdxl[/]
    """
    from engine.benchmarks.overhead import measure_overhead

    if model is None and random is None:
        figures = measure_overhead(samples=samples)
    else:
        with open_stage(model, random) as stage:
            figures = measure_overhead(samples=samples, stage=stage)
    show("Overhead", figures.rows(), asdict(figures), json_file=json_file)


@bench.command("upscale")
def upscale(
    people: Annotated[int, typer.Option(min=1, max=64, help="How many enlarge a picture at once.")] = 4,
    side: Annotated[int, typer.Option(min=32, max=1536, help="Width and height of each, in pixels.")] = 512,
    upscaler: Annotated[str | None, typer.Option(help="A name or a file; the bundled one.")] = None,
    json_file: JsonFile = None,
) -> None:
    """Pictures enlarged by several people at once: side by side and one after another.

    Example: [bold]chatelier bench upscale --people 4 --side 256[/]
    """
    from chatelier.settings import load_settings
    from engine.benchmarks.upscale import measure_upscaling

    worker = load_settings().worker
    figures = measure_upscaling(
        people=people,
        side_pixels=side,
        source=upscaler,
        device=worker.device,
        threads=worker.cpu_threads,
    )
    show("Upscaling", figures.rows(), asdict(figures), json_file=json_file)


@bench.command("queue")
def queue(
    jobs: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many jobs wait.")] = 5000,
    events: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many events are sent.")] = 25_000,
    json_file: JsonFile = None,
) -> None:
    """What waiting jobs and events take of Redis' memory, in a server of its own.

    Example: [bold]chatelier bench queue --jobs 100000[/]
    """
    from chatelier.benchmarks.queue.queue_memory import measure_queue_memory
    from chatelier.runtime.embedded_redis import temporary_server

    with temporary_server() as url:
        figures = measure_queue_memory(url, jobs=jobs, events=events)
    show("Redis' memory", figures.rows(), asdict(figures), json_file=json_file)


def _pauses(pause_ms: float, row_ms: float) -> "Stage":
    from engine.benchmarks.harness import pause_stage

    return pause_stage(seconds=pause_ms / 1000, seconds_per_row=row_ms / 1000)
