"""Orders that ask for more than words: blends, LoRAs, pictures as prompts, canvases beyond the model's size."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.catalog.addons import IpAdapterEntry, LoraEntry, UpscalerEntry
from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.generation.device_settings import DeviceSettings
from engine.generation.generator import ImageGenerator
from engine.generation_task import GeneratedImage, GenerationTask, Progress
from studio.domain.requests import Lora, Operation, PaintRequest, Strength
from studio.errors import BadImageError, BadParameterError, NotSupportedError
from tests.support.sentences import raises
from tests.support.tiny_addons import save_ip_adapter, save_lora
from tests.support.tiny_models import save_sd, save_sdxl

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageGenerator]:
    place = tmp_path_factory.mktemp("models")
    folder = save_sd(place / "tiny")
    adapter = save_ip_adapter(place / "adapter", folder)
    loras = {
        "ink": LoraEntry(source=str(save_lora(folder, place / "ink.safetensors")), trigger="black ink"),
        "foreign": LoraEntry(
            source=str(save_lora(save_sdxl(place / "xl"), place / "foreign.safetensors", family="sdxl"))
        ),
    }
    seeing = IpAdapterEntry(
        source=str(adapter / "adapter.safetensors"), encoder=str(adapter / "image_encoder")
    )
    catalogue = ModelCatalogue(
        [entry(folder, "plain", loras=loras), entry(folder, "seeing", ip_adapter=seeing)],
        upscalers={"anime": UpscalerEntry(source="bundled:realesr-animevideov3-x4")},
    )
    generator = ImageGenerator(catalogue, DeviceSettings(device="cpu", threads=1))
    yield generator
    generator.close()


def entry(folder: Path, name: str, **changes: Any) -> ModelEntry:
    return ModelEntry(
        name=name,
        source=str(folder),
        family="sd",
        width=32,
        height=32,
        steps=3,
        guidance_scale=3.0,
        dtype="float32",
        **changes,
    )


def order(
    operation: Operation, *sources: Image.Image, mask: Image.Image | None = None, **changes: Any
) -> GenerationTask:
    asked = {"operation": operation, "seed": 7, "prompt": "a star", "count": 1, **changes}
    return GenerationTask(
        job_id="job", person="ana", request=PaintRequest(**asked), sources=sources, mask=mask
    )


def photograph(seed: int = 1, side: int = 32) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    return Image.fromarray(values).resize((side, side), Image.Resampling.BICUBIC)


def differ(one: GeneratedImage, other: GeneratedImage) -> bool:
    return one.image.tobytes() != other.image.tobytes()


@pytest.mark.parametrize("model", ["plain", "seeing"])
def test_a_blend_of_two_pictures_is_neither(model: str, generator: ImageGenerator) -> None:
    blends = [
        generator.generate(
            order(Operation.BLEND, photograph(1), photograph(2), model=model, weights=weights)
        )[0]
        for weights in ((1, 0), (1, 1), (0, 1))
    ]
    assert blends[0].recipe.operation is Operation.BLEND
    assert differ(blends[0], blends[1])
    assert differ(blends[1], blends[2])


def test_a_model_that_sees_varies_what_is_on_a_picture(generator: ImageGenerator) -> None:
    varied = [
        generator.generate(order(Operation.VARY, photograph(seed), model="seeing", variation=variation))[0]
        for seed, variation in ((1, Strength.STRONG), (2, Strength.STRONG), (1, Strength.SUBTLE))
    ]
    assert differ(varied[0], varied[1])
    assert differ(varied[0], varied[2])


def test_a_lora_stays_in_the_recipe_and_its_words_reach_the_model_alone(generator: ImageGenerator) -> None:
    lora = Lora(name="ink", weight=0.5)
    with_ink, without = (
        generator.generate(order(Operation.IMAGINE, model="plain", loras=loras))[0] for loras in ((lora,), ())
    )
    assert with_ink.recipe.loras == (lora,)
    assert with_ink.recipe.prompt == "a star"
    assert differ(with_ink, without)


def test_a_lora_that_the_model_does_not_have_is_answered_with_those_it_has(generator: ImageGenerator) -> None:
    with raises(BadParameterError, match="plain has no LoRA oil; it has ink, foreign"):
        generator.generate(order(Operation.IMAGINE, model="plain", loras=(Lora(name="oil"),)))
    with raises(BadParameterError, match="seeing has no LoRA ink; it has none"):
        generator.generate(order(Operation.IMAGINE, model="seeing", loras=(Lora(name="ink"),)))


def test_a_lora_for_another_model_is_one_sentence(generator: ImageGenerator) -> None:
    with raises(NotSupportedError, match="made for another model"):
        generator.generate(order(Operation.IMAGINE, model="plain", loras=(Lora(name="foreign"),)))


def test_a_canvas_beyond_the_models_size_grows_around_the_picture(generator: ImageGenerator) -> None:
    updates: list[Progress] = []
    source = photograph(3, side=48)
    (painted,) = generator.generate(
        order(Operation.EXPAND, source, model="plain", sides=("right",), amount_percent=100),
        on_progress=updates.append,
    )
    assert painted.image.size == (96, 48)
    assert painted.image.crop((0, 0, 48, 48)).tobytes() == source.tobytes()
    assert [update.step for update in updates] == sorted(update.step for update in updates)
    assert updates[-1].step == updates[-1].steps


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [(Image.new("L", (16, 32), 255), "16×32 pixels"), (Image.new("L", (32, 32), 0), "all black")],
)
def test_a_mask_that_does_not_fit_is_one_sentence(
    mask: Image.Image, sentence: str, generator: ImageGenerator
) -> None:
    with raises(BadImageError, match=sentence):
        generator.generate(order(Operation.EDIT, photograph(), mask=mask, model="plain"))


def test_an_upscaler_is_chosen_by_name(generator: ImageGenerator) -> None:
    (large,) = generator.generate(order(Operation.UPSCALE, photograph(), upscaler="anime"))
    assert large.image.size == (128, 128)
    with raises(BadParameterError, match="there are anime"):
        generator.generate(order(Operation.UPSCALE, photograph(), upscaler="sharp"))
