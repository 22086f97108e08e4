"""`chatelier models …`: which models there are, and whether they are whole."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from engine.catalog.catalog import ModelCatalogue, ModelEntry
    from engine.catalog.sources.hub import FetchPlan


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="The models that can paint.", no_args_is_help=True)
    from chatelier.cli.admin.model_commands.add import add

    for command in (list_, pull, add, check):
        group.command(command.__name__.rstrip("_"))(command)
    app.add_typer(group, name="models")


def list_() -> None:
    """List the models, the default one first, and whether their weights are on this machine.

    Example:

      chatelier models list
    """
    from rich.table import Column, Table

    from bots.texts.coded.sentences import say_stored
    from chatelier.runtime.console import answers
    from engine.catalog.bundled_notes import bundled_notes

    catalogue = _catalogue()
    table = Table(
        Column("name", no_wrap=True), "size", "steps", "memory", "weights", "licence", "for what", box=None
    )
    for entry in catalogue.entries:
        table.add_row(
            entry.name,
            f"{entry.width}×{entry.height}",
            str(_steps(catalogue, entry)),
            "none" if entry.is_remote else f"{entry.memory_gib:g} GiB",
            _whereabouts(catalogue, entry),
            entry.licence.partition(";")[0],
            entry.purpose
            if entry.price == 1
            else f"{entry.purpose} ({entry.price:g} times the price)".strip(),
        )
    answers().print(table)
    for note in bundled_notes(catalogue).values():
        answers().print(say_stored(note), style="dim")


def pull(
    names: list[str] = typer.Argument(help="The models to fetch.", metavar="NAME…"),
    addons: list[str] = typer.Option(
        [],
        "--with",
        help="controlnets or ip-adapter: what its entry names beside the model.",
        metavar="ADDONS",
    ),
) -> None:
    """Fetch the weights of models and upscalers from their hub, or what is missing of them.

    Says first how large they are, under which licence, and how much room there is. A pull that was cut off goes on
    where it was.

    Examples:

      chatelier models pull sdxl

      chatelier models pull sdxl --with controlnets --with ip-adapter
    """
    from chatelier.runtime.console import answers
    from engine.catalog.addons import ADDONS
    from studio.errors import ConfigurationError

    if unknown := sorted(set(addons) - set(ADDONS)):
        raise ConfigurationError(f"--with {unknown[0][:40]} must be one of {', '.join(ADDONS)}.")
    catalogue = _catalogue()
    for name in names:
        if name in catalogue.upscalers:
            place = catalogue.upscaler(name, offline=False)
        else:
            entry = catalogue.find(name)
            for plan in catalogue.plans(entry, addons=addons):
                _announce(entry, plan)
            place = str(catalogue.pull(entry, addons=addons))
            if absent := catalogue.absent_addons(entry):
                more = " ".join(f"--with {addon}" for addon in absent)
                answers().print(
                    f"Without {' and '.join(absent)}: chatelier models pull {name} {more}", style="dim"
                )
        answers().print(f"{name}: {place}", soft_wrap=True)


def _announce(entry: "ModelEntry", plan: "FetchPlan") -> None:
    """Raises `StorageError` where it does not fit onto the disk."""
    from chatelier.runtime.console import answers
    from studio.errors import StorageError

    missing, size, free = (gibibytes(part) for part in (plan.missing_bytes, plan.size_bytes, plan.free_bytes))
    named = "unknown" if plan.name else entry.licence
    licence = named if named != "unknown" else plan.licence or "unknown"
    name = plan.name or entry.name
    answers().print(f"{name}: {missing} to fetch of {size}, licence {licence}, {free} free", soft_wrap=True)
    if not plan.fits:
        raise StorageError(f"{name} needs {missing} and the disk has {free} free. Nothing was fetched.")


def gibibytes(size_bytes: int) -> str:
    """``7.2 GiB``, or MiB where it is less."""
    return f"{size_bytes / 2**30:.1f} GiB" if size_bytes >= 2**30 else f"{size_bytes / 2**20:.0f} MiB"


def check(
    names: list[str] | None = typer.Argument(
        None, help="The models to check; all that are here, if none is named."
    ),
) -> None:
    """Check that all that loading needs of models is there, whole and of their family. Exit status 1 when not.

    Example:

      chatelier models check thimble
    """
    from chatelier.runtime.console import answers, print_error
    from engine.adapters.remote.probe import probe
    from studio.errors import ModelLoadError

    catalogue = _catalogue()
    entries = [catalogue.find(name) for name in names or catalogue.names]
    broken = 0
    for entry in entries:
        if not names and entry.on_hub and _whereabouts(catalogue, entry) == "not fetched":
            answers().print(f"{entry.name}: not fetched", style="dim")
            continue
        try:
            if entry.is_remote:
                answers().print(f"{entry.name}: {probe(entry)}", soft_wrap=True)
                continue
            folder = catalogue.check(entry)
            _require_family(catalogue.resolve_extras(entry), folder)
            answers().print(f"{entry.name}: whole, {catalogue.hash(entry)[:12]} in {folder}", soft_wrap=True)
            for problem in catalogue.extras_problems(entry):
                broken += 1
                print_error(f"{entry.name}: {problem}")
        except ModelLoadError as error:
            broken += 1
            print_error(f"{entry.name}: {error}")
    if broken:
        raise typer.Exit(1)


def _require_family(entry: "ModelEntry", folder: "Path") -> None:
    """Loads torch, so only for files that are all there. Raises `ModelLoadError`."""
    from engine.adapters.loading.model_parts import choose_device
    from engine.adapters.registry import new_model

    new_model(entry, folder, device=choose_device("cpu"))


def _catalogue() -> "ModelCatalogue":
    from chatelier.settings import load_settings
    from chatelier.wiring.model_catalogue import model_catalogue

    return model_catalogue(load_settings())


def _whereabouts(catalogue: "ModelCatalogue", entry: "ModelEntry") -> str:
    from studio.errors import ModelLoadError

    if entry.bundled:
        return "bundled"
    if entry.is_remote:
        return "on a server"
    try:
        return "here" if catalogue.folder(entry).is_dir() else "folder is missing"
    except ModelLoadError:
        return "not fetched"


def _steps(catalogue: "ModelCatalogue", entry: "ModelEntry") -> int:
    """As recipes tell them: what a prior in the model's folder says goes first."""
    from engine.catalog.model_files import read_json
    from studio.errors import ModelLoadError

    try:
        prior = catalogue.folder(entry) / "prior" / "prior.json"
        return int(read_json(prior).get("steps", entry.steps)) if prior.is_file() else entry.steps
    except ModelLoadError:  # of which its place tells, and `check`
        return entry.steps
