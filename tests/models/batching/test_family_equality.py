"""Families whose words a language model reads: every sample equals the stock pipeline that runs alone."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

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
from tests.support.tiny_models import save_chroma
from tests.support.tiny_pipelines import save_qwen_image, save_z_image

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    # Of diffusers' transformer of Chroma, which imports it from its former place.
    pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning"),
]

# Further tokens than the multiple of 32 to which Z-Image fills its words up.
LONG = {"prompt": "the red apple " * 20}
FAMILIES: dict[str, Callable[[Path], Path]] = {
    "chroma": save_chroma,
    "qwen-image": save_qwen_image,
    "z-image": save_z_image,
}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    return request.param, FAMILIES[request.param](tmp_path_factory.mktemp("models") / request.param)


@pytest.mark.thorough("qwen-image")
def test_samples_of_all_operations_equal_their_solo_runs(family: tuple[str, Path]) -> None:
    name, folder = family
    model, alone = load(folder, name), stock(folder, name)
    params_list = [
        params(index, guidance_scale=(4.0, 0.0)[index // 2 % 2], steps=3 + index, **operation)
        for index, operation in enumerate([*OPERATIONS.values(), {"width": 48}, LONG])
    ]
    samples = paint_together(batcher_with(model), params_list, model)
    for sample, inputs in zip(samples, params_list, strict=True):
        assert difference(sample, alone(inputs)) < TOLERANCE
        assert sample.preview is not None
        assert sample.preview.shape == (inputs.height // 4, inputs.width // 4, 3)


@pytest.mark.thorough("z-image")
def test_joins_leaves_and_cancels_midway_change_no_picture(family: tuple[str, Path]) -> None:
    name, folder = family
    model, alone = load(folder, name), stock(folder, name)
    dice = random.Random(5)
    params_list = [any_params(dice, index, schedulers=["flow euler"]) for index in range(10)]
    finished = paint_in_a_bustle(model, params_list, dice)
    assert 3 <= len(finished) < len(params_list)
    for sample, inputs in finished:
        assert difference(sample, alone(inputs)) < TOLERANCE
