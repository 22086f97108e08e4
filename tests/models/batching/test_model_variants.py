"""Variants of a family: normalised latents, consistency models, schedulers that clip, all as the stock pipelines."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from engine.adapters.components.noise_schedulers import Schedulers
from engine.batching.sampling_params import SamplingParams
from studio.errors import BadParameterError
from tests.support.sentences import raises
from tests.support.stock_pipelines import (
    OPERATIONS,
    TOLERANCE,
    batcher_with,
    difference,
    load,
    paint_together,
    params,
    picture,
    stock,
)
from tests.support.tiny_models import save_sd, save_sdxl

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.thorough("from a picture")
@pytest.mark.parametrize("operation", ["from words", "from a picture"])
def test_latents_normalised_by_channel_equal_the_stock_pipeline(operation: str, tmp_path: Path) -> None:
    folder = save_sdxl(tmp_path / "playground")
    change(
        folder / "vae" / "config.json",
        latents_mean=[-1.6574, 1.886, -1.383, 2.5155],
        latents_std=[8.4927, 5.9022, 6.5498, 5.2299],
    )
    model, alone = load(folder, "sdxl"), stock(folder, "sdxl")
    params_list = [params(index, **OPERATIONS[operation]) for index in range(3)]
    samples = paint_together(batcher_with(model), params_list, model)
    for sample, one in zip(samples, params_list, strict=True):
        assert difference(sample, alone(one)) < TOLERANCE


class TestConsistencyModels:
    """A folder whose index names diffusers' pipeline for latent consistency models."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = save_sd(tmp_path / "consistency", guidance_embedding=32, scheduler="lcm")
        change(folder / "model_index.json", _class_name="LatentConsistencyModelPipeline")
        return folder

    def alone(self, folder: Path, params: SamplingParams) -> np.ndarray:
        from_picture = params.start is not None
        kind = (
            diffusers.LatentConsistencyModelImg2ImgPipeline
            if from_picture
            else diffusers.LatentConsistencyModelPipeline
        )
        pipeline = kind.from_pretrained(folder, requires_safety_checker=False)
        pipeline.set_progress_bar_config(disable=True)
        size = {"height": params.height, "width": params.width}
        changed: np.ndarray = pipeline(
            prompt=params.prompt,
            num_inference_steps=params.steps,
            guidance_scale=params.guidance_scale,
            generator=torch.Generator().manual_seed(params.seed),
            output_type="np",
            **({"image": params.start, "strength": params.strength} if from_picture else size),
        ).images[0]
        return changed

    @pytest.mark.parametrize("strength", [0.3, 0.5, 0.8])
    def test_all_steps_are_spread_over_what_a_strength_leaves(self, folder: Path, strength: float) -> None:
        model = load(folder)
        plain = params(0, steps=4, guidance_scale=5.0)
        params_list = [plain, replace(plain, start=picture(1), strength=strength, seed=7)]
        samples = paint_together(batcher_with(model), params_list, model)
        assert [sample.steps for sample in samples] == [4, 4]
        for sample, one in zip(samples, params_list, strict=True):
            assert difference(sample, self.alone(folder, one)) < TOLERANCE

    def test_another_scheduler_leaves_out_steps_as_for_any_model(self, folder: Path) -> None:
        sample = load(folder).new_sample(
            params(0, steps=4, start=picture(1), strength=0.5, scheduler="euler")
        )
        assert sample.steps == 2

    def test_more_steps_than_the_schedule_has_are_refused(self, folder: Path) -> None:
        with raises(BadParameterError, match="steps"):
            load(folder).new_sample(params(0, steps=20, start=picture(1), strength=0.2))


class TestClipping:
    @pytest.mark.parametrize("name", ["ddim", "ddpm", "lcm", "heun", "tcd"])
    def test_a_scheduler_by_name_clips_nothing_where_the_model_does_not_say_so(
        self, name: str, tmp_path: Path
    ) -> None:
        folder = save_sd(tmp_path / "sd", scheduler="pndm")
        assert "clip_sample" not in json.loads((folder / "scheduler/scheduler_config.json").read_text())
        assert Schedulers(folder).new(name).config.clip_sample is False

    def test_a_model_that_was_made_with_clipping_keeps_it(self, tmp_path: Path) -> None:
        folder = save_sd(tmp_path / "sd", scheduler="ddim")
        change(folder / "scheduler/scheduler_config.json", clip_sample=True)
        assert Schedulers(folder).new("ddpm").config.clip_sample is True

    def test_the_picture_is_that_of_the_stock_pipeline_without_clipping(self, tmp_path: Path) -> None:
        folder = save_sd(tmp_path / "sd", scheduler="pndm")
        model = load(folder)
        wanted = params(0, scheduler="ddim")
        (sample,) = paint_together(batcher_with(model), [wanted], model)
        pipeline = diffusers.StableDiffusionPipeline.from_pretrained(folder, requires_safety_checker=False)
        pipeline.scheduler = diffusers.DDIMScheduler.from_config(pipeline.scheduler.config, clip_sample=False)
        pipeline.set_progress_bar_config(disable=True)
        image = pipeline(
            wanted.prompt,
            width=32,
            height=32,
            num_inference_steps=wanted.steps,
            guidance_scale=wanted.guidance_scale,
            generator=torch.Generator().manual_seed(wanted.seed),
            output_type="np",
        ).images[0]
        assert difference(sample, image) < TOLERANCE
