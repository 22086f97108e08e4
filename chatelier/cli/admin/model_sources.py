"""Where the weights of a model that is added come from: a folder, a checkpoint in one file, or a hub."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import ConfigurationError, ModelLoadError

if TYPE_CHECKING:
    from engine.catalog.catalog import ModelCatalogue
    from engine.catalog.entries import ModelEntry
    from engine.catalog.remote_entry import RemoteEntry

# What most models were made for, where nothing says otherwise.
_USUAL_PIXELS = 512
_USUAL_REMOTE_PIXELS = 1024


def refuse_bad(name: str, family: str, dtype: str) -> None:
    """Raises `ConfigurationError` before anything is written."""
    from engine.adapters.registry import FAMILIES
    from engine.catalog.checkpoint_detection import AUTO
    from engine.catalog.entries import DTYPES
    from engine.catalog.remote_entry import FAMILY as REMOTE

    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name):
        raise ConfigurationError(f"{name[:40]} is not a valid model name. Use letters, digits, - and _.")
    if family not in {*FAMILIES, AUTO, REMOTE}:
        raise ConfigurationError(f"--family must be one of {', '.join([AUTO, *FAMILIES])}.")
    if dtype not in DTYPES:
        raise ConfigurationError(f"--dtype must be one of {', '.join(DTYPES)}.")


def find_source(
    catalogue: "ModelCatalogue", name: str, source: str, *, family: str, config: str | None, home: Path
) -> tuple[str, str]:
    """The source as the catalogue of models names it, and the family. A folder of this machine wins over a hub.

    Raises `ConfigurationError` for what is no model, or of another family.
    """
    from engine.catalog.entries import is_hub_name

    path = Path(source).expanduser()
    if path.is_file():
        path = _convert(catalogue, name, path, config=config, home=home)
    if path.is_dir():
        return str(path.resolve()), _family(name, family, path)
    if not is_hub_name(source) or path.suffix:
        raise ConfigurationError(
            f"There is no folder or file {source}. "
            "Give a folder in the diffusers layout, a .safetensors checkpoint, or owner/name on the hub."
        )
    return source, family


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
    from engine.adapters.loading.model_parts import choose_device
    from engine.adapters.registry import new_model
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
    except ModelLoadError as error:
        raise ConfigurationError(str(error)) from error


def native_pixels(source: str, family: str) -> int:
    """The side of the square that a model was made for, as far as its folder says."""
    from engine.catalog.checkpoint_detection import WHOLE_CALLS
    from engine.catalog.geometry import read_any_layout, read_layout

    if is_address(source):
        return _USUAL_REMOTE_PIXELS
    folder = Path(source)
    try:
        if family == WHOLE_CALLS:
            return read_any_layout(folder).sample_pixels
        denoiser = "unet" if (folder / "unet").is_dir() else "transformer"
        return read_layout(folder, denoiser=denoiser).sample_pixels
    except ModelLoadError:  # on a hub still, or damaged, of which `check` tells
        return _USUAL_PIXELS


def _family(name: str, family: str, folder: Path) -> str:
    from engine.adapters.loading.runnable import check_runnable
    from engine.catalog.checkpoint_detection import AUTO, check_family, family_of

    try:
        check_runnable(folder, family=family)
        check_family(name, family, folder)
        return family_of(folder) if family == AUTO else family
    except ModelLoadError as error:
        raise ConfigurationError(str(error)) from error


def _convert(catalogue: "ModelCatalogue", name: str, file: Path, *, config: str | None, home: Path) -> Path:
    """The folder that a checkpoint was written into."""
    from engine.catalog.checkpoint_detection import TITLES, checkpoint_family, family_of

    family = checkpoint_family(file)
    template = _template(catalogue, config)
    if template is None or family_of(template) != family:
        others = [entry.name for entry in catalogue.entries if entry.family == family and not entry.bundled]
        raise ConfigurationError(
            f"{file.name} is a checkpoint of {TITLES[family]}, and is configured like a model of that kind. "
            f"Fetch one, such as {', '.join(others)}, and name it: chatelier models pull {others[0]} && "
            f"chatelier models add {name} {file} --config {others[0]}"
        )
    from engine.adapters.loading.single_file import convert_checkpoint

    folder = home / "models" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    convert_checkpoint(file, config=template, folder=folder)
    return folder


def _template(catalogue: "ModelCatalogue", config: str | None) -> Path | None:
    """The folder that --config names. Raises `ModelLoadError` when it is that of a model that was not pulled yet."""
    if config is None:
        return None
    path = Path(config).expanduser()
    if config in catalogue.names:
        return catalogue.folder(catalogue.find(config))
    if not path.is_dir():
        raise ConfigurationError(f"--config {config} is neither a model of the catalogue nor a folder.")
    return path
