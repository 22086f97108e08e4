"""The models by family. A new one costs a file and a line here."""

import importlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.catalog.addons import is_on_hub
from engine.catalog.catalog import ModelEntry
from engine.catalog.checkpoint_detection import AUTO, WHOLE_CALLS, family_of
from engine.performance_settings import Quantise, Speed
from studio.errors import ModelLoadError

if TYPE_CHECKING:
    import torch

    from engine.batching.model_protocols import Model

FAMILIES: Mapping[str, str] = {
    "sd": "engine.adapters.stable_diffusion:StableDiffusionModel",
    "sdxl": "engine.adapters.sdxl:StableDiffusionXLModel",
    "flux": "engine.adapters.flux:FluxModel",
    "sd3": "engine.adapters.sd3:StableDiffusion3Model",
    "chroma": "engine.adapters.families.chroma:ChromaModel",
    "flux-kontext": "engine.adapters.families.flux_kontext:FluxKontextModel",
    "flux2": "engine.adapters.families.flux2:Flux2DevModel",
    "flux2-klein": "engine.adapters.families.flux2:Flux2KleinModel",
    "flux2-klein-kv": "engine.adapters.families.flux2_kv:Flux2KleinKVModel",
    "z-image": "engine.adapters.families.z_image:ZImageModel",
    "qwen-image": "engine.adapters.families.qwen_image:QwenImageModel",
    "qwen-image-edit": "engine.adapters.families.qwen_image_edit:QwenImageEditModel",
    "qwen-image-edit-plus": "engine.adapters.families.qwen_image_edit:QwenImageEditPlusModel",
    WHOLE_CALLS: "engine.adapters.image_embedding:load_pipeline_model",
}


def new_model(
    entry: ModelEntry, folder: Path, *, device: "torch.device", speed: Speed | None = None, **options: Any
) -> "Model":
    """The model of a catalogue entry, its weights not loaded yet. Raises `ModelLoadError`.

    `speed` is how its networks are run. `options` are the family's own, such as where its networks come from.
    """
    # Loads diffusers: nobody who only asks for the names of families waits for that.
    from engine.adapters.loading.unsupported_models import check_runnable

    family = family_of(folder) if entry.family == AUTO else entry.family
    place = FAMILIES.get(family)
    if place is None:
        raise ModelLoadError(
            f"The model {entry.name} is of the family {family[:40]}, which nobody here can paint with. "
            f"Known are {', '.join(FAMILIES)}."
        )
    if speed is not None:
        speed = _speed_of(entry, speed)
    if entry.denoiser is not None and family != WHOLE_CALLS:
        from engine.adapters.loading.denoiser_file import DenoiserFromFile

        options = {**options, "loads": DenoiserFromFile(Path(entry.denoiser), **options)}
    if speed is not None and family == WHOLE_CALLS:
        # Which of all those pipelines is the same with fused projections nobody knows: only where they are asked for.
        options = {**options, "speed": replace(speed, fuse=bool(speed.fuse)).on(device.type)}
    elif speed is not None:
        options = {**options, "loads": _optimizer_for(entry, speed.on(device.type), **options)}
    check_runnable(folder, family=family)
    module, _, name = place.partition(":")
    model: Model = getattr(importlib.import_module(module), name)(entry, folder, device=device, **options)
    return model


def _speed_of(entry: ModelEntry, speed: Speed) -> Speed:
    """As the entry wants it. Weights of a .gguf file are quantised already, and cannot be fused."""
    if entry.denoiser is not None and entry.denoiser.endswith(".gguf"):
        return replace(speed, quantise=Quantise.OFF, fuse=False)
    return speed if entry.quantise == "auto" else replace(speed, quantise=Quantise(entry.quantise))


def _optimizer_for(entry: ModelEntry, speed: Speed, **options: Any) -> Any:
    """Fused projections would leave LoRA weights and image prompts out, and recorded passes would not notice when they
    change: models that have such do without."""
    from engine.adapters.loading.optimization import TunedNetworks

    if entry.loras or (entry.ip_adapter is not None and not is_on_hub(entry.ip_adapter.source)):
        speed = replace(speed, fuse=False, graphs=False)
    return TunedNetworks(speed, **options)
