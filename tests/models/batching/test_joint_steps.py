"""Equal schedulers in one call; see `test_waits.py` for what a step uploads."""

from collections.abc import Sequence
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from engine.adapters.components.noise_schedulers import BY_NAME, FLOW_BY_NAME
from engine.batching.execution.scheduler_steps import group_by_schedule
from engine.batching.model_protocols import Model
from engine.batching.sample import Sample
from engine.batching.sampling_params import SamplingParams
from tests.support.stock_pipelines import OPERATIONS, batcher_with, load, paint_together, params
from tests.support.tiny_models import save_flux, save_sd, save_sd3

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(save_sd(tmp_path_factory.mktemp("joint") / "sd"))


class StepCounter:
    """Counts the calls of a scheduler class's `step` and the samples in them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, kind: type) -> None:
        self.sizes: list[int] = []
        step = kind.step  # type: ignore[attr-defined]

        @wraps(step)
        def counting(scheduler: Any, prediction: torch.Tensor, *rest: Any, **options: Any) -> Any:
            self.sizes.append(len(prediction))
            return step(scheduler, prediction, *rest, **options)

        monkeypatch.setattr(kind, "step", counting)


def images(model: Model, params_list: Sequence[SamplingParams]) -> list[torch.Tensor]:
    samples = paint_together(batcher_with(model), params_list, model)
    pictures = [sample.picture for sample in samples]
    return [picture for picture in pictures if picture is not None]


def apart(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on every sample makes its scheduler steps alone."""
    new_sample = model.new_sample

    def without_key(params: SamplingParams) -> Sample:
        sample = new_sample(params)
        sample.schedule_key = None
        return sample

    monkeypatch.setattr(model, "new_sample", without_key)


@pytest.mark.thorough("euler a", "ddim", "dpm++ 2m sde", "heun")
@pytest.mark.parametrize("scheduler", BY_NAME)
def test_joint_steps_equal_single_ones(scheduler: str, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    params_list = [
        params(index, steps=6, scheduler=scheduler, **operation)
        for operation in OPERATIONS.values()
        for index in range(3)
    ]
    together = images(model, params_list)
    apart(model, monkeypatch)
    for one, other in zip(together, images(model, params_list), strict=True):
        assert float((one - other).abs().max()) <= 1e-6


@pytest.mark.parametrize(("family", "save"), [("flux", save_flux), ("sd3", save_sd3)])
def test_joint_steps_of_flow_matching_equal_single_ones(
    family: str, save: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(save(tmp_path / family), family)
    params_list = [params(index, scheduler=next(iter(FLOW_BY_NAME))) for index in range(3)]
    together = images(model, params_list)
    apart(model, monkeypatch)
    for one, other in zip(together, images(model, params_list), strict=True):
        assert float((one - other).abs().max()) <= 1e-6


def test_samples_of_equal_schedules_share_each_scheduler_step(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    import diffusers

    counter = StepCounter(monkeypatch, diffusers.UniPCMultistepScheduler)
    same = [params(index, steps=5, scheduler="unipc") for index in range(4)]
    other = params(9, steps=3, scheduler="unipc")
    paint_together(batcher_with(model), [*same, other], model)
    assert sorted(counter.sizes) == [1, 1, 1, 4, 4, 4, 4, 4]


def test_a_joint_step_that_fails_is_made_one_by_one(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    import diffusers

    params_list = [params(index, scheduler="euler a") for index in range(3)]
    wanted = images(model, params_list)
    step = diffusers.EulerAncestralDiscreteScheduler.step

    @wraps(step)
    def single_only(scheduler: Any, prediction: torch.Tensor, *rest: Any, **options: Any) -> Any:
        if len(prediction) > 1:
            raise RuntimeError("not together")
        return step(scheduler, prediction, *rest, **options)

    monkeypatch.setattr(diffusers.EulerAncestralDiscreteScheduler, "step", single_only)
    for one, other in zip(wanted, images(model, params_list), strict=True):
        assert torch.equal(one, other)


def test_large_latents_step_one_by_one_on_a_cpu() -> None:
    def sample(cells: int) -> Any:
        return SimpleNamespace(
            schedule_key="equal", position=0, scheduler=None, latents=torch.zeros(1, 4, cells, cells)
        )

    assert [len(part) for part in group_by_schedule([sample(32) for _ in range(10)])] == [8, 2]
    assert [len(part) for part in group_by_schedule([sample(128) for _ in range(2)])] == [1, 1]
