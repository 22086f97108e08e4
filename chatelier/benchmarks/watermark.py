"""`chatelier bench marks`: how well the invisible mark survives, what it costs and how loud it is."""

import json
import platform
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from PIL import Image

    from moderation.provenance.watermark.robustness import MarkFigures

_SIDES = (256, 512, 1024)
_PROMPTS = (
    "a red apple on a blue table",
    "a boat on the sea at night",
    "a cat in the snow",
    "a castle on a green hill under a blue sky",
    "three yellow flowers in a vase",
    "a rocket in space",
    "a fox in a forest in autumn",
    "a red car in a city at dusk",
)


def marks(
    pictures: Annotated[int, typer.Option(min=2, max=1000, help="Pictures of each kind and size.")] = 32,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """The invisible mark after JPEG, resizing, brightness, cropping, a mirror and small turns.

    On Thimble's pictures and on pictures with the statistics of photographs.

    Also counts marks found in pictures that have none. Takes a minute or two.

    Example: [bold]chatelier bench marks --pictures 100[/]
    """
    from chatelier.runtime.console import remarks
    from moderation.provenance.watermark.robustness import measure

    figures = []
    for name, made in _sets(pictures):
        remarks().print(f"{name} …")
        figures.append(measure(name, made))
    if as_json:
        typer.echo(
            json.dumps(
                {"machine": platform.platform(), "sets": [asdict(result) for result in figures]}, indent=2
            )
        )
    else:
        _show(figures)


def _sets(count: int) -> "Iterator[tuple[str, list[Image.Image]]]":
    from moderation.provenance.watermark.robustness import photograph

    yield "Thimble 256²", list(_generate(count))
    for side in _SIDES:
        yield f"photographic {side}²", [photograph(side, seed) for seed in range(count)]


def _generate(count: int) -> "Iterator[Image.Image]":
    from chatelier.settings import load_settings
    from chatelier.wiring.workers import open_generator
    from engine.generation_task import GenerationTask
    from studio.domain.requests import Operation, PaintRequest

    generator = open_generator(load_settings(), stays=False)
    try:
        for number in range(0, count, 4):
            prompt = _PROMPTS[number // 4 % len(_PROMPTS)]
            request = PaintRequest(
                operation=Operation.IMAGINE, prompt=prompt, seed=number, count=min(4, count - number)
            )
            for painted in generator.generate(GenerationTask(job_id="bench", person="", request=request)):
                yield painted.image
    finally:
        generator.close()


def _show(figures: "list[MarkFigures]") -> None:
    from rich.table import Table

    from chatelier.runtime.console import answers

    table = Table("", *(result.pictures for result in figures), title="The invisible mark")
    for attack in figures[0].read_percent:
        table.add_row(f"read after {attack}", *(f"{result.read_percent[attack]:g} %" for result in figures))
    table.add_row(
        "found where there is none", *(f"{result.false_marks} of {result.count}" for result in figures)
    )
    table.add_row("dB, mean", *(f"{result.mean_decibels}" for result in figures))
    table.add_row("dB, least", *(f"{result.least_decibels}" for result in figures))
    table.add_row("ms to embed", *(f"{result.embed_ms:g}" for result in figures))
    table.add_row("ms to find", *(f"{result.find_ms:g}" for result in figures))
    table.add_row("ms to find none, longest", *(f"{result.absent_ms:g}" for result in figures))
    answers().print(table)
