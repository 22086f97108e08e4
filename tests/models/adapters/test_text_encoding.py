"""Long prompts and weights: nothing of a prompt is lost, and each sample reads its own whatever is beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.adapters.components.text_encoding import MAX_CHUNKS, chunk_prompt, count_unread_clip, encode_clip
from engine.adapters.registry import new_painter
from engine.batching.memory_limits import BatchLimits
from engine.batching.model_cache import ModelCache
from engine.batching.models import Model
from engine.batching.sample import Sample
from engine.batching.sample_group import SampleGroup
from engine.batching.sampling_params import SamplingParams
from engine.batching.step_batcher import StepBatcher
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
    painter = new_painter(entry, folder, device=torch.device("cpu"))
    painter.load()
    return painter


def sketch(prompt: str, **changes: Any) -> SamplingParams:
    given = {"seed": 7, "width": 32, "height": 32, "steps": 3, "guidance_scale": 4.0, **changes}
    return SamplingParams(prompt=prompt, **given)


def paint(painter: Model, sketches: Sequence[SamplingParams]) -> list[Sample]:
    shelf = ModelCache(budget_bytes=2**40)
    shelf.hold(painter)
    limits = BatchLimits("cpu", cells=2**20, max_rows=64)
    easel = StepBatcher(shelf, device=torch.device("cpu"), limits=limits, preview_seconds=0.0)
    lanes = [painter.sketch(each) for each in sketches]
    tickets = [SampleGroup([lane], person=str(index)) for index, lane in enumerate(lanes)]
    for ticket in tickets:
        easel.submit(ticket)
    with torch.inference_mode():
        while easel.turn():
            pass
    for ticket in tickets:
        ticket.wait()
    return lanes


def pixels(lane: Sample) -> np.ndarray:
    assert lane.picture is not None
    return lane.picture.numpy()


def far(one: Sample, other: Sample) -> float:
    return float(np.abs(pixels(one) - pixels(other)).max())


@pytest.fixture(scope="module", params=list(SAVE))
def painter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("models") / request.param
    return load(SAVE[request.param](folder), request.param)


def test_words_far_behind_the_first_chunk_change_the_picture(painter: Model) -> None:
    one, other = paint(painter, [sketch(LONG + "at night"), sketch(LONG + "at noon")])
    assert far(one, other) > 1e-4
    assert one.unread_words == 0


def test_samples_with_prompts_of_any_length_equal_their_solo_runs(painter: Model) -> None:
    sketches = [
        sketch("a red apple"),
        sketch(LONG),
        sketch(LONGER, negative_prompt="blue"),
        sketch("a boat", negative_prompt=LONG),
        sketch("the (blue:1.4) boat", negative_prompt="(red:0.5) apple"),
        sketch(LONG, guidance_scale=1.0),
    ]
    together = paint(painter, sketches)
    for each, lane in zip(sketches, together, strict=True):
        (alone,) = paint(painter, [each])
        assert far(alone, lane) < 1e-4


def test_weights_move_the_picture_as_far_as_they_say(painter: Model) -> None:
    plain, same, little, much = paint(
        painter,
        [sketch(f"a {words} apple") for words in ("red", "(red:1)", "(red:1.1)", "(red:2.5)")],
    )
    assert far(plain, same) < 1e-5
    assert 1e-6 < far(plain, little) < far(plain, much)


def test_flux_reads_weights_in_its_long_encoder_and_tells_what_it_cannot_take_in(tmp_path: Path) -> None:
    painter = load(save_flux(tmp_path / "flux"), "flux")
    lanes = paint(painter, [sketch("a red apple"), sketch("a (red:2) apple"), sketch("a red apple " * 200)])
    assert far(lanes[0], lanes[1]) > 1e-6
    # 512 tokens, of which one is the mark for the end.
    assert [lane.unread_words for lane in lanes] == [0, 0, 600 - 511]


def test_a_model_in_whole_calls_gets_plain_words_and_tells_what_it_cannot_take_in(tmp_path: Path) -> None:
    painter = load(save_pixart(tmp_path / "pixart"), "pipeline")
    short, weighted, long = paint(
        painter, [sketch("a red apple"), sketch("a (red:1.5) apple"), sketch("a red apple " * 150)]
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
