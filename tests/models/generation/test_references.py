"""Pictures that stand beside the words: for edits by words, and those that a person names."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.adapters.components.references import ReferenceCache, reference_size, settle_references
from engine.batching.sampling_params import SamplingParams
from engine.catalog.capabilities import PLAIN, Capabilities, capabilities_of
from engine.catalog.catalog import ModelEntry
from engine.catalog.geometry import Layout
from engine.generation.inputs import GenerationInputs
from engine.generation.prepare_inputs import prepare_inputs
from engine.types import GenerationTask
from studio.domain.requests import Operation, PaintRequest
from studio.errors import BadImageError, BadParameterError, NotSupportedError
from tests.support.sentences import raises

ENTRY = ModelEntry(name="any", source="/any", family="auto", width=512, height=512)
EDITOR = capabilities_of("QwenImageEditPlusPipeline")
SOURCE = Image.fromarray(np.random.default_rng(1).integers(0, 255, (300, 500, 3), np.uint8))
RED, BLUE = Image.new("RGB", (64, 64), "red"), Image.new("RGB", (64, 64), "blue")


def prepare(
    operation: Operation = Operation.EDIT, *, can: Capabilities = EDITOR, **task: Any
) -> GenerationInputs:
    layout = Layout(
        factor=8, grid=16, multiple=16, latent_channels=16, input_channels=16, sample_pixels=1024, can=can
    )
    request = PaintRequest(operation=operation, seed=5, prompt="make it winter")
    order = GenerationTask(job_id="j", person="p", request=request, **task)
    return prepare_inputs(order, 0, entry=ENTRY, layout=layout, prior=None)


def settle(can: Capabilities, **params: Any) -> tuple[Image.Image, ...]:
    plain = SamplingParams(prompt="", seed=1, width=64, height=64, steps=2, guidance_scale=1.0, **params)
    return settle_references(plain, model="any", can=can).references


def test_an_edit_by_words_takes_the_whole_picture_as_reference_and_keeps_its_size() -> None:
    inputs = prepare(sources=(SOURCE,))
    assert inputs.references == (SOURCE,)
    assert inputs.start is None
    assert inputs.mask is None
    assert inputs.finish(Image.new("RGB", (inputs.width, inputs.height))).size == SOURCE.size


def test_an_edit_by_words_of_a_large_picture_comes_out_at_the_size_the_model_was_made_for() -> None:
    inputs = prepare(sources=(SOURCE.resize((2000, 1200)),))
    painted = Image.new("RGB", (inputs.width, inputs.height))
    assert inputs.width * inputs.height == pytest.approx(1.25 * 512 * 512, rel=0.05)
    assert inputs.width / inputs.height == pytest.approx(2000 / 1200, rel=0.05)
    assert inputs.finish(painted).size == painted.size


def test_a_model_that_cannot_edit_by_words_asks_for_a_region() -> None:
    with raises(BadImageError, match="Name the part"):
        prepare(can=PLAIN, sources=(SOURCE,))


def test_a_region_limits_an_edit_by_words_and_nothing_outside_changes() -> None:
    mask = Image.new("L", SOURCE.size, 0)
    mask.paste(255, (100, 100, 200, 200))
    inputs = prepare(sources=(SOURCE,), mask=mask)
    assert len(inputs.references) == 1
    assert inputs.start is not None
    assert inputs.mask is not None
    changed = inputs.finish(Image.new("RGB", (inputs.width, inputs.height), "lime"))
    before, after = np.asarray(SOURCE).copy(), np.asarray(changed).copy()
    assert (after[150, 150] == (0, 255, 0)).all()
    region = np.asarray(mask) > 0
    assert (after[~region] == before[~region]).all()


def test_named_references_stand_behind_the_picture_to_edit() -> None:
    assert prepare(sources=(SOURCE,), references=(RED,)).references == (SOURCE, RED)
    assert prepare(Operation.IMAGINE, references=(RED, BLUE)).references == (RED, BLUE)


def test_a_model_without_references_refuses_them_and_others_refuse_too_many() -> None:
    with raises(NotSupportedError, match="references"):
        settle(PLAIN, references=(RED,))
    with raises(BadParameterError, match="at most 1 picture"):
        settle(capabilities_of("FluxKontextPipeline"), references=(RED, BLUE))


def test_a_model_that_needs_a_reference_takes_the_start_for_one_and_refuses_words_alone() -> None:
    assert settle(EDITOR, start=RED) == (RED,)
    assert settle(EDITOR, start=RED, references=(BLUE,)) == (BLUE,)
    with raises(NotSupportedError, match="without a picture"):
        settle(EDITOR)


def test_equal_references_are_encoded_once_and_the_oldest_go_first() -> None:
    encoded: list[Image.Image] = []

    def encode(picture: Image.Image) -> torch.Tensor:
        encoded.append(picture)
        return torch.zeros(1, 1)

    cache = ReferenceCache(encode, most=1)
    cache.find(RED)
    cache.find(RED.copy())
    assert len(encoded) == 1
    cache.find(BLUE)
    cache.find(RED)
    assert len(encoded) == 3


def test_the_size_of_a_reference_keeps_its_ratio() -> None:
    assert reference_size((1000, 1000), area_pixels=1024 * 1024) == (1024, 1024)
    assert reference_size((1600, 900), area_pixels=1024 * 1024) == (1376, 768)
