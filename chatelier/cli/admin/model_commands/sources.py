"""Where the weights of a model that is added come from: a folder, a checkpoint in one file, or a hub."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import ConfigurationError, ModelLoadError

if TYPE_CHECKING:
    from engine.catalog.catalog import ModelCatalogue
    from engine.catalog.defaults.checkpoint_traits import CheckpointTraits
    from engine.catalog.defaults.native_defaults import NativeDefaults
    from engine.catalog.entries import ModelEntry
    from engine.catalog.remote_entry import RemoteEntry

# What most models were made for, where nothing says otherwise.
_USUAL_PIXELS = 512
_USUAL_REMOTE_PIXELS = 1024
_USUAL_GIBIBYTES = 4.0


def refuse_bad(name: str, family: str, dtype: str, quantise: str) -> None:
    """Raises `ConfigurationError` before anything is written."""
    from engine.adapters.registry import FAMILIES
    from engine.catalog.checkpoint_detection import AUTO
    from engine.catalog.entries import DTYPES, QUANTISED
    from engine.catalog.remote_entry import FAMILY as REMOTE

    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name):
        raise ConfigurationError(f"{name[:40]} is not a valid model name. Use letters, digits, - and _.")
    if family not in {*FAMILIES, AUTO, REMOTE}:
        raise ConfigurationError(f"--family must be one of {', '.join([AUTO, *FAMILIES])}.")
    if dtype not in DTYPES:
        raise ConfigurationError(f"--dtype must be one of {', '.join(DTYPES)}.")
    if quantise not in QUANTISED:
        raise ConfigurationError(f"--quantise must be one of {', '.join(QUANTISED)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSource:
    """The source as the catalogue of models names it, and what its files say. `pixels` are a square's side."""

    source: str
    family: str
    pixels: int
    defaults: "NativeDefaults"
    memory_gib: float = _USUAL_GIBIBYTES
    licence: str = ""
    denoiser: str | None = None


def name_of(source: str) -> str:
    """A name for a model of which only the source is given."""
    last = source.rstrip("/").rpartition("/")[2]
    for suffix in (".safetensors", ".gguf"):
        last = last.removesuffix(suffix)
    return re.sub(r"[^a-z0-9._-]+", "-", last.lower()).strip("-._")[:64]


def find_source(
    catalogue: "ModelCatalogue", asked: "ModelEntry", *, config: str | None, home: Path
) -> FoundSource:
    """What an entry of name, source, family and revision comes to. A folder of this machine wins over a hub.

    Raises `ConfigurationError` for what is no model, or of another family.
    """
    from chatelier.cli.admin.model_commands.checkpoint_sources import find_checkpoint
    from engine.catalog.defaults.native_defaults import defaults_of
    from engine.catalog.entries import is_hub_name

    path = Path(asked.source).expanduser()
    if asked.is_remote:
        defaults = defaults_of(asked.family, folder=None, name="")
        return FoundSource(
            source=asked.source, family=asked.family, pixels=_USUAL_REMOTE_PIXELS, defaults=defaults
        )
    if path.is_file():
        folder, denoiser = find_checkpoint(catalogue, asked.name, path, config=config, home=home)
        return _in_folder(asked, folder, file=path, denoiser=denoiser)
    if path.is_dir():
        return _in_folder(asked, path)
    if not is_hub_name(asked.source) or path.suffix in {".safetensors", ".gguf", ".ckpt"}:
        raise ConfigurationError(
            f"There is no folder or file {asked.source}. Give a folder in the diffusers layout, "
            "a .safetensors or .gguf file, or owner/name on the hub."
        )
    return _on_hub(asked, home)


def _in_folder(
    asked: "ModelEntry", folder: Path, *, file: Path | None = None, denoiser: Path | None = None
) -> FoundSource:
    from engine.catalog.defaults.checkpoint_traits import read_traits
    from engine.catalog.model_files import DENOISERS, weight_files

    family = _family(asked.name, asked.family, folder)
    weights = [
        path
        for path in weight_files(folder)
        if path.suffix == ".safetensors" and (denoiser is None or path.parent.name not in DENOISERS)
    ]
    size_bytes = sum(path.stat().st_size for path in (*weights, *([denoiser] if denoiser else [])))
    return FoundSource(
        source=str(folder.resolve()),
        family=family,
        pixels=native_pixels(folder, family),
        defaults=native_defaults(
            folder,
            family,
            name=file.stem if file else folder.resolve().name,
            traits=read_traits(file) if file else None,
        ),
        memory_gib=_gibibytes(size_bytes),
        denoiser=str(denoiser.resolve()) if denoiser else None,
    )


def _on_hub(asked: "ModelEntry", home: Path) -> FoundSource:
    """By its configuration, a few kilobytes, where the hub answers; else its name is all that is known."""
    from engine.catalog.catalog import ModelEntry
    from engine.catalog.defaults.native_defaults import defaults_of
    from engine.catalog.sources.hub import CONFIGURATION_FILES, fetch, plan_fetch

    # Apart from what is pulled: a folder with configurations alone would look like a model that is here.
    index = home / "models" / "configurations"
    try:
        folder = fetch(asked, cache=index, offline=False, allowed=CONFIGURATION_FILES)
        plan = plan_fetch(asked, cache=home / "models" / "hub")
        family = _family(asked.name, asked.family, folder)
    except ModelLoadError:
        return FoundSource(
            source=asked.source,
            family=asked.family,
            pixels=_USUAL_PIXELS,
            defaults=defaults_of(asked.family, folder=None, name=asked.source),
        )
    known = ModelEntry(name=asked.name, source=str(folder), family=family)
    refuse_incomplete(known)
    return FoundSource(
        source=asked.source,
        family=family,
        pixels=native_pixels(folder, family),
        defaults=native_defaults(folder, family, name=asked.source),
        memory_gib=_gibibytes(plan.size_bytes),
        licence=plan.licence,
    )


def _gibibytes(size_bytes: int) -> float:
    """Rounded up to a tenth; a folder without weights tells nothing."""
    return math.ceil(size_bytes / 2**30 * 10) / 10 if size_bytes else _USUAL_GIBIBYTES


def is_address(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def read_remote_options(*, model: str, key_env: str, key_file: str, sizes: str, sends: str) -> "RemoteEntry":
    """Of the command line; lists have commas. Raises `ConfigurationError`."""
    from engine.catalog.remote_entry import read_remote

    table = {
        "model": model,
        "key_env": key_env,
        "key_file": str(Path(key_file).expanduser().resolve()) if key_file else "",
        "sizes": [size.strip() for size in sizes.split(",") if size.strip()],
        "sends": [parameter.strip() for parameter in sends.split(",") if parameter.strip()],
    }
    remote, problems = read_remote(table)
    if problems:
        raise ConfigurationError(" ".join(problems))
    return remote


def refuse_incomplete(entry: "ModelEntry") -> None:
    """Raises `ConfigurationError` for a folder that its family cannot paint with. Loads no weights."""
    from engine.adapters.loading.denoiser_file import require_gguf
    from engine.adapters.loading.model_parts import choose_device
    from engine.adapters.registry import new_model
    from engine.catalog.checkpoint_detection import check_denoiser
    from engine.catalog.remote_entry import url_problem

    if entry.is_remote:
        if problem := url_problem(entry.source):
            raise ConfigurationError(problem)
        return
    folder = Path(entry.source)
    if entry.on_hub or not folder.is_dir():
        return
    try:
        new_model(entry, folder, device=choose_device("cpu"))
        if entry.denoiser is not None:
            check_denoiser(Path(entry.denoiser))
            if entry.denoiser.endswith(".gguf"):
                require_gguf(Path(entry.denoiser))
    except ModelLoadError as error:
        raise ConfigurationError(str(error)) from error


def native_defaults(
    folder: Path, family: str, *, name: str, traits: "CheckpointTraits | None" = None
) -> "NativeDefaults":
    """Steps and guidance, as far as the folder, its pipeline class, and the traits and name of its source say."""
    from dataclasses import replace

    from engine.adapters.loading.pipeline_defaults import pipeline_defaults
    from engine.catalog.checkpoint_detection import WHOLE_CALLS
    from engine.catalog.defaults.native_defaults import defaults_of

    if family != WHOLE_CALLS:
        return defaults_of(family, folder=folder, name=name, traits=traits)
    usual, own = defaults_of(family, folder=None, name=""), pipeline_defaults(folder)
    usual = replace(
        usual,
        steps=own.steps or usual.steps,
        guidance_scale=usual.guidance_scale if own.guidance_scale is None else own.guidance_scale,
    )
    return defaults_of(family, folder=folder, name=name, usual=usual)


def native_pixels(folder: Path, family: str) -> int:
    """The side of the square that a model was made for, as far as its folder and its pipeline class say."""
    from engine.adapters.loading.pipeline_defaults import pipeline_defaults
    from engine.catalog.checkpoint_detection import WHOLE_CALLS
    from engine.catalog.geometry import read_any_layout, read_layout

    try:
        if family == WHOLE_CALLS:
            return pipeline_defaults(folder).pixels or read_any_layout(folder).sample_pixels
        denoiser = "unet" if (folder / "unet").is_dir() else "transformer"
        return read_layout(folder, denoiser=denoiser).sample_pixels
    except ModelLoadError:  # on a hub still, or damaged, of which `check` tells
        return _USUAL_PIXELS


def _family(name: str, family: str, folder: Path) -> str:
    from engine.adapters.loading.unsupported_models import check_runnable
    from engine.catalog.checkpoint_detection import AUTO, check_family, family_of

    try:
        check_runnable(folder, family=family)
        check_family(name, family, folder)
        return family_of(folder) if family == AUTO else family
    except ModelLoadError as error:
        raise ConfigurationError(str(error)) from error
