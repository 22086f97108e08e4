"""What is laid over a model for one person changes nobody else's pictures: LoRAs, and pictures as prompts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from engine.adapters.components.latent_blending import slerp
from engine.adapters.registry import new_model
from engine.batching.device.memory_limits import BatchLimits
from engine.batching.device.model_cache import ModelCache
from engine.batching.execution.step_batcher import StepBatcher
from engine.batching.model_protocols import Model
from engine.batching.sample import Sample
from engine.batching.sample_group import SampleGroup
from engine.batching.sampling_params import SamplingParams, WeightedImage
from engine.catalog.addons import IpAdapterEntry, LoraEntry
from engine.catalog.catalog import ModelEntry
from studio.errors import ModelLoadError, NotSupportedError
from tests.support.sentences import raises
from tests.support.tiny_addons import save_ip_adapter, save_lora
from tests.support.tiny_models import save_flux, save_sd, save_sd3, save_sdxl

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

TOLERANCE = 1e-4


def picture(seed: int) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    return Image.fromarray(values).resize((40, 32), Image.Resampling.BICUBIC)


def params(index: int = 0, **changes: Any) -> SamplingParams:
    plain = SamplingParams(
        prompt=f"thing {index}", seed=index, width=32, height=32, steps=3, guidance_scale=4.0
    )
    return replace(plain, **changes)


def load(folder: Path, family: str = "sd", **extras: Any) -> Model:
    entry = ModelEntry(
        name="tiny", source=str(folder), family=family, width=32, height=32, dtype="float32", **extras
    )
    model = new_model(entry, folder, device=torch.device("cpu"))
    model.load()
    return model


def hand_in(model: Model, *params_list: SamplingParams) -> list[SampleGroup]:
    """Each as somebody's order, painted side by side."""
    cache = ModelCache(budget_bytes=2**40)
    cache.hold(model)
    limits = BatchLimits("cpu", cells=2**20, max_rows=64)
    batcher = StepBatcher(cache, device=torch.device("cpu"), limits=limits, preview_seconds=9.0)
    groups = [
        SampleGroup([model.new_sample(inputs)], person=f"person {index}")
        for index, inputs in enumerate(params_list)
    ]
    for group in groups:
        batcher.submit(group)
    with torch.inference_mode():
        while batcher.turn():
            pass
    return groups


def painted(group: SampleGroup) -> np.ndarray:
    group.wait()
    picture = group.samples[0].picture
    assert picture is not None
    return picture.permute(1, 2, 0).numpy()


def far(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max())


# ---- LoRAs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def loras(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, LoraEntry]:
    """Two that fit, one for a model with wider words, one that is damaged, one that is not there."""
    place = tmp_path_factory.mktemp("loras")
    other = save_sdxl(place / "xl")
    (place / "damaged.safetensors").write_bytes(b"no weights at all")
    files = {
        "ink": save_lora(folder, place / "ink.safetensors", seed=1),
        "pixel": save_lora(folder, place / "pixel.safetensors", seed=2),
        "foreign": save_lora(other, place / "foreign.safetensors", family="sdxl"),
        "damaged": place / "damaged.safetensors",
        "lost": place / "lost.safetensors",
    }
    return {name: LoraEntry(source=str(path)) for name, path in files.items()}


@pytest.fixture
def wearing(folder: Path, loras: dict[str, LoraEntry]) -> Iterator[Model]:
    model = load(folder, loras=loras)
    yield model
    model.unload()


PIPELINES: dict[str, Any] = {
    "sd": diffusers.StableDiffusionPipeline,
    "flux": diffusers.FluxPipeline,
    "sd3": diffusers.StableDiffusion3Pipeline,
}


def with_loras(
    folder: Path, loras: dict[str, LoraEntry], *, family: str = "sd", **worn: float
) -> Callable[[SamplingParams], np.ndarray]:
    extra = {"requires_safety_checker": False} if family == "sd" else {}
    pipeline = PIPELINES[family].from_pretrained(folder, **extra)
    pipeline.set_progress_bar_config(disable=True)
    for name in worn:
        path = Path(loras[name].source)
        pipeline.load_lora_weights(path.parent, weight_name=path.name, adapter_name=name)
    if worn:
        pipeline.set_adapters(list(worn), list(worn.values()))

    def paint(params: SamplingParams) -> np.ndarray:
        result: np.ndarray = pipeline(
            params.prompt,
            num_inference_steps=params.steps,
            guidance_scale=params.guidance_scale,
            width=params.width,
            height=params.height,
            generator=torch.Generator().manual_seed(params.seed),
            output_type="np",
        ).images[0]
        return result

    return paint


# diffusers warns of a second LoRA beside the first, which is what is wanted here.
@pytest.mark.filterwarnings("ignore:Already found a `peft_config`:UserWarning")
def test_each_sample_wears_its_own_loras_and_the_others_none(
    wearing: Model, folder: Path, loras: dict[str, LoraEntry]
) -> None:
    choices: list[dict[str, float]] = [{}, {"ink": 1.0}, {"ink": 0.5, "pixel": 1.0}, {"pixel": -0.7}, {}]
    params_list = [params(7, adapters=tuple(sorted(worn.items()))) for worn in choices]
    got = [painted(group) for group in hand_in(wearing, *params_list)]
    wanted = [with_loras(folder, loras, **worn)(params_list[0]) for worn in choices]
    for one, other in zip(got, wanted, strict=True):
        assert far(one, other) < TOLERANCE
    assert far(got[0], got[1]) > 0.01
    assert far(got[1], got[2]) > 0.01
    assert far(got[0], got[4]) == 0


@pytest.mark.parametrize(("family", "save"), [("flux", save_flux), ("sd3", save_sd3)])
def test_transformers_wear_loras_too(family: str, save: Callable[[Path], Path], tmp_path: Path) -> None:
    folder = save(tmp_path / "model")
    loras = {"ink": LoraEntry(source=str(save_lora(folder, tmp_path / "ink.safetensors", family=family)))}
    model = load(folder, family, loras=loras)
    plain, ink = hand_in(model, params(1), params(1, adapters=(("ink", 0.8),)))
    assert far(painted(plain), with_loras(folder, loras, family=family)(params(1))) < TOLERANCE
    assert far(painted(ink), with_loras(folder, loras, family=family, ink=0.8)(params(1))) < TOLERANCE
    assert far(painted(plain), painted(ink)) > 0.01


@pytest.mark.thorough("foreign")
@pytest.mark.parametrize("name", ["foreign", "damaged", "lost"])
def test_a_lora_that_does_not_fit_ends_its_own_order_alone(
    name: str, wearing: Model, folder: Path, loras: dict[str, LoraEntry]
) -> None:
    plain, bad, ink = hand_in(
        wearing,
        params(1),
        params(2, adapters=((name, 1.0),)),
        params(3, adapters=(("ink", 1.0),)),
    )
    with pytest.raises((NotSupportedError, ModelLoadError), match=name):
        bad.wait()
    assert far(painted(plain), with_loras(folder, loras)(params(1))) < TOLERANCE
    assert far(painted(ink), with_loras(folder, loras, ink=1.0)(params(3))) < TOLERANCE
    (after,) = hand_in(wearing, params(1))
    assert far(painted(after), painted(plain)) == 0


# ---- pictures as prompts


@pytest.fixture(scope="module", params=["plain", "plus"])
def adapter(request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_ip_adapter(
        tmp_path_factory.mktemp("adapters") / request.param, folder, plus=request.param == "plus"
    )


def entry_of(adapter: Path) -> IpAdapterEntry:
    return IpAdapterEntry(
        source=str(adapter / "adapter.safetensors"), encoder=str(adapter / "image_encoder"), scale=0.8
    )


def upstream(folder: Path, adapter: Path) -> Any:
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(folder, requires_safety_checker=False)
    pipeline.load_ip_adapter(
        adapter, subfolder="", weight_name="adapter.safetensors", image_encoder_folder="image_encoder"
    )
    pipeline.set_ip_adapter_scale(0.8)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def alone(pipeline: Any, params: SamplingParams) -> np.ndarray:
    result: np.ndarray = pipeline(
        params.prompt,
        num_inference_steps=params.steps,
        guidance_scale=params.guidance_scale,
        width=params.width,
        height=params.height,
        generator=torch.Generator().manual_seed(params.seed),
        ip_adapter_image=params.likeness[0].picture,
        output_type="np",
    ).images[0]
    return result


def test_the_pictures_of_different_people_do_not_mix(adapter: Path, folder: Path) -> None:
    model = load(folder, ip_adapter=entry_of(adapter))
    assert model.layout.has_image_encoder
    params_list = [
        params(1, likeness=(WeightedImage(picture=picture(1)),)),
        params(2, likeness=(WeightedImage(picture=picture(2)),), guidance_scale=1.0),
        params(3, likeness=(WeightedImage(picture=picture(3)),), steps=5),
        params(4),
    ]
    sizes: list[int] = []
    predict = model.predict

    def counting(samples: list[Sample]) -> Any:
        sizes.append(len(samples))
        return predict(samples)

    model.predict = counting  # type: ignore[method-assign]
    got = [painted(group) for group in hand_in(model, *params_list)]
    assert sizes[0] == len(params_list)
    stock = upstream(folder, adapter)
    for one, inputs in zip(got[:3], params_list[:3], strict=True):
        assert far(one, alone(stock, inputs)) < TOLERANCE
    assert far(got[3], with_loras(folder, {})(params_list[3])) < TOLERANCE


def test_upstream_mixes_them_which_is_why_samples_have_their_own(adapter: Path, folder: Path) -> None:
    stock = upstream(folder, adapter)
    params_list = [params(index, likeness=(WeightedImage(picture=picture(index)),)) for index in (1, 2)]
    together = stock(
        [inputs.prompt for inputs in params_list],
        num_inference_steps=3,
        guidance_scale=4.0,
        width=32,
        height=32,
        generator=[torch.Generator().manual_seed(inputs.seed) for inputs in params_list],
        ip_adapter_image=[[inputs.likeness[0].picture for inputs in params_list]],
        output_type="np",
    ).images
    assert all(
        far(one, alone(stock, inputs)) > 0.01 for one, inputs in zip(together, params_list, strict=True)
    )


def test_a_blend_lies_between_its_pictures(adapter: Path, folder: Path) -> None:
    model = load(folder, ip_adapter=entry_of(adapter))
    pictures = picture(1), picture(2)

    def blended(share: float) -> SamplingParams:
        weighted_images = zip(pictures, (share, 1 - share), strict=True)
        return params(
            1, likeness=tuple(WeightedImage(picture=image, share=part) for image, part in weighted_images)
        )

    near, middle, away, only = (
        painted(group)
        for group in hand_in(
            model,
            blended(0.999),
            blended(0.5),
            blended(0.001),
            params(1, likeness=(WeightedImage(picture=pictures[0]),)),
        )
    )
    assert far(near, only) < 0.02 < far(away, only)
    assert far(middle, near) > 1e-3
    assert far(middle, away) > 1e-3


def test_sdxl_sees_pictures_too(tmp_path: Path) -> None:
    folder = save_sdxl(tmp_path / "xl")
    adapter = save_ip_adapter(tmp_path / "adapter", folder)
    model = load(folder, "sdxl", ip_adapter=entry_of(adapter))
    one, other = hand_in(model, params(1, likeness=(WeightedImage(picture=picture(1)),)), params(1))
    pipeline = diffusers.StableDiffusionXLPipeline.from_pretrained(folder, add_watermarker=False)
    pipeline.load_ip_adapter(
        adapter, subfolder="", weight_name="adapter.safetensors", image_encoder_folder="image_encoder"
    )
    pipeline.set_ip_adapter_scale(0.8)
    pipeline.set_progress_bar_config(disable=True)
    assert far(painted(one), alone(pipeline, one.samples[0].params)) < TOLERANCE
    assert far(painted(one), painted(other)) > 0.01


@pytest.mark.parametrize("broken", ["adapter.safetensors", "image_encoder/config.json"])
def test_an_ip_adapter_that_is_damaged_is_one_sentence(broken: str, folder: Path, tmp_path: Path) -> None:
    adapter = save_ip_adapter(tmp_path / "adapter", folder)
    (adapter / broken).write_bytes(b"{}")
    with raises(ModelLoadError, match="IP-Adapter of the model tiny"):
        load(folder, ip_adapter=entry_of(adapter))


def test_a_model_without_eyes_says_so(folder: Path) -> None:
    model = load(folder)
    with raises(NotSupportedError, match="use an image as a prompt"):
        model.new_sample(params(1, likeness=(WeightedImage(picture=picture(1)),)))


# ---- latents of several pictures


def test_latents_of_several_pictures_lie_between_them(folder: Path) -> None:
    model = load(folder)
    pictures = [picture(seed).resize((32, 32)) for seed in (1, 2)]

    def mixed(share: float) -> SamplingParams:
        others = (WeightedImage(picture=pictures[1], share=share),)
        return params(1, start=pictures[0], mixed=others, strength=0.34)

    little, half, much = (
        painted(sample) for sample in hand_in(model, mixed(0.001), mixed(0.5), mixed(0.999))
    )
    only = painted(hand_in(model, params(1, start=pictures[0], strength=0.34))[0])
    assert far(little, only) < far(half, only) < far(much, only)


def test_the_arc_keeps_the_length_of_what_lies_on_it() -> None:
    one, other = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    one, other = one / one.norm(), other / other.norm()
    for share in (0.0, 0.3, 1.0):
        assert float(slerp(one, other, share).norm()) == pytest.approx(1, abs=1e-5)
    assert torch.allclose(slerp(one, other, 0.0), one, atol=1e-6)
    assert torch.allclose(slerp(one, other, 1.0), other, atol=1e-6)
    assert torch.allclose(slerp(one, one, 0.5), one, atol=1e-6)
