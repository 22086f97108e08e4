"""Models that run in one call: shared where all parameters agree, cancelled between steps, never in others' way."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from engine.adapters.registry import new_model
from engine.adapters.whole_pipeline import PipelineModel
from engine.batching.device.memory_limits import BatchLimits
from engine.batching.device.model_cache import ModelCache
from engine.batching.execution.step_batcher import StepBatcher
from engine.batching.model_protocols import Model, StepwiseModel, WholeCallModel
from engine.batching.sample import BatchKey, Sample
from engine.batching.sample_group import SampleGroup
from engine.batching.sampling_params import SamplingParams, WeightedImage
from engine.catalog.catalog import ModelEntry
from studio.errors import BadParameterError, GenerationError, NotSupportedError
from tests.support.sentences import raises
from tests.support.tiny_models import save_sd
from tests.support.tiny_pipelines import save_pixart

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd(tmp_path_factory.mktemp("models") / "tiny")


def loaded(folder: Path, family: str) -> Model:
    entry = ModelEntry(name=family, source=str(folder), family=family, width=32, height=32, dtype="float32")
    model = new_model(entry, folder, device=torch.device("cpu"))
    model.load()
    return model


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return loaded(folder, "pipeline")


def params(seed: int, **changes: Any) -> SamplingParams:
    plain = SamplingParams(
        prompt=f"thing {seed}", seed=seed, width=32, height=32, steps=4, guidance_scale=3.0
    )
    return replace(plain, **changes)


def batcher_for(*models: Model, max_rows: int = 64) -> StepBatcher:
    cache = ModelCache(budget_bytes=2**40)
    for model in models:
        cache.hold(model)
    limits = BatchLimits("cpu", cells=2**20, max_rows=max_rows)
    return StepBatcher(cache, device=torch.device("cpu"), limits=limits, preview_seconds=0.0)


def hand_in(
    batcher: StepBatcher, model: Model, *params_list: SamplingParams, person: str = "ana"
) -> SampleGroup:
    group = SampleGroup([model.new_sample(inputs) for inputs in params_list], person=person)
    batcher.submit(group)
    return group


def turn_until_idle(batcher: StepBatcher) -> None:
    with torch.inference_mode():
        while batcher.turn():
            pass


def test_the_two_kinds_of_model_are_told_apart(model: Model, folder: Path) -> None:
    assert isinstance(model, WholeCallModel)
    assert not isinstance(model, StepwiseModel)
    assert isinstance(loaded(folder, "sd"), StepwiseModel)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"start": Image.new("RGB", (32, 32), "teal"), "strength": 0.5},
        {"start": Image.new("RGB", (32, 32), "teal"), "strength": 1.0, "mask": Image.new("L", (32, 32), 255)},
    ],
    ids=["from words", "from a picture", "with a hole"],
)
def test_a_call_paints_what_the_step_by_step_model_paints(
    changes: dict[str, Any], model: Model, folder: Path
) -> None:
    stepping = loaded(folder, "sd")
    batcher = batcher_for(model, stepping)
    params_list = [params(1, **changes), params(2, **changes)]
    groups = [hand_in(batcher, painter, *params_list) for painter in (model, stepping)]
    turn_until_idle(batcher)
    for one, other in zip(groups[0].samples, groups[1].samples, strict=True):
        assert one.picture is not None
        assert other.picture is not None
        assert float((one.picture - other.picture).abs().max()) < 1e-4


@pytest.mark.parametrize(("strength", "steps"), [(0.5, 5), (1.0, 10), (0.1, 1)])
def test_a_call_counts_the_steps_that_it_makes_of_the_schedule(
    strength: float, steps: int, model: PipelineModel
) -> None:
    start = Image.new("RGB", (32, 32), "teal")
    sample = model.new_sample(params(1, start=start, strength=strength, steps=10))
    heard: list[int] = []
    with torch.inference_mode():
        model.generate([sample], lambda step: bool(heard.append(step)) or True)
    assert sample.steps == steps
    assert heard[-1:] == [steps]


def test_pictures_to_blend_are_mixed_before_the_call(model: Model) -> None:
    teal, rose = (Image.new("RGB", (32, 32), colour) for colour in ("teal", "pink"))
    batcher = batcher_for(model)
    groups = [
        hand_in(batcher, model, params(1, start=teal, mixed=mixed, strength=0.5))
        for mixed in (
            (),
            (WeightedImage(picture=rose, share=0.5),),
            (WeightedImage(picture=rose, share=0.999),),
        )
    ]
    groups.append(hand_in(batcher, model, params(1, start=rose, strength=0.5)))
    turn_until_idle(batcher)
    for group in groups:
        group.wait()
    alone, half, nearly, other = (group.samples[0].picture for group in groups)
    assert float((nearly - other).abs().max()) < float((half - other).abs().max())
    assert float((half - alone).abs().max()) > 1e-3


def test_numbers_that_run_away_in_a_call_are_told_in_words(
    model: PipelineModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = torch.full((1, 4, 8, 8), torch.nan)
    monkeypatch.setattr(model._pipelines["imagine"].unet, "forward", lambda *_, **__: (endless,))
    batcher = batcher_for(model)
    group = hand_in(batcher, model, params(1, guidance_scale=1.0))
    turn_until_idle(batcher)
    with raises(GenerationError, match="noise without end"):
        group.wait()


def test_only_equal_parameters_share_a_call(model: PipelineModel, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[int]] = []
    generate = model.generate

    def counting(samples: Sequence[Sample], on_step: Callable[[int], bool]) -> None:
        calls.append([sample.params.seed for sample in samples])
        generate(samples, on_step)

    monkeypatch.setattr(model, "generate", counting)
    batcher = batcher_for(model)
    groups = [
        hand_in(batcher, model, params(1), params(2)),
        hand_in(batcher, model, params(3, steps=5), person="ben"),
        hand_in(batcher, model, params(4), person="cem"),
    ]
    turn_until_idle(batcher)
    for group in groups:
        group.wait()
    assert sorted(map(sorted, calls)) == [[1, 2, 4], [3]]


def test_other_models_make_steps_during_a_call(model: Model, folder: Path) -> None:
    stepping = loaded(folder, "sd")
    batcher = batcher_for(model, stepping)
    long = hand_in(batcher, model, params(1, steps=20))
    short = hand_in(batcher, stepping, params(2, steps=4), person="ben")
    with torch.inference_mode():
        batcher.turn()
    long.wait()
    short.wait()


def test_a_call_that_nobody_waits_for_stops(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    batcher = batcher_for(model)
    group = hand_in(batcher, model, params(1, steps=30))
    begun = group.samples[0]
    between = batcher._after_step

    def cancel_at_three(samples: Sequence[Sample], step: int) -> bool:
        group.cancelled = step == 3
        return between(samples, step)

    monkeypatch.setattr(batcher, "_after_step", cancel_at_three)
    turn_until_idle(batcher)
    assert begun.position == 3
    assert begun.picture is None


class BrokenCaller:
    """Fails for the picture with seed 13, and for more than two at once."""

    name = "caller"
    memory_bytes = 0
    loaded = True

    def __init__(self, model: Model) -> None:
        self.layout = model.layout
        self.sizes: list[int] = []

    def load(self) -> None: ...

    def unload(self) -> None: ...

    def scheduler_name(self, wanted: str | None) -> str:
        return "none"

    def new_sample(self, params: SamplingParams) -> Sample:
        return Sample(
            model=self,
            params=params,
            key=BatchKey(model=self.name, width=4, height=4),
            scheduler=None,
            generator=torch.Generator(),
            timesteps=torch.arange(params.steps),
            guided=False,
        )

    def generate(self, samples: Sequence[Sample], on_step: Callable[[int], bool]) -> None:
        self.sizes.append(len(samples))
        if len(samples) > 2:
            raise torch.OutOfMemoryError("out of memory")
        if any(sample.params.seed == 13 for sample in samples):
            raise ValueError("broken")
        for sample in samples:
            sample.picture = torch.zeros(3, 8, 8)


def test_a_call_is_halved_when_memory_runs_out_and_one_bad_sample_ends_alone(model: Model) -> None:
    caller = BrokenCaller(model)
    batcher = batcher_for(caller)
    good = [hand_in(batcher, caller, params(seed), person=str(seed)) for seed in range(5)]
    bad = hand_in(batcher, caller, params(13), person="thirteen")
    turn_until_idle(batcher)
    for group in good:
        group.wait()
    with pytest.raises(GenerationError):
        bad.wait()
    assert caller.sizes[:3] == [6, 3, 1]


def test_another_scheduler_is_not_to_be_had(model: Model) -> None:
    with raises(BadParameterError, match="its own"):
        model.new_sample(params(1, scheduler="euler"))


def test_what_a_model_cannot_do_is_answered_with_what_it_can(tmp_path: Path) -> None:
    folder = save_pixart(tmp_path / "pixart")
    entry = ModelEntry(name="pixart", source=str(folder), family="pipeline")
    pixart = new_model(entry, folder, device=torch.device("cpu"))
    with raises(NotSupportedError, match="imagine"):
        pixart.new_sample(params(1, start=Image.new("RGB", (32, 32))))
