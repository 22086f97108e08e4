"""`chatelier models add`: a model by its folder, file, hub name or server, used as its files say."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from engine.catalog.catalog import ModelEntry
    from engine.catalog.defaults.native_defaults import NativeDefaults


def add(  # noqa: PLR0917 - options are named on the command line
    name: str = typer.Argument(
        help="The name that people type after --model; may be left out, and is then that of the source.",
        metavar="[NAME]",
    ),
    source: str | None = typer.Argument(
        None,
        help="A folder in the diffusers layout, a .safetensors or .gguf file, owner/name on the hub, or the address"
        " of a server with OpenAI's images API.",
        metavar="SOURCE",
    ),
    family: str = typer.Option(
        "auto",
        help="sdxl, qwen-image and so on, or pipeline for a whole call; auto reads it from the files.",
    ),
    title: str = typer.Option("", help="A few words about it."),
    purpose: str = typer.Option("", help="What people should take it for."),
    width: int | None = typer.Option(None, min=64, max=4096, help="The width it was made for, in pixels."),
    height: int | None = typer.Option(None, min=64, max=4096, help="The height it was made for, in pixels."),
    steps: int | None = typer.Option(None, min=1, max=200, help="Denoising steps; unset: what suits it."),
    guidance: float | None = typer.Option(
        None, min=0, max=30, help="How closely to follow the words, 0 for none; unset: what suits it."
    ),
    scheduler: str | None = typer.Option(None, help="Another scheduler than the model's own."),
    dtype: str = typer.Option("auto", help="auto, float32, bfloat16 or float16."),
    quantise: str = typer.Option(
        "auto", help="int8 or fp8: the denoiser in 8 bits, with torchao; off: never."
    ),
    licence: str = typer.Option("unknown", help="The licence of the weights."),
    memory: float | None = typer.Option(
        None, min=0.1, help="Accelerator memory that it needs, in GiB; unset: the size of its weights."
    ),
    price: float = typer.Option(
        1.0, min=0.01, max=1000, help="What its pictures cost: so many times the usual credits."
    ),
    revision: str | None = typer.Option(None, help="A branch, tag or commit of the hub's repository."),
    config: str | None = typer.Option(
        None,
        help="For a file: a model of its kind, by name or folder, that has the other parts; unset: one that is here.",
    ),
    remote_model: str = typer.Option("", help="For a server: the model's name there."),
    key_env: str = typer.Option("", help="For a server: the environment variable with its API key."),
    key_file: str = typer.Option("", help="For a server: the file with its API key."),
    sizes: str = typer.Option("", help="For a server: its only sizes, such as 1024x1024,1536x1024."),
    sends: str = typer.Option("", help="For a server: what it takes beside, such as seed,negative_prompt."),
    edits_by_words: bool = typer.Option(False, help="For a server: it has /images/edits."),
) -> None:
    """Add a model to this studio, or replace the one of that name, in models.toml of the home folder.

    Family, size, steps, guidance and scheduler are read from its files, as far as nothing else is said. A whole
    checkpoint in one file is written into the home folder once, in the diffusers layout; a file with a denoiser alone
    stays where it is.

    Examples:

      chatelier models add mine.safetensors

      chatelier models add ours /srv/models/ours --title "Our own style"

      chatelier models add big owner/name --memory 10

      chatelier models add far http://127.0.0.1:30000/v1 --remote-model Qwen/Qwen-Image --sends seed
    """
    from chatelier.cli.admin.model_commands.sources import (
        find_source,
        is_address,
        name_of,
        read_remote_options,
        refuse_bad,
        refuse_incomplete,
    )
    from chatelier.runtime.console import answers
    from chatelier.settings import load_settings
    from chatelier.wiring.instance import make_folder
    from chatelier.wiring.model_catalogue import model_catalogue
    from engine.catalog.catalog import ModelEntry, read_entries, write_entry
    from engine.catalog.remote_entry import FAMILY as REMOTE

    settings = load_settings()
    if source is None:
        name, source = name_of(name), name
    name = name.strip().lower()
    remote = None
    if is_address(source):
        remote = read_remote_options(
            model=remote_model, key_env=key_env, key_file=key_file, sizes=sizes, sends=sends
        )
        family = REMOTE if family == "auto" else family
    refuse_bad(name, family, dtype, quantise)
    make_folder(settings.home)
    found = find_source(
        model_catalogue(settings),
        ModelEntry(name=name, source=source, family=family, revision=revision),
        config=config,
        home=settings.home,
    )
    defaults = found.defaults
    entry = ModelEntry(
        name=name,
        source=found.source,
        family=found.family,
        title=title,
        purpose=purpose,
        width=width or found.pixels,
        height=height or found.pixels,
        steps=defaults.steps if steps is None else steps,
        guidance_scale=defaults.guidance_scale if guidance is None else guidance,
        scheduler=scheduler or defaults.scheduler,
        dtype=dtype,
        quantise=quantise,
        licence=found.licence or licence if licence == "unknown" else licence,
        memory_gib=memory or found.memory_gib,
        price=price,
        revision=revision,
        denoiser=found.denoiser,
        remote=remote,
        edits_by_words=edits_by_words,
        takes_references=int(edits_by_words),
    )
    refuse_incomplete(entry)
    write_entry(settings.models_file, entry)
    read_entries(settings.models_file)
    answers().print(_summary(entry, defaults), soft_wrap=True)
    fetch = f" Fetch its weights with: chatelier models pull {entry.name}" if entry.on_hub else ""
    answers().print(f"{entry.name} is in {settings.models_file}.{fetch}", soft_wrap=True)


def _summary(entry: "ModelEntry", defaults: "NativeDefaults") -> str:
    """How it will be used, and why where that is not the family's usual."""
    because = f" ({defaults.because})" if defaults.because else ""
    price = f", {entry.price:g} times the usual credits" if entry.price != 1 else ""
    scheduler = f", {entry.scheduler}" if entry.scheduler else ""
    return (
        f"{entry.family}, {entry.width}×{entry.height}, {entry.steps} steps, guidance {entry.guidance_scale:g}"
        f"{scheduler}{because}{price}"
    )
