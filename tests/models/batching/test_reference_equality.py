"""Pictures beside the words: every sample equals the stock pipeline that runs alone with the same references."""

import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from diffusers.pipelines.flux import pipeline_flux_kontext, pipeline_flux_kontext_inpaint
from diffusers.pipelines.qwenimage import (
    pipeline_qwenimage_edit,
    pipeline_qwenimage_edit_inpaint,
    pipeline_qwenimage_edit_plus,
)

from engine.adapters.components.references import reference_size
from engine.adapters.families import flux_kontext
from engine.adapters.families.qwen_image_edit import QwenImageEditModel, QwenImageEditPlusModel
from engine.batching.model_protocols import Model
from engine.batching.sampling_params import SamplingParams
from tests.support.bustle import paint_in_a_bustle
from tests.support.stock_pipelines import (
    TOLERANCE,
    batcher_with,
    difference,
    hole,
    load,
    paint_together,
    params,
)
from tests.support.tiny_editors import (
    noise,
    save_qwen_image_edit,
    stock_flux2,
    stock_kontext,
    stock_qwen_editor,
)
from tests.support.tiny_models import save_flux
from tests.support.tiny_pipelines import save_flux2_dev, save_flux2_klein

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

QWEN = {
    "qwen-image-edit": "QwenImageEditPipeline",
    "qwen-image-edit-plus": "QwenImageEditPlusPipeline",
}


@pytest.fixture
def small_references(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are looked at with 64 × 64 pixels instead of a megapixel."""
    for model in (QwenImageEditModel, QwenImageEditPlusModel):
        monkeypatch.setattr(model, "reference_area", 64 * 64)
    monkeypatch.setattr(QwenImageEditModel, "seen_area", 64 * 64)
    monkeypatch.setattr(QwenImageEditPlusModel, "seen_area", 32 * 32)
    monkeypatch.setattr(pipeline_qwenimage_edit_plus, "CONDITION_IMAGE_SIZE", 32 * 32)
    monkeypatch.setattr(pipeline_qwenimage_edit_plus, "VAE_IMAGE_SIZE", 64 * 64)

    def small(area: int, ratio: float) -> tuple[int, int, None]:
        return *reference_size((round(1000 * ratio), 1000), area_pixels=64 * 64), None

    for module in (pipeline_qwenimage_edit, pipeline_qwenimage_edit_inpaint):
        monkeypatch.setattr(module, "calculate_dimensions", small)


@pytest.mark.thorough("qwen-image-edit-plus")
@pytest.mark.usefixtures("small_references")
@pytest.mark.parametrize("family", QWEN)
def test_edits_by_qwen_image_equal_their_solo_runs(family: str, tmp_path: Path) -> None:
    folder = save_qwen_image_edit(tmp_path / "model", pipeline=QWEN[family])
    model, alone = load(folder, family), stock_qwen_editor(folder, QWEN[family])
    several = family == "qwen-image-edit-plus"
    operations: list[dict[str, Any]] = [
        {"references": (noise(1),)},
        {"references": (noise(2),), "guidance_scale": 1.0},
        {"references": (noise(3, 64, 32),), "width": 48},
        {"references": (noise(1), noise(4))} if several else {"references": (noise(4),)},
    ]
    if not several:
        start = noise(5, 64, 64)
        operations += [
            {"start": start, "mask": hole(64, 64), "references": (start,), "width": 64, "height": 64},
            {
                "start": start,
                "mask": hole(64, 64),
                "references": (start,),
                "width": 64,
                "height": 64,
                "strength": 0.6,
            },
        ]
    params_list = [
        params(index, steps=3 + index % 2, **operation) for index, operation in enumerate(operations)
    ]
    equal_their_solo_runs(model, params_list, alone)


@pytest.mark.usefixtures("small_references")
def test_the_language_model_is_told_which_tokens_are_pictures(tmp_path: Path) -> None:
    folder = save_qwen_image_edit(tmp_path, pipeline=QWEN["qwen-image-edit-plus"])
    model = load(folder, "qwen-image-edit-plus")
    seen: list[dict[str, Any]] = []
    model._parts["text_encoder"].register_forward_pre_hook(
        lambda _encoder, _args, named: seen.append(named), with_kwargs=True
    )
    sample = model.new_sample(params(references=(noise(1),), guidance_scale=1.0))
    model.prepare([sample])
    (named,) = seen
    marks = named["mm_token_type_ids"]
    assert torch.equal(marks.bool(), named["input_ids"] == 8)
    assert marks.sum() == named["image_grid_thw"].prod() // 4 > 0


FLUX2: dict[str, tuple[Callable[[Path], Path], Any]] = {
    "flux2": (save_flux2_dev, diffusers.Flux2Pipeline),
    "flux2-klein": (save_flux2_klein, diffusers.Flux2KleinPipeline),
    "flux2-klein distilled": (partial(save_flux2_klein, is_distilled=True), diffusers.Flux2KleinPipeline),
    "flux2-klein-kv": (
        partial(save_flux2_klein, pipeline=diffusers.Flux2KleinKVPipeline),
        diffusers.Flux2KleinKVPipeline,
    ),
}


@pytest.mark.thorough("flux2-klein-kv")
@pytest.mark.parametrize("name", FLUX2)
def test_pictures_by_flux2_equal_their_solo_runs(name: str, tmp_path: Path) -> None:
    save, pipeline = FLUX2[name]
    folder = save(tmp_path / "model")
    model, alone = load(folder, name.partition(" ")[0]), stock_flux2(folder, pipeline)
    operations: list[dict[str, Any]] = [
        {},
        {"guidance_scale": 1.0, "width": 48},
        {"references": (noise(1, 64, 64),)},
        {"references": (noise(2, 64, 64),)},
        {"references": (noise(3, 70, 67), noise(4, 64, 64))},
    ]
    if pipeline is diffusers.Flux2KleinPipeline:
        start = noise(5, 64, 64)
        region = {"start": start, "mask": hole(64, 64), "width": 64, "height": 64}
        operations += [
            {**region, "references": (start,)},
            {**region, "references": (start,), "strength": 0.6},
            {**region, "references": (start, noise(6, 64, 64))},
        ]
    params_list = [
        params(index, steps=3 + index % 2, **operation) for index, operation in enumerate(operations)
    ]
    equal_their_solo_runs(model, params_list, alone)


def test_pictures_by_kontext_equal_their_solo_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = [(64, 64), (96, 48)]
    for module in (flux_kontext, pipeline_flux_kontext, pipeline_flux_kontext_inpaint):
        monkeypatch.setattr(module, "PREFERRED_KONTEXT_RESOLUTIONS", small)
    folder = save_flux(tmp_path, pipeline=diffusers.FluxKontextPipeline)
    model, alone = load(folder, "flux-kontext"), stock_kontext(folder)
    region = {"start": noise(5, 64, 64), "mask": hole(64, 64), "width": 64, "height": 64}
    operations: list[dict[str, Any]] = [
        {},
        {"references": (noise(1),), "guidance_scale": 1.0},
        {"references": (noise(2),)},
        {"references": (noise(3, 64, 32),), "width": 48},
        {**region, "references": (region["start"],)},
        {**region, "references": (region["start"],), "strength": 0.6},
    ]
    params_list = [
        params(index, steps=3 + index % 2, **operation) for index, operation in enumerate(operations)
    ]
    equal_their_solo_runs(model, params_list, alone)


def equal_their_solo_runs(
    model: Model, params_list: Sequence[SamplingParams], alone: Callable[[SamplingParams], np.ndarray]
) -> None:
    """All at once, and joined in flight with some of them cancelled."""
    samples = paint_together(batcher_with(model), params_list, model)
    for sample in samples:
        assert sample.preview is not None
        assert sample.preview.shape[-1] == 3
    finished = paint_in_a_bustle(model, [*params_list, *params_list], random.Random(2))
    wanted = {inputs.seed: alone(inputs) for inputs in params_list}
    for sample, inputs in [*zip(samples, params_list, strict=True), *finished]:
        assert difference(sample, wanted[inputs.seed]) < TOLERANCE
