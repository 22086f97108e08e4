"""Models that run in one call: shared where all parameters agree, cancelled between steps, never in others' way."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from engine.adapters.registry import new_painter
from engine.adapters.whole_pipeline import PipelineModel
from engine.batching.memory_limits import BatchLimits
from engine.batching.model_cache import ModelCache
from engine.batching.models import Model, StepwiseModel, WholeCallModel
from engine.batching.sample import BatchKey, Sample
from engine.batching.sample_group import SampleGroup
from engine.batching.sampling_params import SamplingParams, WeightedImage
from engine.batching.step_batcher import StepBatcher
from engine.catalog.catalog import ModelEntry
from studio.errors import BadParameterError, GenerationError, NotSupportedError
from tests.support.tiny_models import save_sd

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd(tmp_path_factory.mktemp("models") / "tiny")


def loaded(folder: Path, family: str) -> Model:
    entry = ModelEntry(name=family, source=str(folder), family=family, width=32, height=32, dtype="float32")
    painter = new_painter(entry, folder, device=torch.device("cpu"))
    painter.load()
    return painter


@pytest.fixture(scope="module")
def painter(folder: Path) -> Model:
    return loaded(folder, "pipeline")


def sketch(seed: int, **changes: Any) -> SamplingParams:
    plain = SamplingParams(
        prompt=f"thing {seed}", seed=seed, width=32, height=32, steps=4, guidance_scale=3.0
    )
    return replace(plain, **changes)


def easel_for(*painters: Model, max_rows: int = 64) -> StepBatcher:
    shelf = ModelCache(budget_bytes=2**40)
    for painter in painters:
        shelf.hold(painter)
    limits = BatchLimits("cpu", cells=2**20, max_rows=max_rows)
    return StepBatcher(shelf, device=torch.device("cpu"), limits=limits, preview_seconds=0.0)


def hand_in(
    easel: StepBatcher, painter: Model, *sketches: SamplingParams, person: str = "ana"
) -> SampleGroup:
    ticket = SampleGroup([painter.sketch(each) for each in sketches], person=person)
    easel.submit(ticket)
    return ticket


def turn_until_idle(easel: StepBatcher) -> None:
    with torch.inference_mode():
        while easel.turn():
            pass


def test_the_two_kinds_of_painter_are_told_apart(painter: Model, folder: Path) -> None:
    assert isinstance(painter, WholeCallModel)
    assert not isinstance(painter, StepwiseModel)
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
def test_a_call_paints_what_the_step_by_step_painter_paints(
    changes: dict[str, Any], painter: Model, folder: Path
) -> None:
    stepping = loaded(folder, "sd")
    easel = easel_for(painter, stepping)
    sketches = [sketch(1, **changes), sketch(2, **changes)]
    tickets = [hand_in(easel, each, *sketches) for each in (painter, stepping)]
    turn_until_idle(easel)
    for one, other in zip(tickets[0].lanes, tickets[1].lanes, strict=True):
        assert one.picture is not None
        assert other.picture is not None
        assert float((one.picture - other.picture).abs().max()) < 1e-4


@pytest.mark.parametrize(("strength", "steps"), [(0.5, 5), (1.0, 10), (0.1, 1)])
def test_a_call_counts_the_steps_that_it_makes_of_the_schedule(
    strength: float, steps: int, painter: PipelineModel
) -> None:
    start = Image.new("RGB", (32, 32), "teal")
    lane = painter.sketch(sketch(1, start=start, strength=strength, steps=10))
    heard: list[int] = []
    with torch.inference_mode():
        painter.paint([lane], lambda step: bool(heard.append(step)) or True)
    assert lane.steps == steps
    assert heard[-1:] == [steps]


def test_pictures_to_blend_are_mixed_before_the_call(painter: Model) -> None:
    teal, rose = (Image.new("RGB", (32, 32), colour) for colour in ("teal", "pink"))
    easel = easel_for(painter)
    tickets = [
        hand_in(easel, painter, sketch(1, start=teal, mixed=mixed, strength=0.5))
        for mixed in (
            (),
            (WeightedImage(picture=rose, share=0.5),),
            (WeightedImage(picture=rose, share=0.999),),
        )
    ]
    tickets.append(hand_in(easel, painter, sketch(1, start=rose, strength=0.5)))
    turn_until_idle(easel)
    for ticket in tickets:
        ticket.wait()
    alone, half, nearly, other = (ticket.lanes[0].picture for ticket in tickets)
    assert float((nearly - other).abs().max()) < float((half - other).abs().max())
    assert float((half - alone).abs().max()) > 1e-3


def test_numbers_that_run_away_in_a_call_are_told_in_words(
    painter: PipelineModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = torch.full((1, 4, 8, 8), torch.nan)
    monkeypatch.setattr(painter._pipelines["imagine"].unet, "forward", lambda *_, **__: (endless,))
    easel = easel_for(painter)
    ticket = hand_in(easel, painter, sketch(1, guidance_scale=1.0))
    turn_until_idle(easel)
    with pytest.raises(GenerationError, match="noise without end"):
        ticket.wait()


def test_only_equal_parameters_share_a_call(painter: PipelineModel, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[int]] = []
    paint = painter.paint

    def counting(lanes: Sequence[Sample], on_step: Callable[[int], bool]) -> None:
        calls.append([lane.sketch.seed for lane in lanes])
        paint(lanes, on_step)

    monkeypatch.setattr(painter, "paint", counting)
    easel = easel_for(painter)
    tickets = [
        hand_in(easel, painter, sketch(1), sketch(2)),
        hand_in(easel, painter, sketch(3, steps=5), person="ben"),
        hand_in(easel, painter, sketch(4), person="cem"),
    ]
    turn_until_idle(easel)
    for ticket in tickets:
        ticket.wait()
    assert sorted(map(sorted, calls)) == [[1, 2, 4], [3]]


def test_other_models_make_steps_during_a_call(painter: Model, folder: Path) -> None:
    stepping = loaded(folder, "sd")
    easel = easel_for(painter, stepping)
    long = hand_in(easel, painter, sketch(1, steps=20))
    short = hand_in(easel, stepping, sketch(2, steps=4), person="ben")
    with torch.inference_mode():
        easel.turn()
    long.wait()
    short.wait()


def test_a_call_that_nobody_waits_for_stops(painter: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    easel = easel_for(painter)
    ticket = hand_in(easel, painter, sketch(1, steps=30))
    begun = ticket.lanes[0]
    between = easel._between

    def cancel_at_three(lanes: Sequence[Sample], step: int) -> bool:
        ticket.cancelled = step == 3
        return between(lanes, step)

    monkeypatch.setattr(easel, "_between", cancel_at_three)
    turn_until_idle(easel)
    assert begun.position == 3
    assert begun.picture is None


class BrokenCaller:
    """Fails for the picture with seed 13, and for more than two at once."""

    name = "caller"
    memory_bytes = 0
    loaded = True

    def __init__(self, painter: Model) -> None:
        self.layout = painter.layout
        self.sizes: list[int] = []

    def load(self) -> None: ...

    def unload(self) -> None: ...

    def scheduler_name(self, wanted: str | None) -> str:
        return "none"

    def sketch(self, sketch: SamplingParams) -> Sample:
        return Sample(
            painter=self,
            sketch=sketch,
            key=BatchKey(model=self.name, width=4, height=4),
            scheduler=None,
            generator=torch.Generator(),
            timesteps=torch.arange(sketch.steps),
            guided=False,
        )

    def paint(self, lanes: Sequence[Sample], on_step: Callable[[int], bool]) -> None:
        self.sizes.append(len(lanes))
        if len(lanes) > 2:
            raise torch.OutOfMemoryError("out of memory")
        if any(lane.sketch.seed == 13 for lane in lanes):
            raise ValueError("broken")
        for lane in lanes:
            lane.picture = torch.zeros(3, 8, 8)


def test_a_call_is_halved_when_memory_runs_out_and_one_bad_lane_ends_alone(painter: Model) -> None:
    caller = BrokenCaller(painter)
    easel = easel_for(caller)
    good = [hand_in(easel, caller, sketch(seed), person=str(seed)) for seed in range(5)]
    bad = hand_in(easel, caller, sketch(13), person="thirteen")
    turn_until_idle(easel)
    for ticket in good:
        ticket.wait()
    with pytest.raises(GenerationError):
        bad.wait()
    assert caller.sizes[:3] == [6, 3, 1]


def test_another_scheduler_is_not_to_be_had(painter: Model) -> None:
    with pytest.raises(BadParameterError, match="its own"):
        painter.sketch(sketch(1, scheduler="euler"))


def test_what_a_model_cannot_do_is_answered_with_what_it_can(folder: Path, tmp_path: Path) -> None:
    import json
    import shutil

    other = Path(shutil.copytree(folder, tmp_path / "sana"))
    index = json.loads((other / "model_index.json").read_text())
    (other / "model_index.json").write_text(json.dumps({**index, "_class_name": "PixArtSigmaPipeline"}))
    entry = ModelEntry(name="pixart", source=str(other), family="pipeline")
    pixart = new_painter(entry, other, device=torch.device("cpu"))
    with pytest.raises(NotSupportedError, match="imagine"):
        pixart.sketch(sketch(1, start=Image.new("RGB", (32, 32))))
