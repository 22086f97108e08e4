"""Samples of several people in one call of a pipeline: none of them ever sees another one's picture."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.adapters import shareable_pipelines
from engine.adapters.registry import new_model
from engine.adapters.shareable_pipelines import SHARED_CALLS, shares_calls
from engine.adapters.whole_pipeline import PipelineModel
from engine.batching.device.memory_limits import BatchLimits
from engine.batching.device.model_cache import ModelCache
from engine.batching.execution.step_batcher import StepBatcher
from engine.batching.sample import Sample
from engine.batching.sample_group import SampleGroup
from engine.batching.sampling_params import SamplingParams, WeightedImage
from engine.catalog.catalog import ModelEntry
from tests.support.tiny_image_encoders import QUIET, save_kandinsky, save_karlo, save_stable_unclip
from tests.support.tiny_models import save_sd
from tests.support.tiny_pipelines import (
    save_flux2_klein,
    save_pixart,
    save_qwen_image,
    save_sana,
    save_z_image,
)

pytestmark = QUIET

WORDS = ("a red apple", "the blue apple")


def picture(seed: int) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    return Image.fromarray(values).resize((32, 32), Image.Resampling.BICUBIC)


def hole(left: int) -> Image.Image:
    mask = Image.new("L", (32, 32), 0)
    mask.paste(255, (left, 8, left + 16, 24))
    return mask


def from_words(seed: int) -> SamplingParams:
    return SamplingParams(prompt=WORDS[seed % 2], seed=seed, width=32, height=32, steps=2, guidance_scale=3.0)


def from_picture(seed: int) -> SamplingParams:
    return replace(from_words(seed), start=picture(seed), strength=0.5)


def with_hole(seed: int) -> SamplingParams:
    return replace(from_words(seed), start=picture(seed), mask=hole(8 * (seed % 2)), strength=1.0)


def from_likeness(seed: int) -> SamplingParams:
    return replace(from_words(seed), likeness=(WeightedImage(picture=picture(seed)),))


Case = tuple[Callable[[Path], Path], Callable[[int], SamplingParams]]


def _decoder(folder: Path) -> Path:
    return save_kandinsky(folder)[0]


CASES: dict[str, Case] = {
    "StableDiffusionPipeline": (save_sd, from_words),
    "StableDiffusionImg2ImgPipeline": (save_sd, from_picture),
    "StableDiffusionInpaintPipeline": (save_sd, with_hole),
    "PixArtSigmaPipeline": (save_pixart, from_words),
    "SanaPipeline": (save_sana, from_words),
    "ZImagePipeline": (save_z_image, from_words),
    "ZImageImg2ImgPipeline": (save_z_image, from_picture),
    "ZImageInpaintPipeline": (save_z_image, with_hole),
    "QwenImagePipeline": (save_qwen_image, from_words),
    "QwenImageImg2ImgPipeline": (save_qwen_image, from_picture),
    "QwenImageInpaintPipeline": (save_qwen_image, with_hole),
    "StableUnCLIPImg2ImgPipeline": (save_stable_unclip, from_likeness),
    "UnCLIPImageVariationPipeline": (save_karlo, from_likeness),
    "KandinskyV22Pipeline": (_decoder, from_likeness),
    "KandinskyV22Img2ImgPipeline": (_decoder, from_picture),
}


def load(folder: Path) -> PipelineModel:
    prior = folder.parent / "prior"
    entry = ModelEntry(
        name="tiny",
        source=str(folder),
        family="pipeline",
        dtype="float32",
        prior=str(prior) if prior.is_dir() else None,
    )
    model = new_model(entry, folder, device=torch.device("cpu"))
    assert isinstance(model, PipelineModel)
    model.load()
    return model


def record_calls(model: PipelineModel, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The class of each pipeline that is called from now on, and how many samples it gets."""
    calls: list[tuple[str, int]] = []
    options = model._options

    def recording(task: str, pipeline: Any, params_list: Any) -> dict[str, Any]:
        calls.append((type(pipeline).__name__, len(params_list)))
        return options(task, pipeline, params_list)

    monkeypatch.setattr(model, "_options", recording)
    return calls


def paint(model: PipelineModel, *params_list: SamplingParams) -> list[np.ndarray]:
    """As the worker does it, each sketch for another person."""
    cache = ModelCache(budget_bytes=2**40)
    cache.hold(model)
    limits = BatchLimits("cpu", cells=2**20, max_rows=64)
    batcher = StepBatcher(cache, device=torch.device("cpu"), limits=limits, preview_seconds=0.0)
    samples = [model.new_sample(inputs) for inputs in params_list]
    groups = [SampleGroup([sample], person=f"person {index}") for index, sample in enumerate(samples)]
    for group in groups:
        batcher.submit(group)
    with torch.inference_mode():
        while batcher.turn():
            pass
    for group in groups:
        group.wait()
    return [_pixels(sample) for sample in samples]


def _pixels(sample: Sample) -> np.ndarray:
    assert sample.picture is not None
    return sample.picture.permute(1, 2, 0).numpy()


def far(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max())


def test_every_class_that_may_share_a_call_is_tested_here() -> None:
    assert set(CASES) == SHARED_CALLS


@pytest.mark.thorough(
    "StableDiffusionPipeline", "PixArtSigmaPipeline", "ZImageInpaintPipeline", "QwenImageImg2ImgPipeline"
)
@pytest.mark.parametrize("name", CASES)
def test_two_samples_of_one_call_equal_their_solo_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, params = CASES[name]
    model = load(save(tmp_path))
    calls = record_calls(model, monkeypatch)
    together = paint(model, params(1), params(2))
    assert calls == [(name, 2)]
    alone = [paint(model, params(seed))[0] for seed in (1, 2)]
    for one, other in zip(together, alone, strict=True):
        # Random weights make more of another batch's rounding errors in the deeper ones of these tiny models.
        assert far(one, other) < 2e-3 < far(alone[0], alone[1])


def test_a_class_off_the_list_never_receives_more_than_one_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(save_sd(tmp_path))
    monkeypatch.setattr(shareable_pipelines, "SHARED_CALLS", frozenset())
    calls = record_calls(model, monkeypatch)
    params_list = [make(seed) for make in (from_words, from_picture, with_hole) for seed in (1, 2, 3)]
    paint(model, *params_list)
    assert [samples for _, samples in calls] == [1] * len(params_list)
    with pytest.raises(ValueError, match="one sample a call"):
        model.generate([model.new_sample(from_words(1)), model.new_sample(from_words(2))], lambda step: True)


@pytest.mark.parametrize(
    "name",
    [
        "Flux2Pipeline",
        "Flux2KleinPipeline",
        "FluxKontextPipeline",
        "KandinskyV22InpaintPipeline",
        "QwenImageEditPlusPipeline",
    ],
)
def test_classes_that_mix_the_images_of_a_batch_share_no_call(name: str) -> None:
    import diffusers

    assert not shares_calls(getattr(diffusers, name))


def test_flux2_paints_each_persons_picture_as_if_nobody_else_were_there(tmp_path: Path) -> None:
    model = load(save_flux2_klein(tmp_path))

    def varied(seed: int) -> SamplingParams:
        start = picture(seed).resize((64, 64))
        return replace(from_picture(1), seed=seed, start=start, width=64, height=64)

    (alone,) = paint(model, varied(1))
    for stranger in (2, 3):
        beside, _ = paint(model, varied(1), varied(stranger))
        assert far(alone, beside) < 1e-6
    (other,) = paint(model, replace(varied(1), start=varied(2).start))
    assert far(alone, other) > 1e-4


def test_kandinskys_inpainting_never_lays_one_persons_picture_under_anothers_mask(tmp_path: Path) -> None:
    model = load(save_kandinsky(tmp_path, inpainting=True)[0])
    _, beside = paint(model, with_hole(1), with_hole(2))
    (alone,) = paint(model, with_hole(2))
    assert far(alone, beside) < 1e-6
