"""Edits by words through the whole engine, with a tiny model that can do them and one that cannot."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.generation.device_settings import DeviceSettings
from engine.generation.generator import ImageGenerator
from engine.generation_task import GenerationTask
from studio.domain.requests import Operation, PaintRequest
from studio.errors import BadImageError, NotSupportedError
from tests.support.sentences import raises
from tests.support.tiny_editors import noise, save_pix2pix
from tests.support.tiny_models import save_sd
from tests.support.tiny_pipelines import save_flux2_klein

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageGenerator]:
    place = tmp_path_factory.mktemp("models")
    folders = {
        "klein": save_flux2_klein(place / "klein"),
        "pix2pix": save_pix2pix(place / "pix2pix"),
        "plain": save_sd(place / "plain"),
    }
    generator = ImageGenerator(
        ModelCatalogue(
            ModelEntry(
                name=name,
                source=str(folder),
                family="auto",
                width=32,
                height=32,
                steps=2,
                guidance_scale=2.0,
                dtype="float32",
            )
            for name, folder in folders.items()
        ),
        DeviceSettings(device="cpu", threads=1),
    )
    yield generator
    generator.close()


def edit(generator: ImageGenerator, prompt: str, *, model: str = "klein", **task: Any) -> Image.Image:
    request = PaintRequest(operation=Operation.EDIT, seed=7, prompt=prompt, count=1, model=model)
    task = {"sources": (noise(1, 40, 24),), **task}
    (found,) = generator.generate(GenerationTask(job_id="j", person="ana", request=request, **task))
    return found.image


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image)


@pytest.mark.parametrize("model", ["klein", "pix2pix"])
def test_words_and_the_picture_decide_what_an_edit_becomes(model: str, generator: ImageGenerator) -> None:
    red, blue = (edit(generator, words, model=model) for words in ("a red apple", "the blue apple"))
    other = edit(generator, "a red apple", model=model, sources=(noise(2, 40, 24),))
    assert red.size == (40, 24)
    assert (pixels(red) != pixels(blue)).any()
    assert (pixels(red) != pixels(other)).any()


@pytest.mark.parametrize("model", ["klein", "pix2pix"])
def test_a_region_limits_what_an_edit_by_words_changes(model: str, generator: ImageGenerator) -> None:
    mask = Image.new("L", (40, 24), 0)
    mask.paste(255, (8, 8, 24, 20))
    edited = edit(generator, "a red apple", model=model, mask=mask)
    inside = pixels(mask) > 0
    before, after = pixels(noise(1, 40, 24)), pixels(edited)
    assert (before[inside] != after[inside]).any()
    assert (before[~inside] == after[~inside]).all()


def test_a_further_reference_changes_the_result(generator: ImageGenerator) -> None:
    plain, further = edit(generator, "a red apple"), edit(generator, "a red apple", references=(noise(3),))
    assert (pixels(plain) != pixels(further)).any()


def test_a_model_without_the_capability_asks_for_a_region_and_takes_no_references(
    generator: ImageGenerator,
) -> None:
    with raises(BadImageError, match="Name the part"):
        edit(generator, "a red apple", model="plain")
    mask = Image.new("L", (40, 24), 0)
    mask.paste(255, (8, 8, 24, 20))
    with raises(NotSupportedError, match="references"):
        edit(generator, "a red apple", model="plain", mask=mask, references=(noise(3),))
