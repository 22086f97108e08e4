"""`chatelier bench thimble`: what the bundled model gets right, judged by a scorer that was trained apart from it."""

import json
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from engine.catalog.catalog import ModelCatalogue
    from engine.training.evaluation.evaluate import Figures

THREADS = 2


def thimble(
    model: Annotated[str | None, typer.Option(help="The model; the bundled one by default.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="An eighth of the questions.")] = False,
    compare: Annotated[
        Path | None, typer.Option(help="Figures to compare with; those beside the model by default.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Where to keep the figures, as JSON.")] = None,
    people: Annotated[
        bool, typer.Option("--people", help="Only count who appears for a doctor, a nurse, a person …")
    ] = False,
    card: Annotated[bool, typer.Option("--card", help="Print rows for the model card.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """The exam of the bundled model: captions, colours, numbers, positions, variety, edits, expansions, time.

    Paints 671 pictures on two cores, which takes about six minutes; with [bold]--quick[/] less than one.

    Example: [bold]chatelier bench thimble --quick[/]
    """
    from chatelier.runtime.console import answers, remarks
    from chatelier.settings import load_settings
    from chatelier.wiring.model_catalogue import model_catalogue
    from engine.training.evaluation.report import (
        FIGURES_FILE,
        card_rows,
        compare_figures,
        read_figures,
        save_figures,
    )

    settings = load_settings()
    models = model_catalogue(settings)
    entry = models.find(model or models.names[0])
    folder = models.check(entry)
    if people:
        _show_people(folder)
        return
    # An eighth of the questions is other questions: compared only with figures that are named.
    before = {} if quick and compare is None else read_figures(compare or folder / FIGURES_FILE)
    figures = _sit(models, entry.name, device=settings.worker.device, quick=quick)
    if save is not None:
        save_figures(figures, save, machine=platform.platform())
        remarks().print(f"The figures are in {save}.", soft_wrap=True)
    if as_json:
        replies = {"machine": platform.platform(), "model": entry.name, "quick": quick}
        answers().print_json(json.dumps({**replies, "figures": asdict(figures), "before": before}))
    elif card:
        answers().print(card_rows(figures, before), soft_wrap=True, markup=False)
    else:
        _show(("", "now", "before", ""), compare_figures(figures, before), title=f"The exam of {entry.name}")


def _show_people(folder: Path) -> None:
    from engine.training.evaluation.demographics import SEEDS, rows_of, who_appears

    rows = rows_of(who_appears(folder / "prior"))
    _show(("asked for", "who appears"), rows, title=f"{SEEDS} seeds each")


def _sit(models: "ModelCatalogue", model: str, *, device: str | None, quick: bool) -> "Figures":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from chatelier.runtime.console import remarks
    from engine.generation.device_settings import DeviceSettings
    from engine.generation.generator import ImageGenerator
    from engine.layout_prior import CollageComposer
    from engine.layout_prior.layout_prior import load_prior
    from engine.training.evaluation.evaluate import exam_size, sit
    from engine.training.evaluation.sampling import EvaluationRun

    generator = ImageGenerator(models, DeviceSettings(device=device, threads=THREADS), default_model=model)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=remarks()) as progress:
            bar = progress.add_task("Opening the model", total=exam_size(quick=quick))
            generator.warm_up()
            sitting = EvaluationRun(
                generator, model, tick=lambda pictures: progress.update(bar, advance=pictures)
            )
            prior = load_prior(models.folder(models.find(model)))
            composer = prior.composer if prior is not None else None
            return sit(
                sitting,
                quick=quick,
                note=lambda part: progress.update(bar, description=part),
                composer=composer if isinstance(composer, CollageComposer) else None,
            )
    finally:
        generator.close()


def _show(heads: Sequence[str], rows: Iterable[Sequence[str]], *, title: str) -> None:
    from rich.table import Table

    from chatelier.runtime.console import answers

    table = Table(*heads, title=title)
    for row in rows:
        table.add_row(*row)
    answers().print(table)
