"""The easel's life: cancelled, broken, too large, switched, closed."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler

from engine.batching.memory_limits import BatchLimits
from engine.batching.model_cache import ModelCache
from engine.batching.sample import BatchKey, Sample
from engine.batching.sample_group import SampleGroup
from engine.batching.sampling_params import SamplingParams
from engine.batching.step_batcher import StepBatcher
from engine.catalog.geometry import Layout
from engine.types import Progress
from studio.errors import GenerationError, JobCancelledError, ModelLoadError

CPU = torch.device("cpu")


@dataclass(eq=False)
class TwinPainter:
    """Paints grey pictures by the real scheduler, and fails where it is told to."""

    name: str = "twin"
    memory_bytes: int = 10
    loaded: bool = False
    load_error: Exception | None = None
    most_rows: int = 1000
    forwards: list[tuple[int, ...]] = field(default_factory=list)  # the seeds in each forward pass
    poisoned: dict[int, str] = field(default_factory=dict)  # seed → where it fails
    loads: int = 0
    layout: Layout = field(
        default_factory=lambda: Layout(
            factor=8, grid=8, multiple=8, latent_channels=4, input_channels=4, sample_pixels=64
        )
    )

    def load(self) -> None:
        if self.load_error:
            raise self.load_error
        self.loaded, self.loads = True, self.loads + 1

    def unload(self) -> None:
        self.loaded = False

    def scheduler_name(self, wanted: str | None) -> str:
        return wanted or "ddim"

    def sketch(self, sketch: SamplingParams) -> Sample:
        scheduler = DDIMScheduler()
        scheduler.set_timesteps(sketch.steps)
        return Sample(
            painter=self,
            sketch=sketch,
            key=BatchKey(model=self.name, width=sketch.width // 8, height=sketch.height // 8),
            scheduler=scheduler,
            generator=torch.Generator(),
            timesteps=scheduler.timesteps,
            guided=False,
        )

    def prepare(self, lanes: Sequence[Sample]) -> None:
        self._fail_at("prepare", lanes)
        for lane in lanes:
            lane.latents = torch.zeros(1, 4, lane.key.height, lane.key.width)

    def predict(self, lanes: Sequence[Sample]) -> Sequence[torch.Tensor]:
        assert self.loaded
        self.forwards.append(tuple(lane.sketch.seed for lane in lanes))
        if len(lanes) > self.most_rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        self._fail_at("predict", lanes)
        predictions = [torch.zeros_like(lane.latents) for lane in lanes if lane.latents is not None]
        for lane, prediction in zip(lanes, predictions, strict=True):
            if self.poisoned.get(lane.sketch.seed) == "nan":
                prediction.fill_(float("nan"))
            if self.poisoned.get(lane.sketch.seed) == "advance":
                lane.scheduler = None
        return predictions

    def decode(self, lanes: Sequence[Sample]) -> Sequence[torch.Tensor]:
        self._fail_at("decode", lanes)
        endless = {seed for seed, place in self.poisoned.items() if place == "nan in the picture"}
        return [torch.full((3, 8, 8), torch.nan if lane.sketch.seed in endless else 0.5) for lane in lanes]

    def preview(self, lane: Sample) -> torch.Tensor:
        return torch.zeros(8, 8, 3, dtype=torch.uint8)

    def _fail_at(self, place: str, lanes: Sequence[Sample]) -> None:
        if any(self.poisoned.get(lane.sketch.seed) == place for lane in lanes):
            raise ValueError(f"broken at {place}")


def sketch(seed: int, **changes: Any) -> SamplingParams:
    return replace(
        SamplingParams(prompt="", seed=seed, width=64, height=64, steps=4, guidance_scale=1.0), **changes
    )


def easel_for(*painters: TwinPainter, max_rows: int = 64, budget_bytes: int = 100) -> StepBatcher:
    shelf = ModelCache(budget_bytes=budget_bytes)
    for painter in painters:
        shelf.load_now(painter)
    limits = BatchLimits("cpu", cells=2**20, max_rows=max_rows)
    return StepBatcher(shelf, device=CPU, limits=limits, preview_seconds=0.0)


def hand_in(
    easel: StepBatcher, painter: TwinPainter, *seeds: int, person: str = "ana", **changes: Any
) -> SampleGroup:
    ticket = SampleGroup([painter.sketch(sketch(seed, **changes)) for seed in seeds], person=person)
    easel.submit(ticket)
    return ticket


def turn_until_idle(easel: StepBatcher, *, limit: int = 200) -> int:
    with torch.inference_mode():
        for count in range(limit):
            if not easel.turn():
                return count
    pytest.fail("the easel never rests")


@pytest.fixture
def painter() -> TwinPainter:
    return TwinPainter()


@pytest.fixture
def easel(painter: TwinPainter) -> StepBatcher:
    return easel_for(painter)


@pytest.fixture
def running(painter: TwinPainter) -> Iterator[StepBatcher]:
    easel = easel_for(painter)
    easel.start()
    yield easel
    easel.close()


def test_lanes_of_different_orders_share_each_forward_pass(easel: StepBatcher, painter: TwinPainter) -> None:
    tickets = [hand_in(easel, painter, 1, 2), hand_in(easel, painter, 3, person="ben", steps=2)]
    turn_until_idle(easel)
    assert painter.forwards == [(1, 3, 2), (1, 3, 2), (1, 2), (1, 2)]
    for ticket in tickets:
        ticket.wait()


def test_a_lane_joins_at_the_next_step(easel: StepBatcher, painter: TwinPainter) -> None:
    hand_in(easel, painter, 1)
    easel.turn()
    hand_in(easel, painter, 2, person="ben")
    turn_until_idle(easel)
    assert painter.forwards == [(1,), (1, 2), (1, 2), (1, 2), (2,)]


def test_a_spammers_orders_wait_while_a_newcomer_paints(painter: TwinPainter) -> None:
    easel = easel_for(painter, max_rows=2)
    spam = [hand_in(easel, painter, seed, person="spam") for seed in range(10)]
    easel.turn()
    newcomer = hand_in(easel, painter, 99, person="ben")
    for _ in range(4):
        easel.turn()
    newcomer.wait()
    assert painter.forwards[:5] == [(0, 1), (99,), (99,), (99,), (99,)]
    turn_until_idle(easel)
    for ticket in spam:
        ticket.wait()


@pytest.mark.parametrize("sizes", [1, 8], ids=["of one size", "of many sizes"])
def test_somebodys_32_orders_delay_anothers_first_by_no_turn(sizes: int, painter: TwinPainter) -> None:
    easel = easel_for(painter, max_rows=8)
    for number in range(32):
        hand_in(easel, painter, *range(4), person="busy", width=64 + 8 * (number % sizes))
    with torch.inference_mode():
        for _ in range(13):
            easel.turn()
        first = hand_in(easel, painter, 91, 92, 93, 94, person="ben", width=256, steps=12)
        turns = 0
        while not first.over:
            easel.turn()
            turns += 1
    first.wait()
    assert turns <= 12 + 1


def test_a_lane_that_gave_way_goes_on_from_where_it_was(painter: TwinPainter) -> None:
    easel = easel_for(painter, max_rows=2)
    spam = [hand_in(easel, painter, seed, person="spam") for seed in (1, 2)]
    easel.turn()
    hand_in(easel, painter, 99, person="ben")
    turn_until_idle(easel)
    assert sum(2 in forward for forward in painter.forwards) == 4
    spam[1].wait()


@pytest.mark.parametrize("place", ["prepare", "predict", "advance", "decode"])
def test_what_breaks_one_lane_ends_only_its_own_order(
    place: str, easel: StepBatcher, painter: TwinPainter
) -> None:
    painter.poisoned = {13: place}
    good = [hand_in(easel, painter, 1, 2), hand_in(easel, painter, 3, person="ben")]
    bad = hand_in(easel, painter, 12, 13, person="cem")
    turn_until_idle(easel)
    for ticket in good:
        ticket.wait()
    with pytest.raises(GenerationError):
        bad.wait()
    after = hand_in(easel, painter, 5, person="dan")
    turn_until_idle(easel)
    after.wait()


@pytest.mark.parametrize("place", ["nan", "nan in the picture"])
def test_numbers_that_run_away_are_told_in_words(
    place: str, easel: StepBatcher, painter: TwinPainter
) -> None:
    painter.poisoned = {13: place}
    bad, good = hand_in(easel, painter, 13), hand_in(easel, painter, 1, person="ben")
    turn_until_idle(easel)
    good.wait()
    with pytest.raises(GenerationError, match="noise without end"):
        bad.wait()
    assert easel.lanes == 0


def test_out_of_memory_halves_the_batch_and_loses_nothing(easel: StepBatcher, painter: TwinPainter) -> None:
    painter.most_rows = 4
    tickets = [hand_in(easel, painter, *range(4 * n, 4 * n + 4), person=f"p{n}") for n in range(16)]
    turn_until_idle(easel)
    for ticket in tickets:
        ticket.wait()
    failures = [forward for forward in painter.forwards if len(forward) > 4]
    assert [len(forward) for forward in failures] == [64, 32, 16, 8]


def test_what_was_learned_of_memory_is_kept(easel: StepBatcher, painter: TwinPainter) -> None:
    painter.most_rows = 4
    hand_in(easel, painter, *range(8))
    turn_until_idle(easel)
    painter.forwards.clear()
    hand_in(easel, painter, *range(8))
    turn_until_idle(easel)
    assert max(map(len, painter.forwards)) == 4


def test_a_single_picture_that_does_not_fit_is_told_so(easel: StepBatcher, painter: TwinPainter) -> None:
    painter.most_rows = 0
    ticket = hand_in(easel, painter, 1)
    turn_until_idle(easel)
    with pytest.raises(GenerationError, match="smaller"):
        ticket.wait()


def test_cancelled_before_it_starts(easel: StepBatcher, painter: TwinPainter) -> None:
    ticket = hand_in(easel, painter, 1)
    with pytest.raises(JobCancelledError):
        ticket.wait(cancelled=lambda: True)
    turn_until_idle(easel)
    assert painter.forwards == []


def test_cancelled_while_painting_it_makes_no_further_step(easel: StepBatcher, painter: TwinPainter) -> None:
    ticket, other = hand_in(easel, painter, 1), hand_in(easel, painter, 2, person="ben")
    easel.turn()
    with pytest.raises(JobCancelledError):
        ticket.wait(cancelled=lambda: True)
    turn_until_idle(easel)
    assert painter.forwards == [(1, 2), (2,), (2,), (2,)]
    other.wait()


def test_cancelled_after_the_last_step_the_pictures_are_there(
    easel: StepBatcher, painter: TwinPainter
) -> None:
    ticket = hand_in(easel, painter, 1)
    turn_until_idle(easel)
    ticket.wait(cancelled=lambda: True)
    assert ticket.lanes[0].picture is not None


def test_progress_counts_the_steps_of_all_lanes_and_shows_a_preview(
    running: StepBatcher, painter: TwinPainter
) -> None:
    told: list[Progress] = []
    hand_in(running, painter, 1, 2, steps=6).wait(on_progress=told.append)
    assert (told[-1].step, told[-1].steps) == (12, 12)
    assert [each.step for each in told] == sorted(each.step for each in told)
    assert told[-1].preview is not None
    assert told[-1].preview.size == (192, 96)


def test_the_time_left_is_known_from_earlier_orders_before_the_first_step(
    easel: StepBatcher, painter: TwinPainter
) -> None:
    assert hand_in(easel, painter, 1).progress().seconds_left is None
    turn_until_idle(easel)
    known = hand_in(easel, painter, 2).progress().seconds_left
    assert known is not None
    assert known > 0


def test_cancelled_while_its_picture_is_decoded_it_harms_nobody(
    easel: StepBatcher, painter: TwinPainter, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes, stays = hand_in(easel, painter, 1), hand_in(easel, painter, 2, person="ben")
    decode = painter.decode

    def decoding(lanes: Sequence[Sample]) -> Sequence[torch.Tensor]:
        goes.cancelled = True
        return decode(lanes)

    monkeypatch.setattr(painter, "decode", decoding)
    turn_until_idle(easel)
    stays.wait()
    assert easel.lanes == 0


def test_many_threads_hand_in_at_once(running: StepBatcher, painter: TwinPainter) -> None:
    failures: list[BaseException] = []

    def paint(number: int) -> None:
        try:
            hand_in(running, painter, number, person=f"p{number}").wait()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=paint, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
    assert not any(thread.is_alive() for thread in threads)
    assert failures == []


def test_closing_ends_what_is_open_and_refuses_what_comes_later(painter: TwinPainter) -> None:
    easel = easel_for(painter)
    ticket = hand_in(easel, painter, 1)
    easel.start()
    easel.close()
    later = hand_in(easel, painter, 2)
    for each in (ticket, later):
        if each.lanes[0].picture is None:
            with pytest.raises(GenerationError, match="shutting down"):
                each.wait()
    with pytest.raises(GenerationError, match="shutting down"):
        later.wait()
    assert not painter.loaded


def test_a_model_that_cannot_be_loaded_ends_its_own_orders_only(
    running: StepBatcher, painter: TwinPainter
) -> None:
    broken = TwinPainter(name="broken", load_error=ModelLoadError("The model folder x lacks the file y."))
    bad, good = hand_in(running, broken, 1), hand_in(running, painter, 2, person="ben")
    good.wait()
    with pytest.raises(ModelLoadError, match="lacks the file"):
        bad.wait()


def test_a_model_that_could_not_be_loaded_is_tried_again_for_the_next_order(running: StepBatcher) -> None:
    shaky = TwinPainter(name="shaky", load_error=ModelLoadError())
    with pytest.raises(ModelLoadError):
        hand_in(running, shaky, 1).wait()
    shaky.load_error = None
    hand_in(running, shaky, 2).wait()


def test_the_least_recently_used_model_makes_room(running: StepBatcher, painter: TwinPainter) -> None:
    painter.memory_bytes = 60
    hand_in(running, painter, 1).wait()
    other = TwinPainter(name="other", memory_bytes=60)
    hand_in(running, other, 2).wait()
    assert (painter.loaded, other.loaded) == (False, True)


def test_no_model_starves_while_another_is_always_busy() -> None:
    clock = [0.0]
    busy, other = TwinPainter(name="busy", memory_bytes=60), TwinPainter(name="other", memory_bytes=60)
    shelf = ModelCache(budget_bytes=100, patience_seconds=10, clock=lambda: clock[0])
    shelf.load_now(busy)
    easel = StepBatcher(shelf, device=CPU, preview_seconds=0.0)
    waiting = hand_in(easel, other, 7, person="ben")
    for number in range(400):
        hand_in(easel, busy, number)
        with torch.inference_mode():
            easel.turn()
        clock[0] += 0.5
        loader = next((each for each in threading.enumerate() if each.name == "load-other"), None)
        if loader is not None:
            loader.join()
        if waiting.over:
            break
    waiting.wait()
    assert number < 60
    assert busy.loads == 1 or not other.loaded
