"""What the tensors and the metadata of a checkpoint in one file say of how its model is to be used."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.catalog.checkpoint_detection import read_metadata, tensor_shapes
from engine.catalog.model_files import read_json
from studio.errors import ModelLoadError

# As trainers write it: https://github.com/Stability-AI/ModelSpec and kohya's sd-scripts.
_PREDICTION, _ZERO_SNR = "modelspec.prediction_type", "ss_zero_terminal_snr"
_TITLES = ("modelspec.title", "modelspec.architecture", "general.name")
# Empty tensors by which fine-tuned models of SDXL say it to the programs that load them.
_V_TENSOR, _ZERO_SNR_TENSOR = "v_pred", "ztsnr"
_GUIDANCE_PROJECTION = ("time_embedding.cond_proj.weight", "time_embed.cond_proj.weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointTraits:
    """`embeds_guidance`: a latent consistency model, whose UNet takes the guidance as a number.

    `takes_guidance`: a Flux with distilled guidance, False without, None for other kinds. `v_prediction` with
    `zero_snr`: a UNet trained so that its schedule ends in noise alone. `title` is what its author calls it.
    """

    embeds_guidance: bool = False
    takes_guidance: bool | None = None
    v_prediction: bool = False
    zero_snr: bool = False
    title: str = ""


def read_traits(path: Path) -> CheckpointTraits:
    """Of a .safetensors or .gguf file. Raises `ConfigurationError` for a damaged one."""
    names = tensor_shapes(path)
    metadata = read_metadata(path)
    is_flux = any("double_blocks." in name for name in names)
    return CheckpointTraits(
        embeds_guidance=any(name.endswith(_GUIDANCE_PROJECTION) for name in names),
        takes_guidance=any("guidance_in." in name for name in names) if is_flux else None,
        v_prediction=_V_TENSOR in names or metadata.get(_PREDICTION, "").lower() in {"v", "v_prediction"},
        zero_snr=_ZERO_SNR_TENSOR in names or metadata.get(_ZERO_SNR, "").lower() == "true",
        title=" ".join(metadata[key] for key in _TITLES if key in metadata)[:200],
    )


def traits_fit(traits: CheckpointTraits, folder: Path) -> bool:
    """Whether a folder's denoiser is configured for a file with such traits."""
    unet = _read(folder / "unet" / "config.json")
    if unet:
        return traits.embeds_guidance == (unet.get("time_cond_proj_dim") is not None)
    guided = _read(folder / "transformer" / "config.json").get("guidance_embeds")
    return traits.takes_guidance is None or guided is None or traits.takes_guidance == bool(guided)


def predicts_v(folder: Path) -> bool:
    return _read(folder / "scheduler" / "scheduler_config.json").get("prediction_type") == "v_prediction"


def _read(path: Path) -> Mapping[str, object]:
    try:
        return read_json(path)
    except ModelLoadError:
        return {}
