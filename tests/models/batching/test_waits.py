"""Steps without waits, counted on a fake card: nothing is uploaded or read while the same samples stay together."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch

from engine.adapters.acceleration.unipc import UniPCMultistepScheduler
from engine.adapters.components.noise_schedulers import BY_NAME
from engine.adapters.families import flux_kontext
from engine.adapters.families.qwen_image_edit import QwenImageEditModel, QwenImageEditPlusModel
from engine.adapters.registry import FAMILIES, new_model
from engine.batching.execution.scheduler_steps import advance_together
from engine.batching.model_protocols import Model
from engine.batching.sample import Conditions, Sample
from engine.catalog.catalog import ModelEntry
from engine.catalog.checkpoint_detection import WHOLE_CALLS
from tests.support.fake_card import CARD, WaitCounter
from tests.support.stock_pipelines import load, params
from tests.support.tiny_editors import noise, save_qwen_image_edit
from tests.support.tiny_models import save_chroma, save_flux, save_sd, save_sd3, save_sdxl
from tests.support.tiny_pipelines import save_flux2_dev, save_flux2_klein, save_qwen_image, save_z_image

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning"),
]
SAVES: dict[str, Callable[[Path], Path]] = {
    "sd": save_sd,
    "sdxl": save_sdxl,
    "flux": save_flux,
    "sd3": save_sd3,
    "chroma": save_chroma,
    "flux-kontext": partial(save_flux, pipeline=diffusers.FluxKontextPipeline),
    "flux2": save_flux2_dev,
    "flux2-klein": save_flux2_klein,
    "flux2-klein-kv": partial(save_flux2_klein, pipeline=diffusers.Flux2KleinKVPipeline),
    "z-image": save_z_image,
    "qwen-image": save_qwen_image,
    "qwen-image-edit": partial(save_qwen_image_edit, pipeline="QwenImageEditPipeline"),
    "qwen-image-edit-plus": partial(save_qwen_image_edit, pipeline="QwenImageEditPlusPipeline"),
}
WITH_REFERENCES = {"flux-kontext", "flux2-klein-kv", "qwen-image-edit", "qwen-image-edit-plus"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(save_sd(tmp_path_factory.mktemp("waits") / "sd"))


def on_card(sample: Sample) -> None:
    def move(conditions: Conditions) -> Conditions:
        return {name: value.to(CARD) for name, value in conditions.items()}

    assert sample.latents is not None
    sample.latents = sample.latents.to(CARD)
    sample.conditions = tuple(map(move, sample.conditions))


def test_every_family_that_paints_step_by_step_is_counted() -> None:
    assert set(SAVES) == set(FAMILIES) - {WHOLE_CALLS}


@pytest.mark.parametrize("family", SAVES)
def test_a_step_uploads_and_reads_nothing_while_the_same_samples_stay(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flux_kontext, "PREFERRED_KONTEXT_RESOLUTIONS", [(64, 64)])
    for editor in (QwenImageEditModel, QwenImageEditPlusModel):
        monkeypatch.setattr(editor, "reference_area", 32 * 32)
        monkeypatch.setattr(editor, "seen_area", 32 * 32)
    folder = SAVES[family](tmp_path / "model")
    real: Any = load(folder, family)
    entry = ModelEntry(name="tiny", source=str(folder), family=family, width=32, height=32, dtype="float32")
    fake: Any = new_model(entry, folder, device=CARD)
    fake.load()
    references = (noise(1),) if family in WITH_REFERENCES else ()
    with torch.inference_mode():
        samples = [
            real.new_sample(
                params(index, steps=3, guidance_scale=(1.0, 4.0)[index % 2], references=references)
            )
            for index in range(3)
        ]
        real.prepare(samples)
        for sample in samples:
            on_card(sample)
        waits = []
        while not samples[0].finished:
            with WaitCounter() as counter:
                for sample, prediction in zip(samples, fake.predict(samples), strict=True):
                    sample.advance(prediction)
            waits.append(counter.waits)
    first, *later = waits
    assert first  # the timesteps, at the least
    assert later == [[], []]


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("scheduler", BY_NAME)
def test_no_scheduler_waits_for_the_card(scheduler: str, *, together: bool, model: Model) -> None:
    samples = [model.new_sample(params(index, steps=5, scheduler=scheduler)) for index in range(2)]
    waits = []
    for sample in samples:
        sample.latents = torch.zeros(1, 4, 8, 8, device=CARD)
    while not samples[0].finished:
        for sample in samples:
            sample.noise.upload(sample.latents)  # type: ignore[arg-type]
        predictions = {sample: torch.zeros(1, 4, 8, 8, device=CARD) for sample in samples}
        with WaitCounter() as counter:
            if together:
                advance_together(samples, predictions)
            else:
                for sample in samples:
                    sample.advance(predictions[sample])
        waits.append(counter.waits)
    # Whether a scheduler draws noise shows in its first step.
    assert not any(waits[1:])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"solver_order": 3},
        {"predict_x0": False, "final_sigmas_type": "sigma_min"},
        {"use_flow_sigmas": True},
        {"use_karras_sigmas": True},
    ],
    ids=str,
)
def test_unipc_answers_what_the_stock_scheduler_answers(options: dict[str, Any]) -> None:
    schedulers = [kind(**options) for kind in (UniPCMultistepScheduler, diffusers.UniPCMultistepScheduler)]
    random = torch.Generator().manual_seed(1)
    start = torch.randn(2, 4, 8, 8, generator=random)
    latents = [start, start]
    for scheduler in schedulers:
        scheduler.set_timesteps(8)
    for timestep in schedulers[0].timesteps:
        change = 0.2 * torch.randn(start.shape, generator=random)
        latents = [
            scheduler.step(0.8 * one + change, timestep, one).prev_sample
            for scheduler, one in zip(schedulers, latents, strict=True)
        ]
    mine, stock = latents
    assert float((mine - stock).abs().max() / stock.abs().max()) <= 1e-6


def test_noise_that_is_uploaded_ahead_is_that_of_the_generator(model: Model) -> None:
    ahead, plain = (model.new_sample(params(steps=5, scheduler="euler a")) for _ in range(2))
    for sample in (ahead, plain):
        sample.latents = torch.ones(1, 4, 8, 8)
    while not plain.finished:
        ahead.noise.upload(ahead.latents)  # type: ignore[arg-type]
        for sample in (ahead, plain):
            sample.advance(torch.zeros(1, 4, 8, 8))
        assert torch.equal(ahead.latents, plain.latents)  # type: ignore[arg-type]


def test_a_step_that_is_repeated_gets_the_same_noise(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, plain = (model.new_sample(params(steps=5, scheduler="euler a")) for _ in range(2))
    for sample in (broken, plain):
        sample.latents = torch.ones(1, 4, 8, 8)
    step = type(broken.scheduler).step

    def breaking(*args: Any, **options: Any) -> Any:
        step(*args, **options)
        args[0]._step_index -= 1
        raise RuntimeError("broken")

    zero = torch.zeros(1, 4, 8, 8)
    with monkeypatch.context() as patch:
        patch.setattr(type(broken.scheduler), "step", breaking)
        with pytest.raises(RuntimeError):
            broken.advance(zero)
    for sample in (broken, plain):
        sample.advance(zero)
    assert torch.equal(broken.latents, plain.latents)  # type: ignore[arg-type]
