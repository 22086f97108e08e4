"""`chatelier bench gpu`: a card, figure by figure, each in the file as soon as it is measured."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatelier.benchmarks.report import JsonFile, show, write_figures

if TYPE_CHECKING:
    from engine.benchmarks.card.report import Figure


def gpu(
    *,
    pictures: Annotated[int, typer.Option(min=4, max=1000, help="Large pictures to paint at most.")] = 32,
    seconds: Annotated[
        float, typer.Option(min=5, max=3600, help="How long it may take, about; the rest is left out.")
    ] = 480,
    small: Annotated[
        bool, typer.Option("--small", help="Tiny models instead, on any device: to try the command out.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """A CUDA card with models of SDXL's size and random weights: everything, in about eight minutes.

    No weights are needed. The settings of the section speed hold. Each figure is written into the file at once, so that
    what was measured survives whatever ends the command.

    Example: [bold]chatelier bench gpu --json card.json[/]
    """
    from chatelier.runtime.console import remarks
    from chatelier.settings import load_settings
    from chatelier.wiring.workers import speed_of
    from engine.benchmarks.card.measure_card import LARGE, QUICK, measure_card
    from engine.benchmarks.card.report import CardReport

    settings, console = load_settings(), remarks()

    printed: set[str] = set()

    def record_figure(figure: "Figure") -> None:
        if figure.key not in printed:  # a curve comes point by point; the table at the end has all of it
            printed.add(figure.key)
            console.print(f"{figure.label}: {figure.text}", soft_wrap=True, markup=False, highlight=False)
        if json_file not in (None, Path("-")):
            write_figures(json_file, report.data())

    report = CardReport(longest_seconds=seconds, on_figure=record_figure, say=console.print)
    try:
        measure_card(
            report,
            speed=speed_of(settings),
            device=settings.worker.device or ("cpu" if small else "cuda"),
            large="small" if small else LARGE,
            quick="small" if small else QUICK,
            pictures=pictures,
        )
    finally:
        if report.data():
            show("The card", report.rows(), report.data(), json_file=json_file)
