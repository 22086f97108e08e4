"""Subjects and styles through an IP-Adapter: each sample its own, by weight, as diffusers' pipelines paint them."""

from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from engine.adapters.components.ip_adapter import style_layers
from engine.batching.sampling_params import SamplingParams, WeightedImage
from engine.generation.prepare_inputs import weigh
from tests.models.adapters.test_addons import entry_of, far, hand_in, load, painted, params, picture
from tests.support.tiny_addons import save_ip_adapter
from tests.support.tiny_models import save_sd, save_sdxl

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

TOLERANCE = 1e-4
Likeness = tuple[WeightedImage, ...]


def stock_of(family: str, folder: Path, adapter: Path) -> Any:
    """A pipeline that has the adapter twice."""
    kind = diffusers.StableDiffusionPipeline if family == "sd" else diffusers.StableDiffusionXLPipeline
    extra = {"requires_safety_checker": False} if family == "sd" else {"add_watermarker": False}
    pipeline = kind.from_pretrained(folder, **extra)
    pipeline.load_ip_adapter(
        adapter,
        subfolder="",
        weight_name=["adapter.safetensors"] * 2,
        image_encoder_folder="image_encoder",
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def painted_by_stock(
    pipeline: Any, inputs: SamplingParams, *, subject: float, style: float, family: str
) -> np.ndarray:
    """With the scale of each adapter in its layers, and a picture for each; a black one where it has none."""
    processors = {
        name: layer for name, layer in pipeline.unet.attn_processors.items() if hasattr(layer, "to_k_ip")
    }
    seen = style_layers(processors, is_sdxl=family == "sdxl")
    assert 0 < len(seen) <= len(processors)
    for name, layer in processors.items():
        layer.scale = [subject, style if name in seen else 0.0]
    black = Image.new("RGB", (32, 32))
    pictures = [images[0].picture if images else black for images in (inputs.likeness, inputs.styles)]
    result: np.ndarray = pipeline(
        inputs.prompt,
        num_inference_steps=inputs.steps,
        guidance_scale=inputs.guidance_scale,
        width=inputs.width,
        height=inputs.height,
        generator=torch.Generator().manual_seed(inputs.seed),
        ip_adapter_image=pictures,
        output_type="np",
    ).images[0]
    return result


@pytest.mark.parametrize("family", ["sd", "sdxl"])
def test_subjects_and_styles_of_samples_in_one_pass_are_those_of_the_stock_pipeline(
    family: str, tmp_path: Path
) -> None:
    folder = (save_sd if family == "sd" else save_sdxl)(tmp_path / "model")
    adapter = save_ip_adapter(tmp_path / "adapter", folder)
    model = load(folder, family, ip_adapter=entry_of(adapter))
    params_list = [
        params(1, likeness=weigh([(picture(1), 0.5)])),
        params(2, styles=weigh([(picture(2), 1.5)])),
        params(3, likeness=weigh([(picture(3), 1.0)]), styles=weigh([(picture(4), 1.0)])),
    ]
    got = [painted(group) for group in hand_in(model, *params_list)]
    stock = stock_of(family, folder, adapter)
    scales = [(0.8 * 0.5, 0.0), (0.0, 1.5), (0.8, 1.0)]
    for one, inputs, (subject, style) in zip(got, params_list, scales, strict=True):
        expected = painted_by_stock(stock, inputs, subject=subject, style=style, family=family)
        assert far(one, expected) < TOLERANCE


def test_several_references_share_one_whole_as_strong_as_the_heaviest() -> None:
    found = weigh([(picture(1), 0.8), (picture(2), 0.2)])
    assert [(image.share, image.amount) for image in found] == [(0.8, 0.8), (0.2, 0.8)]


def test_the_layers_of_style_are_those_of_instant_style() -> None:
    names = ["down_blocks.1.attentions.0.x", "down_blocks.2.attentions.0.x", "up_blocks.0.attentions.0.x"]
    names += ["up_blocks.0.attentions.1.x", "up_blocks.1.attentions.1.x", "mid_block.attentions.0.x"]
    assert style_layers(names, is_sdxl=True) == {"up_blocks.0.attentions.1.x"}
    assert style_layers(names, is_sdxl=False) == set(names) - {names[1], names[4]}
