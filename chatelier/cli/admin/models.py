"""`chatelier models …`: which models there are, and whether they are whole."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from engine.catalog.catalog import ModelCatalogue, ModelEntry


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="The models that can paint.", no_args_is_help=True)
    for command in (list_, pull, add, check):
        group.command(command.__name__.rstrip("_"))(command)
    app.add_typer(group, name="models")


def list_() -> None:
    """List the models, the default one first, and whether their weights are on this machine.

    Example:

      chatelier models list
    """
    from rich.table import Column, Table

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
            entry.purpose,
        )
    answers().print(table)
    for note in bundled_notes(catalogue).values():
        answers().print(note, style="dim")


def pull(
    names: list[str] = typer.Argument(help="The models to fetch.", metavar="NAME…"),
) -> None:
    """Fetch the weights of models and upscalers from their hub, or what is missing of them.

    Example:

      chatelier models pull sdxl
    """
    from chatelier.runtime.console import answers

    catalogue = _catalogue()
    for name in names:
        if name in catalogue.upscalers:
            place = catalogue.upscaler(name, offline=False)
        else:
            place = str(catalogue.pull(catalogue.find(name)))
        answers().print(f"{name}: {place}", soft_wrap=True)


def add(  # noqa: PLR0917 - options are named on the command line
    name: str = typer.Argument(help="The name that people type after --model."),
    source: str = typer.Argument(
        help="A folder in the diffusers layout, a .safetensors checkpoint, owner/name on the hub, or the address"
        " of a server with OpenAI's images API."
    ),
    family: str = typer.Option(
        "auto",
        help="sdxl, qwen-image and so on, or pipeline for a whole call; auto reads it from the folder.",
    ),
    title: str = typer.Option("", help="A few words about it."),
    purpose: str = typer.Option("", help="What people should take it for."),
    width: int | None = typer.Option(None, min=64, max=4096, help="The width it was made for, in pixels."),
    height: int | None = typer.Option(None, min=64, max=4096, help="The height it was made for, in pixels."),
    steps: int = typer.Option(25, min=1, max=200, help="Denoising steps."),
    guidance: float = typer.Option(7.5, min=0, max=30, help="How closely to follow the words; 0 for none."),
    scheduler: str | None = typer.Option(None, help="Another scheduler than the model's own."),
    dtype: str = typer.Option("auto", help="auto, float32, bfloat16 or float16."),
    licence: str = typer.Option("unknown", help="The licence of the weights."),
    memory: float = typer.Option(4.0, min=0.1, help="Accelerator memory that it needs, in GiB."),
    revision: str | None = typer.Option(None, help="A branch, tag or commit of the hub's repository."),
    config: str | None = typer.Option(
        None, help="For a checkpoint: a model of its kind, by name or folder, to be configured like."
    ),
    remote_model: str = typer.Option("", help="For a server: the model's name there."),
    key_env: str = typer.Option("", help="For a server: the environment variable with its API key."),
    key_file: str = typer.Option("", help="For a server: the file with its API key."),
    sizes: str = typer.Option("", help="For a server: its only sizes, such as 1024x1024,1536x1024."),
    sends: str = typer.Option("", help="For a server: what it takes beside, such as seed,negative_prompt."),
    edits_by_words: bool = typer.Option(False, help="For a server: it has /images/edits."),
) -> None:
    """Add a model to this studio, or replace the one of that name, in models.toml of the home folder.

    A checkpoint in one file is written into the home folder once, in the diffusers layout.

    Examples:

      chatelier models add ours /srv/models/ours --title "Our own style"

      chatelier models add big owner/name --width 1024 --height 1024 --memory 10

      chatelier models add mine mine.safetensors --config sdxl

      chatelier models add far http://127.0.0.1:30000/v1 --remote-model Qwen/Qwen-Image --sends seed
    """
    from chatelier.cli.admin.model_sources import (
        find_source,
        is_address,
        native_pixels,
        read_remote_options,
        refuse_bad,
        refuse_incomplete,
    )
    from chatelier.runtime.console import answers
    from chatelier.settings import load_settings
    from chatelier.wiring.instance import make_folder
    from engine.catalog.catalog import ModelEntry, read_entries, write_entry
    from engine.catalog.remote_entry import FAMILY as REMOTE

    settings = load_settings()
    name = name.strip().lower()
    remote = None
    if is_address(source):
        remote = read_remote_options(
            model=remote_model, key_env=key_env, key_file=key_file, sizes=sizes, sends=sends
        )
        family = REMOTE if family == "auto" else family
    refuse_bad(name, family, dtype)
    make_folder(settings.home)
    if remote is None:
        source, family = find_source(
            _catalogue(), name, source, family=family, config=config, home=settings.home
        )
    native = native_pixels(source, family)
    entry = ModelEntry(
        name=name,
        source=source,
        family=family,
        title=title,
        purpose=purpose,
        width=width or native,
        height=height or native,
        steps=steps,
        guidance_scale=guidance,
        scheduler=scheduler,
        dtype=dtype,
        licence=licence,
        memory_gib=memory,
        revision=revision,
        remote=remote,
        edits_by_words=edits_by_words,
        takes_references=int(edits_by_words),
    )
    refuse_incomplete(entry)
    write_entry(settings.models_file, entry)
    read_entries(settings.models_file)
    fetch = f" Fetch its weights with: chatelier models pull {entry.name}" if entry.on_hub else ""
    answers().print(f"{entry.name} is in {settings.models_file}.{fetch}", soft_wrap=True)


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
