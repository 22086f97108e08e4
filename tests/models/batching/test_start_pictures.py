"""Start pictures and regions that stock classes lack: samples equal a stock pipeline that is given their latents."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from diffusers.pipelines.flux import pipeline_flux_kontext
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit, pipeline_qwenimage_edit_plus

from engine.adapters.components.vae import to_hole, to_pixels
from engine.adapters.families import flux_kontext
from engine.adapters.families.language_model import even_sigmas
from engine.adapters.families.qwen_image_edit import QwenImageEditModel, QwenImageEditPlusModel
from engine.batching.sampling_params import SamplingParams
from tests.support.stock_pipelines import (
    TOLERANCE,
    batcher_with,
    difference,
    hole,
    load,
    paint_together,
    params,
)
from tests.support.tiny_editors import PicturesAndWords, noise, place_pictures, save_qwen_image_edit
from tests.support.tiny_models import save_flux
from tests.support.tiny_pipelines import save_flux2_dev, save_flux2_klein

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@dataclass(frozen=True, kw_only=True)
class Family:
    """`packs`: its pipeline takes latents as patches. `guidance` is what it calls that; empty: it has none."""

    save: Callable[[Path], Path]
    pipeline: Any
    packs: bool
    guidance: str = "guidance_scale"


FAMILIES = {
    "flux-kontext": Family(
        save=partial(save_flux, pipeline=diffusers.FluxKontextPipeline),
        pipeline=diffusers.FluxKontextPipeline,
        packs=True,
    ),
    "flux2": Family(save=save_flux2_dev, pipeline=diffusers.Flux2Pipeline, packs=False),
    "flux2-klein": Family(save=save_flux2_klein, pipeline=diffusers.Flux2KleinPipeline, packs=False),
    "flux2-klein-kv": Family(
        save=partial(save_flux2_klein, pipeline=diffusers.Flux2KleinKVPipeline),
        pipeline=diffusers.Flux2KleinKVPipeline,
        packs=False,
        guidance="",
    ),
    "qwen-image-edit": Family(
        save=partial(save_qwen_image_edit, pipeline="QwenImageEditPipeline"),
        pipeline=diffusers.QwenImageEditPipeline,
        packs=True,
        guidance="true_cfg_scale",
    ),
    "qwen-image-edit-plus": Family(
        save=partial(save_qwen_image_edit, pipeline="QwenImageEditPlusPipeline"),
        pipeline=diffusers.QwenImageEditPlusPipeline,
        packs=True,
        guidance="true_cfg_scale",
    ),
}


@pytest.fixture(autouse=True)
def small_references(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QwenImageEditModel, "reference_area", 64 * 64)
    monkeypatch.setattr(QwenImageEditModel, "seen_area", 64 * 64)
    monkeypatch.setattr(pipeline_qwenimage_edit, "calculate_dimensions", lambda *_: (64, 64, None))
    monkeypatch.setattr(QwenImageEditPlusModel, "reference_area", 64 * 64)
    monkeypatch.setattr(QwenImageEditPlusModel, "seen_area", 32 * 32)
    monkeypatch.setattr(pipeline_qwenimage_edit_plus, "CONDITION_IMAGE_SIZE", 32 * 32)
    monkeypatch.setattr(pipeline_qwenimage_edit_plus, "VAE_IMAGE_SIZE", 64 * 64)
    for module in (flux_kontext, pipeline_flux_kontext):
        monkeypatch.setattr(module, "PREFERRED_KONTEXT_RESOLUTIONS", [(64, 64)])


@pytest.mark.thorough("flux-kontext")
@pytest.mark.parametrize("name", FAMILIES)
def test_start_pictures_and_regions_equal_the_loop_from_their_latents(name: str, tmp_path: Path) -> None:
    family = FAMILIES[name]
    folder = family.save(tmp_path / "model")
    model = load(folder, name)
    start = noise(1, 64, 64)
    plain = {"start": start, "references": (start,), "width": 64, "height": 64, "negative_prompt": ""}
    params_list = [
        params(1, strength=0.6, **plain),
        params(2, strength=1.0, mask=hole(64, 64), **plain),
        params(3, strength=0.7, mask=hole(64, 64), **{**plain, "references": (noise(2, 64, 64),)}),
    ]
    samples = paint_together(batcher_with(model), params_list, model)
    for sample, inputs in zip(samples, params_list, strict=True):
        assert difference(sample, plain_loop(family, folder, model, inputs)) < TOLERANCE


def plain_loop(family: Family, folder: Path, model: Any, inputs: SamplingParams) -> np.ndarray:
    """The stock pipeline from noisy latents on; after each step the region's outside is put back."""
    further = {"processor": None} if "processor" in family.pipeline.__init__.__annotations__ else {}
    base = family.pipeline.from_pretrained(folder, **further)
    if further:
        base.register_modules(processor=PicturesAndWords(folder))
        place_pictures(base.text_encoder)
    base.set_progress_bar_config(disable=True)
    sample = model.new_sample(inputs)
    sigmas, first = sample.scheduler.sigmas, inputs.steps - sample.steps
    generator = torch.Generator().manual_seed(inputs.seed)
    (found,) = model._autoencoder.encode(to_pixels(inputs.start))
    clean = model._autoencoder.sample(found, generator)
    drawn = torch.randn(clean.shape, generator=generator)
    mask = torch.ones(1, 1, *clean.shape[2:])
    if inputs.mask is not None:
        mask = torch.nn.functional.interpolate(to_hole(inputs.mask), size=clean.shape[2:])

    def noisy(step: int) -> torch.Tensor:
        return sigmas[step] * drawn + (1 - sigmas[step]) * clean

    def put_back(_pipe: Any, step: int, _time: Any, values: dict[str, Any]) -> dict[str, Any]:
        inside = model._tokens(mask.expand_as(clean))
        outside = model._tokens(noisy(first + step + 1))
        return {"latents": (1 - inside) * outside + inside * values["latents"]}

    begin = noisy(first)
    pictures: Any = list(inputs.references)
    options: dict[str, Any] = {family.guidance: inputs.guidance_scale} if family.guidance else {}
    if family.guidance == "true_cfg_scale":
        options["negative_prompt"] = " "
    if family.pipeline in (diffusers.FluxKontextPipeline, diffusers.QwenImageEditPipeline):
        (pictures,) = pictures
    if family.pipeline is diffusers.FluxKontextPipeline:
        options["max_area"] = inputs.width * inputs.height
    result: np.ndarray = base(
        image=pictures,
        prompt=inputs.prompt,
        latents=model._tokens(begin) if family.packs else begin,
        sigmas=even_sigmas(inputs.steps)[first:],
        num_inference_steps=inputs.steps,
        width=inputs.width,
        height=inputs.height,
        callback_on_step_end=put_back,
        output_type="np",
        **options,
    ).images[0]
    return result
