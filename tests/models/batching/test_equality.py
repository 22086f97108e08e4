"""Every sample equals the image of the stock diffusers pipeline that runs alone with the same seed."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import studio.domain.requests
from engine.adapters.components.noise_schedulers import BY_NAME, FLOW_BY_NAME
from engine.batching.execution.step_batcher import StepBatcher
from engine.batching.model_protocols import Model
from engine.batching.sampling_params import SamplingParams
from tests.support.bustle import any_params, paint_in_a_bustle
from tests.support.stock_pipelines import (
    OPERATIONS,
    TOLERANCE,
    batcher_with,
    difference,
    load,
    paint_together,
    params,
    stock,
)
from tests.support.tiny_models import save_flux, save_sd, save_sd3, save_sdxl

# diffusers turns tensors into arrays in a way that numpy 2 wants otherwise.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


SCHEDULERS = tuple(BY_NAME)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return load(folder)


@pytest.fixture(scope="module")
def alone(folder: Path) -> Callable[[SamplingParams], np.ndarray]:
    return stock(folder)


@pytest.fixture
def batcher(model: Model) -> StepBatcher:
    return batcher_with(model)


def test_every_scheduler_that_people_may_name_is_known_to_some_family() -> None:
    assert {*BY_NAME, *FLOW_BY_NAME} == set(studio.domain.requests.SCHEDULERS)


@pytest.mark.thorough("euler a", "ddim", "dpm++ 2m karras", "unipc", "lcm")
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_samples_equal_their_solo_runs(
    scheduler: str, batcher: StepBatcher, model: Model, alone: Callable[[SamplingParams], np.ndarray]
) -> None:
    params_list = [
        params(index, scheduler=scheduler, **operation) for index, operation in enumerate(OPERATIONS.values())
    ]
    samples = paint_together(batcher, params_list, model)
    for sample, inputs in zip(samples, params_list, strict=True):
        assert difference(sample, alone(inputs)) < TOLERANCE


def test_all_schedulers_and_operations_share_one_forward_pass(
    model: Model, alone: Callable[[SamplingParams], np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = list(OPERATIONS.values())
    params_list = [
        params(
            index,
            scheduler=scheduler,
            guidance_scale=(1.0, 3.0, 7.5)[index % 3],
            **operations[index % len(operations)],
        )
        for index, scheduler in enumerate(SCHEDULERS)
    ]
    sizes: list[int] = []
    predict = model.predict
    monkeypatch.setattr(model, "predict", lambda samples: sizes.append(len(samples)) or predict(samples))
    samples = paint_together(batcher_with(model, max_rows=1000), params_list, model)
    assert sizes[0] == len(params_list)
    assert len(sizes) == max(sample.steps for sample in samples)
    for sample, inputs in zip(samples, params_list, strict=True):
        assert difference(sample, alone(inputs)) < TOLERANCE


@pytest.mark.thorough("0")
@pytest.mark.parametrize("seed", range(2))
def test_joins_leaves_and_cancels_midway_change_no_picture(
    seed: int, model: Model, alone: Callable[[SamplingParams], np.ndarray]
) -> None:
    dice = random.Random(seed)
    params_list = [any_params(dice, index, schedulers=SCHEDULERS) for index in range(14)]
    finished = paint_in_a_bustle(model, params_list, dice)
    assert 4 <= len(finished) < len(params_list)
    for sample, inputs in finished:
        assert difference(sample, alone(inputs)) < TOLERANCE


@pytest.mark.thorough("flux")
@pytest.mark.parametrize(
    ("family", "save", "schedulers"),
    [
        ("sdxl", save_sdxl, SCHEDULERS),
        ("flux", save_flux, tuple(FLOW_BY_NAME)),
        ("sd3", save_sd3, tuple(FLOW_BY_NAME)),
    ],
    ids=["sdxl", "flux", "sd3"],
)
def test_joins_leaves_and_cancels_change_no_picture_of_the_other_families(
    family: str, save: Callable[[Path], Path], schedulers: Sequence[str], tmp_path: Path
) -> None:
    folder = save(tmp_path / family)
    model, alone = load(folder, family), stock(folder, family)
    dice = random.Random(3)
    params_list = [
        any_params(dice, index, schedulers=[schedulers[index % len(schedulers)]]) for index in range(12)
    ]
    finished = paint_in_a_bustle(model, params_list, dice)
    assert 4 <= len(finished) < len(params_list)
    for sample, inputs in finished:
        assert difference(sample, alone(inputs)) < TOLERANCE


@pytest.mark.thorough("v-prediction, Euler", "inpainting UNet")
@pytest.mark.parametrize(
    "options",
    [
        {"prediction_type": "v_prediction", "scheduler": "euler"},
        {"prediction_type": "v_prediction", "scheduler": "ddim"},
        {"guidance_embedding": 32, "scheduler": "lcm"},
        {"inpainting": True, "scheduler": "pndm"},
    ],
    ids=["v-prediction, Euler", "v-prediction, DDIM", "distilled guidance", "inpainting UNet"],
)
def test_the_variants_of_the_layout_equal_their_solo_runs(options: dict[str, Any], tmp_path: Path) -> None:
    folder = save_sd(tmp_path / "variant", **options)
    model, alone = load(folder), stock(folder)
    operations = [
        operation for operation in OPERATIONS.values() if "mask" in operation or "inpainting" not in options
    ]
    params_list = [params(index, steps=4 + index, **operation) for index, operation in enumerate(operations)]
    samples = paint_together(batcher_with(model), params_list, model)
    for sample, inputs in zip(samples, params_list, strict=True):
        assert difference(sample, alone(inputs)) < TOLERANCE


def test_sizes_that_differ_take_turns_and_stay_equal(
    batcher: StepBatcher, model: Model, alone: Callable[[SamplingParams], np.ndarray]
) -> None:
    params_list = [
        params(0),
        params(1, width=48, height=24),
        params(2, width=48, height=24, scheduler="unipc"),
        params(3),
    ]
    samples = paint_together(batcher, params_list, model)
    for sample, inputs in zip(samples, params_list, strict=True):
        assert difference(sample, alone(inputs)) < TOLERANCE


@pytest.mark.thorough("euler")
@pytest.mark.parametrize("scheduler", ["euler", "dpm++ 2m karras"])
def test_sdxl_samples_equal_their_solo_runs(scheduler: str, tmp_path: Path) -> None:
    folder = save_sdxl(tmp_path / "xl")
    model, alone = load(folder, "sdxl"), stock(folder, "sdxl")
    params_list = [
        params(
            index,
            scheduler=scheduler,
            guidance_scale=(5.0, 1.0)[index // 2 % 2],
            steps=4 + index,
            **operation,
        )
        for index, operation in enumerate([*OPERATIONS.values(), {"width": 48}])
    ]
    samples = paint_together(batcher_with(model), params_list, model)
    for sample, inputs in zip(samples, params_list, strict=True):
        assert difference(sample, alone(inputs)) < TOLERANCE


@pytest.mark.thorough("schnell")
@pytest.mark.parametrize("guidance", [True, False], ids=["dev", "schnell"])
def test_flux_samples_equal_their_solo_runs(guidance: bool, tmp_path: Path) -> None:
    folder = save_flux(tmp_path / "flux", guidance=guidance)
    flow_samples_equal_their_solo_runs(folder, "flux")


@pytest.mark.thorough("two encoders")
@pytest.mark.parametrize("long_encoder", [True, False], ids=["three encoders", "two encoders"])
def test_sd3_samples_equal_their_solo_runs(long_encoder: bool, tmp_path: Path) -> None:
    folder = save_sd3(tmp_path / "sd3", long_encoder=long_encoder)
    flow_samples_equal_their_solo_runs(folder, "sd3")


def test_sd35_samples_equal_their_solo_runs(tmp_path: Path) -> None:
    folder = save_sd3(tmp_path / "sd35", dual_attention_layers=(0,), qk_norm="rms_norm")
    flow_samples_equal_their_solo_runs(folder, "sd3", also_in_flight=True)


def flow_samples_equal_their_solo_runs(folder: Path, family: str, *, also_in_flight: bool = False) -> None:
    model, alone = load(folder, family), stock(folder, family)
    params_list = [
        params(
            index,
            guidance_scale=(5.0, 1.0)[index // 2 % 2],
            steps=4 + index,
            scheduler="flow euler" if index % 2 else None,
            **operation,
        )
        for index, operation in enumerate([*OPERATIONS.values(), {"width": 48}])
    ]
    finished = list(zip(paint_together(batcher_with(model), params_list, model), params_list, strict=True))
    if also_in_flight:
        finished += paint_in_a_bustle(model, params_list, random.Random(3))
        assert len(finished) > len(params_list) + 2
    wanted = {inputs.seed: alone(inputs) for inputs in params_list}
    for sample, inputs in finished:
        assert difference(sample, wanted[inputs.seed]) < TOLERANCE
