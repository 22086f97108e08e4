"""The engine's measurements measure something, on a model too small to be measured."""

from pathlib import Path

import pytest

from engine.benches.fair import jain_index, measure_fairness
from engine.benches.lanes import measure_lanes
from engine.benches.overhead import measure_overhead
from engine.benches.stage import Stage, set_up, set_up_random
from engine.benches.throughput import measure_throughput
from engine.model_catalog import ModelCatalogue, ModelEntry
from studio.errors import BadParameter
from tests.tiny_models import save_sd

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def stage(folder: Path) -> Stage:
    entry = ModelEntry(
        name="tiny", source=str(folder), family="sd", width=64, height=64, steps=3, guidance_scale=2.0
    )
    return set_up(ModelCatalogue([entry]), device="cpu", threads=1)


@pytest.mark.parametrize(("values", "index"), [([2.0, 2.0, 2.0], 1.0), ([1.0, 0.0, 0.0, 0.0], 0.25)])
def test_jains_index(values: list[float], index: float) -> None:
    assert jain_index(values) == pytest.approx(index)


def test_overhead_splits_a_turn_into_its_parts() -> None:
    found = measure_overhead(lanes=3, steps=6, repeats=2)
    assert 0 < found.scheduler_ms < found.turn_ms
    assert found.bookkeeping_ms == pytest.approx(found.turn_ms - found.scheduler_ms)


def test_fairness_compares_a_day_with_and_without_the_busy_one() -> None:
    found = measure_fairness(others=3, spam_jobs=4, step_seconds=0.0005)
    assert 0 < found.jain <= 1
    assert found.ratio == pytest.approx(found.median_seconds / found.median_without_spam_seconds)


def test_lanes_paints_the_same_requests_in_three_ways(stage: Stage) -> None:
    found = measure_lanes(stage, requests=4)
    assert min(found.continuous_seconds, found.request_level_seconds, found.one_at_a_time_seconds) > 0


def test_throughput_compares_with_the_plain_pipeline_and_counts_forward_passes(stage: Stage) -> None:
    found = measure_throughput(stage, pictures=4, batches=(1, 2))
    assert min(found.easel_per_second, found.stock_per_second) > 0
    assert found.mixed_forwards_one_at_a_time >= 2 * found.mixed_forwards


def test_a_model_with_random_weights_is_measured_like_any_other() -> None:
    with set_up_random("small", device="cpu", threads=1) as random:
        found = measure_throughput(random, pictures=2, batches=(2,))
    assert found.easel_per_second > 0


def test_an_unknown_random_model_is_answered_with_those_there_are() -> None:
    with pytest.raises(BadParameter, match="sdxl"), set_up_random("huge"):
        pass
