"""Models that are shown pictures: variations and blends by what is on them, as DALL·E 2 does it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.adapters.registry import new_model
from engine.adapters.whole_pipeline import PipelineModel
from engine.batching.model_protocols import WholeCallModel
from engine.batching.sampling_params import SamplingParams, WeightedImage
from engine.catalog.catalog import ModelEntry
from studio.errors import ModelLoadError, NotSupportedError
from tests.support.sentences import raises
from tests.support.tiny_image_encoders import (
    QUIET,
    save_combined_kandinsky,
    save_kandinsky,
    save_karlo,
    save_stable_unclip,
)
from tests.support.tiny_pipelines import save_pixart, save_qwen_image, save_sana, save_z_image

pytestmark = QUIET


def picture(seed: int) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    return Image.fromarray(values).resize((32, 32), Image.Resampling.BICUBIC)


def params(seed: int = 1, *seen: int, **changes: Any) -> SamplingParams:
    likeness = tuple(WeightedImage(picture=picture(number), share=1 / len(seen)) for number in seen)
    plain = SamplingParams(
        prompt="a castle",
        seed=seed,
        width=32,
        height=32,
        steps=2,
        guidance_scale=3.0,
        likeness=likeness,
    )
    return replace(plain, **changes)


def load(folder: Path, **more: Any) -> WholeCallModel:
    entry = ModelEntry(
        name="seer", source=str(folder), family="pipeline", width=32, height=32, dtype="float32", **more
    )
    model = new_model(entry, folder, device=torch.device("cpu"))
    model.load()
    assert isinstance(model, WholeCallModel)
    return model


def paint(model: WholeCallModel, *params_list: SamplingParams) -> list[np.ndarray]:
    samples = [model.new_sample(inputs) for inputs in params_list]
    with torch.inference_mode():
        model.generate(samples, lambda step: True)
    assert len({sample.key for sample in samples}) == 1
    return [sample.picture.permute(1, 2, 0).numpy() for sample in samples if sample.picture is not None]


def far(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max())


@pytest.fixture(scope="module", params=["Stable unCLIP", "Karlo", "Kandinsky 2.2"])
def seer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> WholeCallModel:
    folder = tmp_path_factory.mktemp("seer")
    if request.param == "Kandinsky 2.2":
        decoder, prior = save_kandinsky(folder)
        return load(decoder, prior=str(prior))
    return load({"Karlo": save_karlo, "Stable unCLIP": save_stable_unclip}[request.param](folder))


@pytest.mark.thorough("Stable unCLIP")
def test_pictures_of_one_call_are_painted_each_from_its_own(seer: WholeCallModel) -> None:
    assert seer.layout.has_image_encoder
    together = paint(seer, params(1, 5), params(2, 6), params(3, 5, 6))
    apart = [paint(seer, inputs)[0] for inputs in (params(1, 5), params(2, 6), params(3, 5, 6))]
    (other_picture,) = paint(seer, params(1, 6))
    for one, other in zip(together, apart, strict=True):
        # Of other batches' rounding errors random weights make much, of another picture far more.
        assert far(one, other) < 2e-3 < far(apart[0], other_picture)


def test_subtle_variations_are_another_thing_than_strong_ones(seer: WholeCallModel) -> None:
    (strong,) = paint(seer, params(1, 5))
    (subtle,) = paint(seer, params(1, 5, start=picture(5), strength=0.5))
    assert far(strong, subtle) > 1e-3


def test_a_call_stops_where_nobody_waits_any_more(seer: WholeCallModel) -> None:
    heard: list[int] = []
    sample = seer.new_sample(params(1, 5, steps=4))

    def on_step(step: int) -> bool:
        heard.append(step)
        return step < 2

    with torch.inference_mode():
        seer.generate([sample], on_step)
    assert heard == [1, 2]
    assert sample.picture is None


@pytest.mark.parametrize("save", [save_karlo, save_stable_unclip])
def test_what_only_sees_cannot_paint_from_words(save: Any, tmp_path: Path) -> None:
    entry = ModelEntry(name="seer", source=str(tmp_path), family="pipeline")
    model = new_model(entry, save(tmp_path), device=torch.device("cpu"))
    with raises(NotSupportedError, match=r"cannot imagine\. It can do: vary, blend"):
        model.new_sample(params(1))
    with raises(NotSupportedError, match="cannot edit"):
        model.new_sample(params(1, start=picture(1), mask=Image.new("L", (32, 32), 255)))


def test_kandinskys_prior_turns_words_into_what_the_decoder_paints(tmp_path: Path) -> None:
    decoder, prior = save_kandinsky(tmp_path)
    model = load(decoder, prior=str(prior))
    castle, boat = paint(model, params(1), params(1, prompt="a boat"))
    assert far(castle, boat) > 1e-5
    (varied,) = paint(model, params(1, start=picture(1), strength=0.5))
    assert varied.shape == (32, 32, 3)


def test_kandinskys_decoder_for_holes_edits(tmp_path: Path) -> None:
    decoder, prior = save_kandinsky(tmp_path, inpainting=True)
    model = load(decoder, prior=str(prior))
    hole = Image.new("L", (32, 32), 0)
    hole.paste(255, (8, 8, 24, 24))
    (edited,) = paint(model, params(1, start=picture(1), mask=hole))
    assert edited.shape == (32, 32, 3)
    with raises(NotSupportedError, match="It can do: edit"):
        model.new_sample(params(1))


def test_kandinsky_without_its_prior_says_what_is_missing(tmp_path: Path) -> None:
    decoder, _ = save_kandinsky(tmp_path)
    entry = ModelEntry(name="seer", source=str(decoder), family="pipeline")
    with raises(ModelLoadError, match="Name its folder as prior"):
        new_model(entry, decoder, device=torch.device("cpu"))


def test_kandinsky_in_one_folder_paints_varies_and_sees(tmp_path: Path) -> None:
    model = load(save_combined_kandinsky(tmp_path))
    castle, seen = paint(model, params(1))[0], paint(model, params(1, 5))[0]
    (varied,) = paint(model, params(1, start=picture(1), strength=0.5))
    assert castle.shape == varied.shape == (32, 32, 3)
    assert far(castle, seen) > 1e-3
    with raises(NotSupportedError, match=r"cannot edit\. It can do: imagine, vary"):
        model.new_sample(params(1, start=picture(1), mask=Image.new("L", (32, 32), 255)))


@pytest.mark.parametrize("save", [save_pixart, save_sana])
def test_what_paints_from_words_alone_does_so_in_the_size_asked_for(save: Any, tmp_path: Path) -> None:
    model = load(save(tmp_path / "model"))
    (wide,) = paint(model, params(1, width=64))
    assert wide.shape == (32, 64, 3)
    with raises(NotSupportedError, match="It can do: imagine"):
        model.new_sample(params(1, start=picture(1)))


@pytest.mark.parametrize("save", [save_z_image, save_qwen_image])
def test_what_a_language_model_reads_is_painted_and_pictures_are_varied(save: Any, tmp_path: Path) -> None:
    model = load(save(tmp_path / "model"))
    red, blue = paint(model, params(1, prompt="a red apple"), params(1, prompt="a blue apple"))
    assert red.shape == (32, 32, 3)
    assert far(red, blue) > 1e-4
    (varied,) = paint(model, params(1, start=picture(1), strength=0.5))
    assert far(varied, red) > 1e-3


def test_qwen_image_edits_and_leads_away_from_words(tmp_path: Path) -> None:
    model = load(save_qwen_image(tmp_path / "model"))
    hole = Image.new("L", (32, 32), 0)
    hole.paste(255, (8, 8, 24, 24))
    (edited,) = paint(model, params(1, start=picture(1), mask=hole))
    assert edited.shape == (32, 32, 3)
    plain, away = (paint(model, params(1, negative_prompt=words))[0] for words in ("", "the red apple"))
    assert far(plain, away) > 1e-5


@pytest.mark.parametrize(
    ("name", "able"),
    [
        ("QwenImagePipeline", "imagine, vary, edit"),
        ("ZImagePipeline", "imagine, vary, edit"),
        ("SanaPipeline", "imagine"),
        ("PixArtAlphaPipeline", "imagine"),
        ("AuraFlowPipeline", "imagine"),
    ],
)
def test_the_index_says_what_a_model_can_do(name: str, able: str, tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": name}))
    entry = ModelEntry(name="any", source="/any", family="pipeline")
    model = PipelineModel(entry, tmp_path, device=torch.device("cpu"))
    with raises(NotSupportedError, match=f"It can do: {able}."):
        model.new_sample(params(1, adapters=(("ink", 1.0),)))
