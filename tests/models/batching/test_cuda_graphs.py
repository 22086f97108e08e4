"""Recorded passes: the same pictures, within a budget, and as they are where recording fails.

There is no card here. A stand-in for CUDA's graphs does what they do: it computes from the buffers that it was recorded
with, and writes into the same answer each time. So padding, copies, eviction and fallbacks are the real ones.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._pytree import tree_leaves

from engine.adapters.acceleration.cuda_graphs import GraphedNetwork, compare, count_cells
from engine.adapters.loading.optimization import TunedNetworks
from engine.adapters.registry import new_model
from engine.batching.model_protocols import Model
from engine.batching.sample import Sample
from engine.batching.sample_group import SampleGroup
from engine.catalog.catalog import ModelEntry
from engine.performance_settings import Speed
from tests.support.stock_pipelines import OPERATIONS, batcher_with, load, params, turns
from tests.support.tiny_models import save_flux, save_sd, save_sdxl
from tests.support.tiny_pipelines import save_qwen_image, save_z_image

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CPU = torch.device("cpu")
SMALL = 2**30


class FakeRecording:
    def __init__(self, action: Callable[[], Any], size_bytes: int) -> None:
        self._action = action
        self.size_bytes = size_bytes
        self.replays = 0
        action()
        self.answer = action()

    def replay(self) -> None:
        self.replays += 1
        for place, value in zip(tree_leaves(self.answer), tree_leaves(self._action()), strict=True):
            place.copy_(value)


class FakeRecorder:
    def __init__(self, *, size_bytes: int = 1000, error: Exception | None = None) -> None:
        self.recordings: list[FakeRecording] = []
        self._size_bytes = size_bytes
        self._error = error

    def record(self, action: Callable[[], Any]) -> FakeRecording:
        if self._error is not None:
            raise self._error
        self.recordings.append(FakeRecording(action, self._size_bytes))
        return self.recordings[-1]

    @property
    def replays(self) -> int:
        return sum(recording.replays for recording in self.recordings)


class Doubling(torch.nn.Module):
    """Answers twice its input, and counts how often it computes."""

    def __init__(self) -> None:
        super().__init__()
        self.passes = 0
        self.factor = 2.0
        self.most_rows = 100

    def forward(self, rows: torch.Tensor, *, scale: Any = None, return_dict: bool = True) -> Any:
        self.passes += 1
        if len(rows) > self.most_rows:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return (rows * self.factor,)


def graphed(recorder: Any, *, budget_bytes: int = SMALL, **options: Any) -> tuple[GraphedNetwork, Doubling]:
    network = Doubling()
    graphs = GraphedNetwork(recorder, budget_bytes=budget_bytes, **options)
    graphs.put_on(network)
    return graphs, network


def call(network: Doubling, value: float, rows: int = 1, **named: Any) -> float:
    with torch.inference_mode():
        (answer,) = network(torch.full((rows, 4, 2, 2), float(value)), **named)
    assert answer.shape == (rows, 4, 2, 2)
    return float(answer.flatten()[-1])


def test_a_kind_of_pass_is_recorded_when_it_comes_again_and_then_replayed() -> None:
    recorder = FakeRecorder()
    graphs, network = graphed(recorder)
    assert [call(network, value) for value in (1, 2, 3, 4, 5)] == [2, 4, 6, 8, 10]
    assert (graphs.recordings, recorder.replays) == (1, 3)
    assert [call(network, value, rows=2) for value in (1, 2, 3)] == [2, 4, 6]
    assert graphs.recordings == 2


def test_an_answer_stays_what_it_was_when_the_next_pass_is_replayed() -> None:
    _, network = graphed(FakeRecorder())
    with torch.inference_mode():
        answers = [network(torch.full((1, 4, 2, 2), float(value)))[0] for value in range(5)]
    assert [float(answer.max()) for answer in answers] == [0, 2, 4, 6, 8]


def test_the_least_recently_used_recording_makes_room_and_comes_back_when_it_is_used_again() -> None:
    recorder = FakeRecorder(size_bytes=1000)
    graphs, network = graphed(recorder, budget_bytes=2500)
    for rows in (1, 2, 1, 3):  # the single row is used between the others
        assert [call(network, value, rows=rows) for value in (1, 2, 3)] == [2, 4, 6]
    assert (graphs.recordings, len(recorder.recordings)) == (2, 3)
    assert graphs.size_bytes <= 2500
    for rows in (1, 2, 3):
        assert [call(network, value, rows=rows) for value in (4, 5, 6)] == [8, 10, 12]
    assert graphs.recordings == 2


def test_a_recording_larger_than_the_budget_is_not_made_twice() -> None:
    recorder = FakeRecorder(size_bytes=5000)
    graphs, network = graphed(recorder, budget_bytes=2500)
    assert [call(network, value) for value in range(6)] == [0, 2, 4, 6, 8, 10]
    assert (graphs.recordings, len(recorder.recordings)) == (0, 1)


def test_where_recording_fails_passes_run_as_they_are_and_it_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    graphs, network = graphed(FakeRecorder(error=RuntimeError("operation not permitted when capturing")))
    with caplog.at_level(logging.WARNING):
        assert [call(network, value, rows=rows) for rows in (1, 2) for value in (1, 2, 3)] == [2, 4, 6] * 2
    assert graphs.recordings == 0
    (message,) = caplog.messages
    assert "CUDA graphs off" in message
    assert "not permitted" in message


def test_a_recording_that_answers_something_else_is_found_out_at_its_first_use(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Frozen(FakeRecording):
        def replay(self) -> None: ...

    class Recorder(FakeRecorder):
        def record(self, action: Callable[[], Any]) -> FakeRecording:
            return Frozen(action, 10)

    graphs, network = graphed(Recorder())
    with caplog.at_level(logging.WARNING):
        assert [call(network, value) for value in (1, 2, 3, 4)] == [2, 4, 6, 8]
    assert (graphs.recordings, len(caplog.messages)) == (0, 1)


def test_recordings_make_room_when_a_pass_runs_out_of_memory() -> None:
    graphs, network = graphed(FakeRecorder())
    for value in (1, 2, 3):
        call(network, value)
    network.most_rows = 2
    with pytest.raises(torch.OutOfMemoryError):
        call(network, 1, rows=3)
    assert graphs.recordings == 0
    assert call(network, 7) == 14


def test_a_recording_that_runs_out_of_memory_leaves_other_passes_recorded() -> None:
    class Tight(FakeRecorder):
        def record(self, action: Callable[[], Any]) -> FakeRecording:
            found = super().record(action)
            if len(tree_leaves(found.answer)[0]) == 1:
                return found
            try:
                raise torch.OutOfMemoryError("CUDA out of memory")
            finally:  # as CUDA says when a recording ends that was broken off
                raise RuntimeError("operation failed due to a previous error during capture")

    graphs, network = graphed(Tight())
    for rows in (1, 2):
        assert [call(network, value, rows=rows) for value in (1, 2, 3)] == [2, 4, 6]
    assert graphs.recordings == 1


def test_large_passes_and_unknown_inputs_are_not_recorded() -> None:
    graphs, network = graphed(FakeRecorder(), most_cells=8)
    assert [call(network, value, rows=3) for value in (1, 2, 3)] == [2, 4, 6]
    assert [call(network, value, scale=object()) for value in (1, 2, 3)] == [2, 4, 6]
    assert graphs.recordings == 0
    assert [call(network, value, rows=2) for value in (1, 2, 3)] == [2, 4, 6]
    assert graphs.recordings == 1


def test_passes_with_gradients_are_not_recorded() -> None:
    graphs, network = graphed(FakeRecorder())
    for _ in range(4):
        network(torch.ones(1, 4, 2, 2))
    assert graphs.recordings == 0


def test_plain_values_tell_passes_apart() -> None:
    graphs, network = graphed(FakeRecorder())
    for flag in (True, False):
        assert [call(network, value, return_dict=flag) for value in (1, 2, 3)] == [2, 4, 6]
    assert graphs.recordings == 2


def test_what_is_no_number_is_compared_another_time() -> None:
    good = torch.ones(3)
    assert compare((good,), (good + 1e-4,)) is True
    assert compare((good,), (good + 1,)) is False
    assert compare((good,), (good * torch.nan,)) is None


def test_cells_are_counted_for_pictures_tokens_and_lists() -> None:
    assert count_cells([torch.zeros(2, 4, 8, 8)]) == 128
    assert count_cells([torch.zeros(2, 16, 64)]) == 128
    assert count_cells([torch.zeros(16, 1, 8, 8)] * 2 + [torch.zeros(2)]) == 128


FAMILIES: dict[str, Callable[[Path], Path]] = {
    "sdxl": save_sdxl,
    "flux": save_flux,
    "z-image": save_z_image,
    "qwen-image": save_qwen_image,
}


def model_with_graphs(folder: Path, family: str, recorder: Any) -> Model:
    speed = Speed(fuse=False, compile=False, graphs=True)
    entry = ModelEntry(name="tiny", source=str(folder), family=family, width=32, height=32, dtype="float32")
    loads = TunedNetworks(speed, recorder=lambda device: recorder)
    model = new_model(entry, folder, device=CPU, loads=loads)
    model.load()
    return model


def paint_in_flight(model: Model) -> list[Sample]:
    """Samples of all operations that join and leave between steps, so that the rows of a pass change all the time."""
    batcher = batcher_with(model)
    asked = [params(index, steps=3 + index, **OPERATIONS[name]) for index, name in enumerate(OPERATIONS)]
    asked += [params(7, guidance_scale=0.0), params(8, steps=8)]
    samples = [model.new_sample(one) for one in asked]
    coming = list(enumerate(samples))
    for index, sample in coming[:2]:
        batcher.submit(SampleGroup([sample], person=f"person {index}"))
    for turn in turns(batcher):
        if turn % 2 == 0 and (turn // 2 + 1) < len(samples):
            index, sample = coming[turn // 2 + 1]
            batcher.submit(SampleGroup([sample], person=f"person {index}"))
    return samples


@pytest.mark.thorough("z-image")
@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_that_join_in_flight_are_the_same_with_recorded_passes(family: str, tmp_path: Path) -> None:
    folder = FAMILIES[family](tmp_path / family)
    recorder = FakeRecorder()
    found = paint_in_flight(model_with_graphs(folder, family, recorder))
    assert recorder.replays > 1
    for one, other in zip(found, paint_in_flight(load(folder, family)), strict=True):
        assert one.picture is not None
        assert other.picture is not None
        assert float((one.picture - other.picture).abs().max()) <= 1e-6


def test_only_a_card_records_and_only_where_it_is_wanted() -> None:
    wanted = Speed(graphs=True)
    assert wanted.on("cuda").graphs
    assert "CUDA graphs" in wanted.on("cuda").words()
    assert not wanted.on("cpu").graphs
    assert not Speed().on("cuda").graphs


def test_models_whose_layers_change_between_passes_go_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.adapters import registry
    from engine.adapters.loading import optimization
    from engine.catalog.addons import LoraEntry

    speeds: list[Speed] = []

    class Noted(TunedNetworks):
        def __init__(self, speed: Speed, **options: Any) -> None:
            speeds.append(speed)
            super().__init__(speed, **options)

    monkeypatch.setattr(optimization, "TunedNetworks", Noted)
    entry = ModelEntry(name="tiny", source=str(save_sd(tmp_path)), family="sd", width=32, height=32)
    with_lora = replace(entry, loras={"ink": LoraEntry(source="ink.safetensors")})
    for one in (entry, with_lora):
        registry._optimizer_for(one, Speed(graphs=True, fuse=True, compile=False))
    assert [(speed.graphs, speed.fuse) for speed in speeds] == [(True, True), (False, False)]
