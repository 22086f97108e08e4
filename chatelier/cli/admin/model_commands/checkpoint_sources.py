"""A model in one file, as model sites have them, and the folder of a model of its kind that has its other parts."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import ConfigurationError, ModelLoadError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.catalog.catalog import ModelCatalogue

# diffusers can make a whole pipeline of these from one file.
_WHOLE = frozenset({"sd", "sdxl", "sd3", "flux"})
# What else lies in the folder of models, and how a conversion that is not finished ends.
_RESERVED = frozenset({"hub", "configurations", "model-hashes.json"})
_UNFINISHED = ".part"
_BLOCK = re.compile(r"(?:^|\.)(double_blocks|joint_blocks|transformer_blocks|layers)\.(\d+)\.")


def find_checkpoint(
    catalogue: "ModelCatalogue", name: str, file: Path, *, config: str | None, home: Path
) -> tuple[Path, Path | None]:
    """The folder of the model, and the file itself where it goes on giving the denoiser.

    Raises `ConfigurationError` for what is no model, or has no model of its kind here.
    """
    from engine.catalog.checkpoint_detection import checkpoint_family, is_denoiser_alone
    from engine.catalog.defaults.checkpoint_traits import predicts_v, read_traits

    family = checkpoint_family(file)
    traits = read_traits(file)
    template = _template(catalogue, config, file=file, family=family)
    if template is None:
        raise ConfigurationError(_without_template(catalogue, name, file, family))
    if file.suffix == ".gguf" or is_denoiser_alone(file) or family not in _WHOLE:
        if traits.v_prediction and not predicts_v(template):
            raise ConfigurationError(
                f"{file.name} is a denoiser that predicts v, and the scheduler of {template} expects noise. "
                "Give --config the folder of a model that predicts v."
            )
        return template, file
    from engine.adapters.loading.single_file import convert_checkpoint

    folder = _folder_for(catalogue, name, home / "models")
    convert_checkpoint(file, config=template, folder=folder, traits=traits)
    return folder, None


def _folder_for(catalogue: "ModelCatalogue", name: str, models: Path) -> Path:
    """Where the converted model goes. Replaces only what the entry of that name points to.

    Raises `ConfigurationError`.
    """
    if name in _RESERVED or name.endswith(_UNFINISHED):
        raise ConfigurationError(f"{name} cannot be the name of a converted file. Choose another one.")
    folder = models / name
    source = catalogue.find(name).source if name in catalogue.names else None
    if folder.exists() and (source is None or Path(source).expanduser().resolve() != folder.resolve()):
        raise ConfigurationError(
            f"{folder} is there already, and belongs to no model named {name}. Move it away, or choose another name."
        )
    models.mkdir(parents=True, exist_ok=True)
    return folder


def _template(catalogue: "ModelCatalogue", config: str | None, *, file: Path, family: str) -> Path | None:
    """The folder that --config names, else a model of the kind that is here; None where there is none.

    Of several the first that is used as the file is, in many steps or in few. Raises `ConfigurationError`.
    """
    if config is None:
        found = list(_folders_of_kind(catalogue, file, family))
        few = _takes_few_steps(family, file, folder=None)
        alike = (folder for folder in found if _takes_few_steps(family, file, folder=folder) == few)
        return next(alike, found[0] if found else None)
    path = Path(config).expanduser()
    folder = catalogue.folder(catalogue.find(config)) if config in catalogue.names else path
    if not folder.is_dir():
        raise ConfigurationError(f"--config {config} is neither a model of the catalogue nor a folder.")
    if not _is_of_kind(folder, family):
        return None
    if not _fits(folder, file):
        raise ConfigurationError(
            f"{file.name} does not fit the configuration of {folder}. Give --config the folder of a model of its kind."
        )
    return folder


def _folders_of_kind(catalogue: "ModelCatalogue", file: Path, family: str) -> "Iterator[Path]":
    for entry in catalogue.entries:
        if entry.bundled or entry.denoiser is not None:
            continue
        try:
            folder = catalogue.folder(entry)
            if _is_of_kind(folder, family) and _fits(folder, file):
                yield folder
        except ModelLoadError:
            continue  # not here


def _is_of_kind(folder: Path, family: str) -> bool:
    from engine.catalog.checkpoint_detection import family_of, takes_denoiser

    return takes_denoiser(family_of(folder), family)


def _takes_few_steps(family: str, file: Path, *, folder: Path | None) -> bool:
    """Whether a file, or the model of a folder by its configuration alone, was distilled to few steps."""
    from engine.catalog.defaults.checkpoint_traits import read_traits
    from engine.catalog.defaults.native_defaults import FEW_STEPS, defaults_of

    if folder is not None:
        return defaults_of(family, folder=folder, name="").steps <= FEW_STEPS
    return defaults_of(family, folder=None, name=file.stem, traits=read_traits(file)).steps <= FEW_STEPS


def _fits(folder: Path, file: Path) -> bool:
    """Whether a denoiser of this size, as far as its tensors tell, has the configuration of the folder."""
    from engine.catalog.checkpoint_detection import tensor_shapes
    from engine.catalog.defaults.checkpoint_traits import read_traits, traits_fit
    from engine.catalog.model_files import read_json

    shapes = tensor_shapes(file)
    if not traits_fit(read_traits(file), folder):
        return False
    if (folder / "unet").is_dir():
        return _fits_unet(read_json(folder / "unet" / "config.json"), shapes)
    config = read_json(folder / "transformer" / "config.json")
    blocks = {(match[1], int(match[2])) for name in shapes if (match := _BLOCK.search(name))}
    kinds = {kind for kind, _ in blocks}
    wanted = config.get("num_layers") or config.get("n_layers")
    counts = [sum(kind == other for other, _ in blocks) for kind in kinds]
    return not (wanted and counts) or wanted in counts


def _fits_unet(config: "Mapping[str, Any]", shapes: "Mapping[str, tuple[int, ...]]") -> bool:
    first = next(
        (
            shape
            for name, shape in shapes.items()
            if name.endswith("input_blocks.0.0.weight") or name == "conv_in.weight"
        ),
        None,
    )
    if first is not None and len(first) == 4 and first[1] != config.get("in_channels"):
        return False
    words = next((shape for name, shape in shapes.items() if name.endswith("attn2.to_k.weight")), None)
    return words is None or words[-1] == config.get("cross_attention_dim")


def _without_template(catalogue: "ModelCatalogue", name: str, file: Path, family: str) -> str:
    from engine.catalog.checkpoint_detection import TITLES, takes_denoiser

    others = [
        entry.name
        for entry in catalogue.entries
        if takes_denoiser(entry.family, family) and not entry.bundled
    ]
    return (
        f"{file.name} is a checkpoint of {TITLES[family]}, and is configured like a model of that kind. "
        f"Fetch one, such as {', '.join(others)}, and name it: chatelier models pull {others[0]} && "
        f"chatelier models add {name} {file} --config {others[0]}"
    )
