"""Drafts through the engine: their sizes and steps, and that they begin as their full size does."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.adapters.stable_diffusion import StableDiffusionModel
from engine.batching.sample import Sample
from engine.catalog.capabilities import Capabilities
from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.catalog.geometry import Layout
from engine.generation.device_settings import DeviceSettings
from engine.generation.generator import ImageGenerator
from engine.generation.prepare_inputs import asked_steps, prepare_inputs
from engine.generation_task import GenerationTask
from studio.domain.requests import Operation, PaintRequest
from tests.models.adapters.test_addons import load, params
from tests.support.tiny_models import save_sd

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

LARGE = ModelEntry(name="large", source="/x", family="sdxl", width=1024, height=1024, steps=30)
LAYOUT = Layout(factor=8, grid=8, multiple=32, latent_channels=4, input_channels=4, sample_pixels=1024)


def task(**changes: object) -> GenerationTask:
    request = PaintRequest(operation=Operation.IMAGINE, seed=7, prompt="a fox", count=8, draft=True)
    return GenerationTask(job_id="j", person="ana", request=replace(request, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "size", "full"),
    [
        ({}, (512, 512), (1024, 1024)),
        ({"aspect": "3:2"}, (624, 416), (1248, 832)),
        ({"width": 1032, "height": 1024}, (512, 512), (1032, 1024)),
    ],
)
def test_a_draft_has_half_the_sides_of_its_full_size(
    changes: dict[str, object], size: tuple[int, int], full: tuple[int, int]
) -> None:
    drawing = prepare_inputs(task(**changes), 0, entry=LARGE, layout=LAYOUT, prior=None)
    assert ((drawing.width, drawing.height), drawing.noise_size) == (size, full)
    whole = prepare_inputs(task(**changes, draft=False), 0, entry=LARGE, layout=LAYOUT, prior=None)
    assert ((whole.width, whole.height), whole.noise_size) == (full, None)
    assert asked_steps(task(**changes).request, entry=LARGE, prior=None) == 10


def test_a_model_for_small_pictures_and_one_of_a_fixed_size_keep_theirs() -> None:
    small = replace(LARGE, width=512, height=512)
    fixed = replace(LAYOUT, can=Capabilities(fixed_pixels=1024 * 1024))
    for entry, layout, side in ((small, LAYOUT, 512), (LARGE, fixed, 1024)):
        drawing = prepare_inputs(task(), 0, entry=entry, layout=layout, prior=None)
        assert ((drawing.width, drawing.height), drawing.noise_size) == ((side, side), None)


def test_a_drafts_noise_is_that_of_its_full_size_averaged_with_the_same_variance(tmp_path: Path) -> None:
    model = load(save_sd(tmp_path / "model"))
    whole = model.new_sample(params(3, width=512, height=384))
    small = model.new_sample(params(3, width=256, height=192, noise_size=(512, 384)))
    model.prepare([whole])
    model.prepare([small])
    assert small.latents.shape == (1, 4, 48, 64)
    averaged = torch.nn.functional.avg_pool2d(whole.latents, 2) * 2
    assert torch.equal(small.latents, averaged)
    assert small.latents.std() == pytest.approx(float(whole.latents.std()), rel=0.03)
    plain = model.new_sample(params(3, width=256, height=192))
    model.prepare([plain])
    assert not torch.allclose(plain.latents, small.latents)


def test_sixteen_drafts_are_painted_in_one_task_and_each_step_in_one_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []
    predict = StableDiffusionModel.predict

    def count(model: StableDiffusionModel, samples: Sequence[Sample]) -> Sequence[torch.Tensor]:
        passes.append(len(samples))
        return predict(model, samples)

    monkeypatch.setattr(StableDiffusionModel, "predict", count)
    folder = save_sd(tmp_path / "model")
    entry = ModelEntry(
        name="tiny", source=str(folder), family="sd", width=32, height=32, steps=6, dtype="float32"
    )
    generator = ImageGenerator(
        ModelCatalogue([entry], state=tmp_path), DeviceSettings(device="cpu", threads=1), represents=False
    )
    try:
        painted = generator.generate(task(count=16))
    finally:
        generator.close()
    assert [image.recipe.seed for image in painted] == list(range(7, 23))
    assert {image.recipe.steps for image in painted} == {4}
    assert len({image.image.tobytes() for image in painted}) == 16
    assert passes == [16] * 4
