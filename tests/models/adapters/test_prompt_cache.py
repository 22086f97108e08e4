"""Prompts are encoded once over all jobs, within a budget of bytes."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from engine.adapters.components.prompt_cache import PromptCache, size_bytes
from engine.batching.sample import Conditions
from tests.support.stock_pipelines import batcher_with, load, paint_together, params
from tests.support.tiny_models import save_sd

ROW_BYTES = 10 * 4


class Encoder:
    """Ten numbers for each text, all texts of a call in one tensor."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> list[Conditions]:
        self.calls.append(list(texts))
        return [{"text": row} for row in torch.ones(len(texts), 10)]


def test_a_text_is_encoded_once_and_together_with_others() -> None:
    encoder = Encoder()
    cache = PromptCache(encoder)
    cache.find(["a", "b", "a"])
    cache.find(["b", "c"])
    assert encoder.calls == [["a", "b"], ["c"]]


def test_loras_have_prompts_of_their_own() -> None:
    encoder = Encoder()
    cache = PromptCache(encoder)
    cache.find(["a"])
    cache.find(["a"], loras=(("ink", 1.0),))
    cache.find(["a"])
    cache.find(["a"], loras=(("ink", 1.0),))
    assert encoder.calls == [["a"], ["a"]]


def test_the_least_recently_used_texts_go_first_when_the_budget_is_full() -> None:
    encoder = Encoder()
    cache = PromptCache(encoder, budget_bytes=2 * ROW_BYTES)
    cache.find(["a"])
    cache.find(["b"])
    cache.find(["a"])
    cache.find(["c"])
    cache.find(["a", "c"])
    assert encoder.calls == [["a"], ["b"], ["c"]]
    cache.find(["b"])
    assert encoder.calls[3:] == [["b"]]


def test_more_texts_than_the_budget_holds_are_answered_all_the_same() -> None:
    encoder = Encoder()
    cache = PromptCache(encoder, budget_bytes=ROW_BYTES // 2)
    assert len(cache.find(["a", "b", "c"])) == 3
    cache.find(["c"])
    assert encoder.calls == [["a", "b", "c"], ["c"]]


def test_a_stored_text_does_not_hold_the_rest_of_its_batch_in_memory() -> None:
    found = PromptCache(Encoder()).find([str(number) for number in range(16)])
    assert {conditions["text"].untyped_storage().nbytes() for conditions in found.values()} == {ROW_BYTES}
    assert size_bytes(found["0"]) == ROW_BYTES


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_later_job_with_the_same_prompt_encodes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(save_sd(tmp_path / "sd"))
    calls: list[Sequence[str]] = []
    encode = model._prompts._encode  # type: ignore[attr-defined]
    monkeypatch.setattr(model._prompts, "_encode", lambda texts: calls.append(texts) or encode(texts))  # type: ignore[attr-defined]
    paint_together(batcher_with(model), [params(0)], model)
    paint_together(batcher_with(model), [params(0, seed=5)], model)
    assert len(calls) == 1
    model.unload()
    assert not model._prompts._conditions  # type: ignore[attr-defined]
