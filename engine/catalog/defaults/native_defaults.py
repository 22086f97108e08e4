"""How a model is to be used when nobody says it: steps, guidance and scheduler by its family, files and name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.catalog.checkpoint_detection import WHOLE_CALLS
from engine.catalog.defaults.checkpoint_traits import CheckpointTraits
from engine.catalog.model_files import INDEX, read_json
from studio.errors import ModelLoadError


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeDefaults:
    """`scheduler` None means the model's own. `because` says in words what was seen; empty: the family's usual."""

    steps: int
    guidance_scale: float
    scheduler: str | None = None
    because: str = ""


_USUAL = NativeDefaults(steps=25, guidance_scale=7.5)
# As the model cards of each family's first model say.
_BY_FAMILY: Mapping[str, NativeDefaults] = {
    "sd": _USUAL,
    "sdxl": NativeDefaults(steps=30, guidance_scale=6.0),
    "sd3": NativeDefaults(steps=28, guidance_scale=4.5),
    "flux": NativeDefaults(steps=28, guidance_scale=3.5),
    "flux-kontext": NativeDefaults(steps=28, guidance_scale=2.5),
    "flux2": NativeDefaults(steps=28, guidance_scale=4.0),
    "flux2-klein": NativeDefaults(steps=50, guidance_scale=4.0),
    "flux2-klein-kv": NativeDefaults(steps=4, guidance_scale=1.0),
    "chroma": NativeDefaults(steps=40, guidance_scale=3.0),
    "qwen-image": NativeDefaults(steps=50, guidance_scale=4.0),
    "qwen-image-edit": NativeDefaults(steps=50, guidance_scale=4.0),
    "qwen-image-edit-plus": NativeDefaults(steps=40, guidance_scale=4.0),
    "z-image": NativeDefaults(steps=28, guidance_scale=4.0),
}
_WITHOUT_GUIDANCE = {"flux": 0.0, "z-image": 0.0, "flux2-klein": 1.0, "flux2": 1.0}
# Words in the names of models that were distilled to few steps, and their steps, for the families of Stable Diffusion.
_DISTILLED_WORDS: tuple[tuple[str, int, str | None], ...] = (
    ("lightning", 4, "euler"),
    ("hyper", 8, None),
    ("dmd2?", 4, "lcm"),
    ("lcm", 4, "lcm"),
    ("turbo", 4, None),
    ("schnell", 4, None),
)


FEW_STEPS = 8  # at most, of models that were distilled to them
_LCM = "a latent consistency model"
_DISTILLED = "distilled to four steps"


def defaults_of(
    family: str,
    *,
    folder: Path | None,
    name: str,
    usual: NativeDefaults | None = None,
    traits: CheckpointTraits | None = None,
) -> NativeDefaults:
    """By a file's `traits`, by the configuration in `folder`, then by the `name` of the file or repository.

    `usual` are those of a model that nothing is said of, unless they are its family's.
    """
    by_traits = _by_traits(family, traits) if traits is not None else None
    by_files = _by_files(family, folder) if folder is not None else None
    names = f"{name} {traits.title}" if traits is not None else name
    usual = usual or _BY_FAMILY.get(family, _USUAL)
    if traits is not None and traits.v_prediction:
        usual = replace(usual, because="v-prediction")
    return by_traits or by_files or _by_name(family, names) or usual


def _by_traits(family: str, traits: CheckpointTraits) -> NativeDefaults | None:
    if traits.embeds_guidance and family in {"sd", "sdxl"}:
        return NativeDefaults(steps=4, guidance_scale=8.5, scheduler="lcm", because=_LCM)
    if traits.takes_guidance is False and family == "flux":
        return NativeDefaults(steps=4, guidance_scale=0.0, because=_DISTILLED)
    return None


def _by_files(family: str, folder: Path) -> NativeDefaults | None:
    try:
        index = read_json(folder / INDEX)
    except ModelLoadError:
        return None
    scheduler = _read(folder / "scheduler" / "scheduler_config.json")
    denoiser = _read(folder / "transformer" / "config.json") or _read(folder / "unet" / "config.json")
    if scheduler.get("_class_name") == "LCMScheduler" or "LatentConsistency" in str(index.get("_class_name")):
        guided = denoiser.get("time_cond_proj_dim") is not None
        return NativeDefaults(
            steps=4,
            guidance_scale=8.5 if guided else 1.0,
            scheduler=None if family == WHOLE_CALLS else "lcm",
            because=_LCM,
        )
    if scheduler.get("timestep_spacing") == "trailing" and family in {"sd", "sdxl"}:
        # As sd-turbo and sdxl-turbo are published; others that space their timesteps so are named by what they are.
        ancestral = scheduler.get("_class_name") == "EulerAncestralDiscreteScheduler"
        return NativeDefaults(steps=2, guidance_scale=0.0, because="a turbo model") if ancestral else None
    if family == "flux" and denoiser.get("guidance_embeds") is False:
        return NativeDefaults(steps=4, guidance_scale=0.0, because=_DISTILLED)
    if family == "flux2-klein" and index.get("is_distilled"):
        return NativeDefaults(steps=4, guidance_scale=1.0, because=_DISTILLED)
    return None


def _by_name(family: str, name: str) -> NativeDefaults | None:
    for word, steps, scheduler in _DISTILLED_WORDS:
        if not re.search(rf"(?<![a-z]){word}(?![a-z])", name.lower()):
            continue
        plain = family in {"sd", "sdxl"}
        if family == "z-image" and word == "turbo":
            steps = 8  # noqa: PLW2901 - as its card says
        return NativeDefaults(
            steps=steps,
            guidance_scale=_WITHOUT_GUIDANCE.get(family, 1.0),
            scheduler=scheduler if plain else None,
            because=f"{word.rstrip('2?')} in its name",
        )
    return None


def _read(path: Path) -> dict[str, object]:
    try:
        return read_json(path)
    except ModelLoadError:
        return {}
