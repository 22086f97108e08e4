"""Long prompts and weights: nothing of a prompt is lost, and each sample reads its own whatever is beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.adapters.components.text_encoding import MAX_CHUNKS, chunk_prompt, count_unread_clip, encode_clip
from engine.adapters.registry import new_model
from engine.batching.device.memory_limits import BatchLimits
from engine.batching.device.model_cache import ModelCache
from engine.batching.execution.step_batcher import StepBatcher
from engine.batching.model_protocols import Model
from engine.batching.sample import Sample
from engine.batching.sample_group import SampleGroup
from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelEntry
from tests.support.tiny_models import (
    make_text_encoder,
    make_tokenizer,
    save_flux,
    save_sd,
    save_sd3,
    save_sdxl,
)
from tests.support.tiny_pipelines import save_pixart

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SAVE = {"sd": save_sd, "sdxl": save_sdxl, "sd3": save_sd3}
# The tests' tokenizer makes a token of every letter.
LONG = "a red apple beside " + "the blue boat and " * 8
LONGER = "two stars over " + "the old castle by the sea " * 10


def load(folder: Path, family: str) -> Model:
    entry = ModelEntry(name=family, source=str(folder), family=family, width=32, height=32, dtype="float32")
    model = new_model(entry, folder, device=torch.device("cpu"))
    model.load()
    return model


def params(prompt: str, **changes: Any) -> SamplingParams:
    given = {"seed": 7, "width": 32, "height": 32, "steps": 3, "guidance_scale": 4.0, **changes}
    return SamplingParams(prompt=prompt, **given)


def paint(model: Model, params_list: Sequence[SamplingParams]) -> list[Sample]:
    cache = ModelCache(budget_bytes=2**40)
    cache.hold(model)
    limits = BatchLimits("cpu", cells=2**20, max_rows=64)
    batcher = StepBatcher(cache, device=torch.device("cpu"), limits=limits, preview_seconds=0.0)
    samples = [model.new_sample(inputs) for inputs in params_list]
    groups = [SampleGroup([sample], person=str(index)) for index, sample in enumerate(samples)]
    for group in groups:
        batcher.submit(group)
    with torch.inference_mode():
        while batcher.turn():
            pass
    for group in groups:
        group.wait()
    return samples


def pixels(sample: Sample) -> np.ndarray:
    assert sample.picture is not None
    return sample.picture.numpy()


def far(one: Sample, other: Sample) -> float:
    return float(np.abs(pixels(one) - pixels(other)).max())


@pytest.fixture(scope="module", params=list(SAVE))
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("models") / request.param
    return load(SAVE[request.param](folder), request.param)


def test_words_far_behind_the_first_chunk_change_the_picture(model: Model) -> None:
    one, other = paint(model, [params(LONG + "at night"), params(LONG + "at noon")])
    assert far(one, other) > 1e-4
    assert one.unread_words == 0


def test_samples_with_prompts_of_any_length_equal_their_solo_runs(model: Model) -> None:
    params_list = [
        params("a red apple"),
        params(LONG),
        params(LONGER, negative_prompt="blue"),
        params("a boat", negative_prompt=LONG),
        params("the (blue:1.4) boat", negative_prompt="(red:0.5) apple"),
        params(LONG, guidance_scale=1.0),
    ]
    together = paint(model, params_list)
    for inputs, sample in zip(params_list, together, strict=True):
        (alone,) = paint(model, [inputs])
        assert far(alone, sample) < 1e-4


def test_weights_move_the_picture_as_far_as_they_say(model: Model) -> None:
    plain, same, little, much = paint(
        model,
        [params(f"a {words} apple") for words in ("red", "(red:1)", "(red:1.1)", "(red:2.5)")],
    )
    assert far(plain, same) < 1e-5
    assert 1e-6 < far(plain, little) < far(plain, much)


def test_flux_reads_weights_in_its_long_encoder_and_tells_what_it_cannot_take_in(tmp_path: Path) -> None:
    model = load(save_flux(tmp_path / "flux"), "flux")
    samples = paint(model, [params("a red apple"), params("a (red:2) apple"), params("a red apple " * 200)])
    assert far(samples[0], samples[1]) > 1e-6
    # 512 tokens, of which one is the mark for the end.
    assert [sample.unread_words for sample in samples] == [0, 0, 600 - 511]


def test_a_model_in_whole_calls_gets_plain_words_and_tells_what_it_cannot_take_in(tmp_path: Path) -> None:
    model = load(save_pixart(tmp_path / "pixart"), "pipeline")
    short, weighted, long = paint(
        model, [params("a red apple"), params("a (red:1.5) apple"), params("a red apple " * 150)]
    )
    assert far(short, weighted) < 1e-5
    assert [short.unread_words, weighted.unread_words, long.unread_words] == [0, 0, 450 - 299]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return make_tokenizer(tmp_path_factory.mktemp("tokenizer"))


def test_chunks_keep_words_whole_and_every_token(tokenizer: Any) -> None:
    chunks = chunk_prompt(LONGER, tokenizer=tokenizer, length=77)
    ids = [token for chunk in chunks for token in chunk.ids]
    assert ids == tokenizer(LONGER, add_special_tokens=False, verbose=False).input_ids
    assert all(len(chunk.ids) <= 75 for chunk in chunks)
    ends = tokenizer.convert_ids_to_tokens([chunk.ids[-1] for chunk in chunks])
    assert all(end.endswith("</w>") for end in ends)


def test_a_prompt_that_fits_has_the_tokens_of_the_stock_pipeline(tokenizer: Any) -> None:
    encoder = make_text_encoder()
    seen: list[list[int]] = []
    forward = encoder.forward
    encoder.forward = lambda ids, **more: seen.extend(ids.tolist()) or forward(ids, **more)
    prompts = ["a red apple, (in brackets) 16:9", "", "🌵 l'été"]
    with torch.inference_mode():
        encode_clip(prompts, tokenizer=tokenizer, encoder=encoder, device=torch.device("cpu"))
    assert seen == tokenizer(prompts, padding="max_length", max_length=77, truncation=True).input_ids


def test_only_what_lies_beyond_the_last_chunk_is_unread(tokenizer: Any) -> None:
    fits = "a " * 75 * MAX_CHUNKS
    assert count_unread_clip(fits, tokenizer=tokenizer, length=77) == 0
    assert count_unread_clip(fits + "b c", tokenizer=tokenizer, length=77) == 2
    assert count_unread_clip("", tokenizer=tokenizer, length=77) == 0
