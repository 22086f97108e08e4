"""Whole pipelines run faster or with less memory, and paint the same."""

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch._dynamo.testing import CompileCounter

from engine.adapters.acceleration.cpu_offload import CpuOffloader
from engine.adapters.image_embedding import load_pipeline_model
from engine.adapters.loading import optimization, pipeline_optimization
from engine.adapters.loading.optimization import compile_blocks
from engine.adapters.loading.pipeline_optimization import networks_of
from engine.adapters.registry import new_model
from engine.adapters.whole_pipeline import PipelineModel
from engine.batching.device.device_profile import FIRST_PAUSE_SECONDS, DeviceProfile
from engine.batching.model_protocols import LearnsMemory
from engine.batching.sampling_params import SamplingParams, WeightedImage
from engine.catalog.catalog import ModelEntry
from engine.performance_settings import PLAIN, LowMemory, Quantise, Speed, TextEncoders
from studio.errors import ModelLoadError
from tests.support.sentences import raises
from tests.support.tiny_image_encoders import (
    QUIET,
    save_combined_kandinsky,
    save_karlo,
    save_stable_unclip,
)
from tests.support.tiny_models import save_sd
from tests.support.tiny_pipelines import save_pixart, save_qwen_image, save_sana, save_z_image

pytestmark = QUIET
CPU = torch.device("cpu")
FAMILIES: dict[str, Callable[[Path], Path]] = {
    "Stable Diffusion": save_sd,
    "Stable unCLIP": save_stable_unclip,
    "Kandinsky 2.2": save_combined_kandinsky,
    "Karlo": save_karlo,
    "PixArt": save_pixart,
    "Sana": save_sana,
    "Z-Image": save_z_image,
    "Qwen-Image": save_qwen_image,
}
ONLY_SEEING = {"Stable unCLIP", "Karlo"}


def model_of(folder: Path, speed: Speed) -> PipelineModel:
    entry = ModelEntry(
        name="tiny", source=str(folder), family="pipeline", width=32, height=32, dtype="float32"
    )
    model = load_pipeline_model(entry, folder, device=CPU, speed=speed)
    model.load()
    return model


def painted(model: PipelineModel, family: str, *, count: int = 2) -> torch.Tensor:
    rose = Image.new("RGB", (32, 32), "pink")
    plain = SamplingParams(
        prompt="a castle",
        seed=1,
        width=32,
        height=32,
        steps=2,
        guidance_scale=3.0,
        likeness=(WeightedImage(picture=rose),) if family in ONLY_SEEING else (),
    )
    samples = [model.new_sample(plain) for _ in range(count)]
    with torch.inference_mode():
        model.generate(samples, lambda step: True)
    return torch.stack([sample.picture for sample in samples if sample.picture is not None])


@pytest.mark.thorough("Stable Diffusion", "PixArt", "Sana")
@pytest.mark.parametrize("family", FAMILIES)
def test_what_saves_time_and_memory_changes_no_picture(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[Any] = []
    fetch = CpuOffloader.fetch

    def noted(offloader: CpuOffloader, network: torch.nn.Module) -> None:
        fetched.append(network)
        fetch(offloader, network)

    folder = FAMILIES[family](tmp_path)
    expected = painted(model_of(folder, PLAIN), family)
    monkeypatch.setattr(CpuOffloader, "fetch", noted)
    model = model_of(folder, Speed(fuse=True, low_memory=LowMemory.PARTS))
    found = painted(model, family)
    assert float((found - expected).abs().max()) < 1e-4
    pipeline = model._pipelines["imagine"]
    parts = networks_of(pipeline)
    uncalled = {name for name, network in parts.items() if not any(module is network for module in fetched)}
    assert uncalled <= {"image_normalizer"}  # a few numbers, on the device from the start


def test_a_picture_that_does_not_fit_is_decoded_in_tiles(tmp_path: Path) -> None:
    model = model_of(save_sd(tmp_path), PLAIN)
    assert isinstance(model, LearnsMemory)
    now = [1e9]
    model.profile = DeviceProfile(clock=lambda: now[0])
    expected = painted(model, "Stable Diffusion", count=1)
    vae = model._pipelines["imagine"].vae
    forward, failures = vae.decoder.forward, []

    def tight(latents: torch.Tensor, *rest: Any) -> Any:
        if not vae.use_tiling:
            failures.append(latents.shape)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(latents, *rest)

    vae.decoder.forward = tight
    for _ in range(2):
        assert float((painted(model, "Stable Diffusion", count=1) - expected).abs().max()) < 1e-4
    assert len(failures) == 1  # it stays so for a while
    now[0] += 2 * FIRST_PAUSE_SECONDS
    painted(model, "Stable Diffusion", count=1)
    assert len(failures) == 2  # then it is tried once
    vae.decoder.forward = forward
    now[0] += 4 * FIRST_PAUSE_SECONDS
    painted(model, "Stable Diffusion", count=1)
    assert not vae.use_tiling
    vae.decoder.forward = tight
    with pytest.raises(torch.OutOfMemoryError):  # the batcher tries two in halves first
        painted(model, "Stable Diffusion", count=2)


def test_after_a_reload_it_learns_again_that_whole_pictures_fit(tmp_path: Path) -> None:
    model = model_of(save_sd(tmp_path), PLAIN)
    now = [1e9]
    model.profile = DeviceProfile(clock=lambda: now[0])
    model.profile.record_out_of_memory(kind := "tiny/decode/32x32", 1, least=0)
    painted(model, "Stable Diffusion", count=1)
    assert model._pipelines["imagine"].vae.use_tiling
    model.unload()
    model.load()
    now[0] += 2 * FIRST_PAUSE_SECONDS
    painted(model, "Stable Diffusion", count=1)
    now[0] += 2 * FIRST_PAUSE_SECONDS
    assert model.profile.rows(kind) == 2


def test_text_encoders_on_the_processor_are_refused_for_whole_calls(tmp_path: Path) -> None:
    with raises(ModelLoadError, match="TEXT_ENCODERS to int8, fp8 or device"):
        model_of(save_sd(tmp_path), Speed(text_encoders=TextEncoders.CPU))


def test_an_unloaded_model_leaves_nothing_behind(tmp_path: Path) -> None:
    model = model_of(save_sd(tmp_path), Speed(low_memory=LowMemory.PARTS))
    painted(model, "Stable Diffusion", count=1)
    left = [weakref.ref(network) for network in networks_of(model._pipelines["imagine"]).values()]
    assert model.memory_bytes > 0
    model.unload()
    gc.collect()
    assert [reference() for reference in left] == [None] * len(left)


def test_compiled_it_paints_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = CompileCounter()
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    for module in (pipeline_optimization, optimization):
        monkeypatch.setattr(module, "compile_blocks", partial(compile_blocks, backend=counter))
    folder = save_pixart(tmp_path)
    expected = painted(model_of(folder, PLAIN), "PixArt")
    model = model_of(folder, Speed(compile=True))
    with ThreadPoolExecutor(1) as other_thread:  # that keeps what it sets for the compiler to itself
        found = other_thread.submit(painted, model, "PixArt").result()
    assert float((found - expected).abs().max()) < 1e-4
    assert counter.frame_count > 0
    torch._dynamo.reset()


def test_the_settings_reach_whole_pipelines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimization.importlib.util, "find_spec", lambda name: None)
    folder = save_sd(tmp_path)
    entry = ModelEntry(name="tiny", source=str(folder), family="pipeline", dtype="float32")
    model = new_model(entry, folder, device=CPU, speed=Speed(quantise=Quantise.INT8))
    with raises(ModelLoadError, match="pip install torchao"):
        model.load()


@pytest.mark.parametrize("fuse", [None, True])
def test_on_a_card_projections_are_fused_only_where_that_is_asked_for(
    fuse: bool | None, tmp_path: Path
) -> None:
    entry = ModelEntry(name="tiny", source=str(tmp_path), family="pipeline", dtype="float32")
    folder = save_pixart(tmp_path)
    model = new_model(entry, folder, device=torch.device("cuda"), speed=Speed(fuse=fuse))
    assert isinstance(model, PipelineModel)
    assert model._outfit._speed == Speed(fuse=bool(fuse), compile=True, overlap=True)
