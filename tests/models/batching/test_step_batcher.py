"""The step batcher: cancelled, failing, too large, switched and closed work."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler

from engine.batching.device.device_profile import DeviceProfile
from engine.batching.device.memory_limits import BatchLimits, kind_of
from engine.batching.device.model_cache import ModelCache
from engine.batching.execution.step_batcher import StepBatcher
from engine.batching.sample import BatchKey, Sample
from engine.batching.sample_group import SampleGroup
from engine.batching.sampling_params import SamplingParams
from engine.catalog.geometry import Layout
from engine.generation_task import Progress
from studio.errors import GenerationError, JobCancelledError, ModelLoadError
from tests.support.sentences import raises

CPU = torch.device("cpu")


@dataclass(eq=False)
class FakeModel:
    """Paints grey pictures by the real scheduler, and fails where it is told to."""

    name: str = "fake"
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

    def new_sample(self, params: SamplingParams) -> Sample:
        scheduler = DDIMScheduler()
        scheduler.set_timesteps(params.steps)
        return Sample(
            model=self,
            params=params,
            key=BatchKey(model=self.name, width=params.width // 8, height=params.height // 8),
            scheduler=scheduler,
            generator=torch.Generator(),
            timesteps=scheduler.timesteps,
            guided=False,
        )

    def prepare(self, samples: Sequence[Sample]) -> None:
        self._fail_at("prepare", samples)
        for sample in samples:
            sample.latents = torch.zeros(1, 4, sample.key.height, sample.key.width)

    def predict(self, samples: Sequence[Sample]) -> Sequence[torch.Tensor]:
        assert self.loaded
        self.forwards.append(tuple(sample.params.seed for sample in samples))
        if len(samples) > self.most_rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        self._fail_at("predict", samples)
        predictions = [torch.zeros_like(sample.latents) for sample in samples if sample.latents is not None]
        for sample, prediction in zip(samples, predictions, strict=True):
            if self.poisoned.get(sample.params.seed) == "nan":
                prediction.fill_(float("nan"))
            if self.poisoned.get(sample.params.seed) == "advance":
                sample.scheduler = None
        return predictions

    def decode(self, samples: Sequence[Sample]) -> Sequence[torch.Tensor]:
        self._fail_at("decode", samples)
        endless = {seed for seed, place in self.poisoned.items() if place == "nan in the picture"}
        return [
            torch.full((3, 8, 8), torch.nan if sample.params.seed in endless else 0.5) for sample in samples
        ]

    def preview(self, sample: Sample) -> torch.Tensor:
        return torch.zeros(8, 8, 3, dtype=torch.uint8)

    def _fail_at(self, place: str, samples: Sequence[Sample]) -> None:
        if any(self.poisoned.get(sample.params.seed) == place for sample in samples):
            raise ValueError(f"broken at {place}")


def params(seed: int, **changes: Any) -> SamplingParams:
    return replace(
        SamplingParams(prompt="", seed=seed, width=64, height=64, steps=4, guidance_scale=1.0), **changes
    )


def batcher_for(*models: FakeModel, max_rows: int = 64, budget_bytes: int = 100) -> StepBatcher:
    cache = ModelCache(budget_bytes=budget_bytes)
    for model in models:
        model.load()
        cache.hold(model)
    limits = BatchLimits("cpu", cells=2**20, max_rows=max_rows)
    return StepBatcher(cache, device=CPU, limits=limits, preview_seconds=0.0)


def hand_in(
    batcher: StepBatcher, model: FakeModel, *seeds: int, person: str = "ana", **changes: Any
) -> SampleGroup:
    group = SampleGroup([model.new_sample(params(seed, **changes)) for seed in seeds], person=person)
    batcher.submit(group)
    return group


def turn_until_idle(batcher: StepBatcher, *, limit: int = 200) -> int:
    with torch.inference_mode():
        for count in range(limit):
            if not batcher.turn():
                return count
    pytest.fail("the step batcher never rests")


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def batcher(model: FakeModel) -> StepBatcher:
    return batcher_for(model)


@pytest.fixture
def running(model: FakeModel) -> Iterator[StepBatcher]:
    batcher = batcher_for(model)
    batcher.start()
    yield batcher
    batcher.close()


def test_samples_of_different_orders_share_each_forward_pass(batcher: StepBatcher, model: FakeModel) -> None:
    groups = [hand_in(batcher, model, 1, 2), hand_in(batcher, model, 3, person="ben", steps=2)]
    turn_until_idle(batcher)
    assert model.forwards == [(1, 3, 2), (1, 3, 2), (1, 2), (1, 2)]
    for group in groups:
        group.wait()


def test_a_sample_joins_at_the_next_step(batcher: StepBatcher, model: FakeModel) -> None:
    hand_in(batcher, model, 1)
    batcher.turn()
    hand_in(batcher, model, 2, person="ben")
    turn_until_idle(batcher)
    assert model.forwards == [(1,), (1, 2), (1, 2), (1, 2), (2,)]


def test_a_spammers_orders_wait_while_a_newcomer_paints(model: FakeModel) -> None:
    batcher = batcher_for(model, max_rows=2)
    spam = [hand_in(batcher, model, seed, person="spam") for seed in range(10)]
    batcher.turn()
    newcomer = hand_in(batcher, model, 99, person="ben")
    for _ in range(4):
        batcher.turn()
    newcomer.wait()
    assert model.forwards[:5] == [(0, 1), (99,), (99,), (99,), (99,)]
    turn_until_idle(batcher)
    for group in spam:
        group.wait()


@pytest.mark.parametrize("sizes", [1, 8], ids=["of one size", "of many sizes"])
def test_somebodys_32_orders_delay_anothers_first_by_no_turn(sizes: int, model: FakeModel) -> None:
    batcher = batcher_for(model, max_rows=8)
    for number in range(32):
        hand_in(batcher, model, *range(4), person="busy", width=64 + 8 * (number % sizes))
    with torch.inference_mode():
        for _ in range(13):
            batcher.turn()
        first = hand_in(batcher, model, 91, 92, 93, 94, person="ben", width=256, steps=12)
        turns = 0
        while not first.over:
            batcher.turn()
            turns += 1
    first.wait()
    assert turns <= 12 + 1


def test_a_sample_that_gave_way_goes_on_from_where_it_was(model: FakeModel) -> None:
    batcher = batcher_for(model, max_rows=2)
    spam = [hand_in(batcher, model, seed, person="spam") for seed in (1, 2)]
    batcher.turn()
    hand_in(batcher, model, 99, person="ben")
    turn_until_idle(batcher)
    assert sum(2 in forward for forward in model.forwards) == 4
    spam[1].wait()


@pytest.mark.parametrize("place", ["prepare", "predict", "advance", "decode"])
def test_what_breaks_one_sample_ends_only_its_own_order(
    place: str, batcher: StepBatcher, model: FakeModel
) -> None:
    model.poisoned = {13: place}
    good = [hand_in(batcher, model, 1, 2), hand_in(batcher, model, 3, person="ben")]
    bad = hand_in(batcher, model, 12, 13, person="cem")
    turn_until_idle(batcher)
    for group in good:
        group.wait()
    with pytest.raises(GenerationError):
        bad.wait()
    after = hand_in(batcher, model, 5, person="dan")
    turn_until_idle(batcher)
    after.wait()


@pytest.mark.parametrize("place", ["nan", "nan in the picture"])
def test_numbers_that_run_away_are_told_in_words(place: str, batcher: StepBatcher, model: FakeModel) -> None:
    model.poisoned = {13: place}
    bad, good = hand_in(batcher, model, 13), hand_in(batcher, model, 1, person="ben")
    turn_until_idle(batcher)
    good.wait()
    with raises(GenerationError, match="noise without end"):
        bad.wait()
    assert batcher.samples == 0


def test_out_of_memory_halves_the_batch_and_loses_nothing(batcher: StepBatcher, model: FakeModel) -> None:
    model.most_rows = 4
    groups = [hand_in(batcher, model, *range(4 * n, 4 * n + 4), person=f"p{n}") for n in range(16)]
    turn_until_idle(batcher)
    for group in groups:
        group.wait()
    failures = [forward for forward in model.forwards if len(forward) > 4]
    assert [len(forward) for forward in failures] == [64, 32, 16, 8]


def test_rows_grow_back_when_memory_is_free_again(batcher: StepBatcher, model: FakeModel) -> None:
    now = [1e9]
    batcher.limits.profile = DeviceProfile(clock=lambda: now[0])
    model.most_rows = 4
    hand_in(batcher, model, *range(16))
    turn_until_idle(batcher)
    assert max(map(len, model.forwards[-4:])) == 4
    model.most_rows = 1000
    model.forwards.clear()
    group = hand_in(batcher, model, *range(16), steps=12)
    while not group.over:
        with torch.inference_mode():
            batcher.turn()
        now[0] += 61  # a minute between two steps
    assert [len(seeds) for seeds in model.forwards[:5]] == [4, 6, 9, 13, 16]


def test_a_step_that_took_two_passes_says_nothing_of_its_rows(batcher: StepBatcher, model: FakeModel) -> None:
    model.most_rows = 4
    hand_in(batcher, model, *range(8), steps=8)
    turn_until_idle(batcher)
    (kind,) = (kind_of(model.new_sample(params(0)).key),)
    assert batcher.limits.profile.rows(kind) == 4
    assert set(batcher.limits.profile.seconds_by_rows(kind)) == {4}


def test_what_was_learned_of_memory_is_kept(batcher: StepBatcher, model: FakeModel) -> None:
    model.most_rows = 4
    hand_in(batcher, model, *range(8))
    turn_until_idle(batcher)
    model.forwards.clear()
    hand_in(batcher, model, *range(8))
    turn_until_idle(batcher)
    assert max(map(len, model.forwards)) == 4


def test_a_single_picture_that_does_not_fit_is_told_so(batcher: StepBatcher, model: FakeModel) -> None:
    model.most_rows = 0
    group = hand_in(batcher, model, 1)
    turn_until_idle(batcher)
    with raises(GenerationError, match="smaller"):
        group.wait()


def test_cancelled_before_it_starts(batcher: StepBatcher, model: FakeModel) -> None:
    group = hand_in(batcher, model, 1)
    with pytest.raises(JobCancelledError):
        group.wait(cancelled=lambda: True)
    turn_until_idle(batcher)
    assert model.forwards == []


def test_cancelled_while_painting_it_makes_no_further_step(batcher: StepBatcher, model: FakeModel) -> None:
    group, other = hand_in(batcher, model, 1), hand_in(batcher, model, 2, person="ben")
    batcher.turn()
    with pytest.raises(JobCancelledError):
        group.wait(cancelled=lambda: True)
    turn_until_idle(batcher)
    assert model.forwards == [(1, 2), (2,), (2,), (2,)]
    other.wait()


def test_cancelled_after_the_last_step_the_pictures_are_there(batcher: StepBatcher, model: FakeModel) -> None:
    group = hand_in(batcher, model, 1)
    turn_until_idle(batcher)
    group.wait(cancelled=lambda: True)
    assert group.samples[0].picture is not None


def test_progress_counts_the_steps_of_all_samples_and_shows_a_preview(
    running: StepBatcher, model: FakeModel
) -> None:
    updates: list[Progress] = []
    hand_in(running, model, 1, 2, steps=6).wait(on_progress=updates.append)
    assert (updates[-1].step, updates[-1].steps) == (12, 12)
    assert [update.step for update in updates] == sorted(update.step for update in updates)
    assert updates[-1].preview is not None
    assert updates[-1].preview.size == (192, 96)


def test_the_time_left_is_known_from_earlier_orders_before_the_first_step(
    batcher: StepBatcher, model: FakeModel
) -> None:
    assert hand_in(batcher, model, 1).progress().seconds_left is None
    turn_until_idle(batcher)
    known = hand_in(batcher, model, 2).progress().seconds_left
    assert known is not None
    assert known > 0


def test_cancelled_while_its_picture_is_decoded_it_harms_nobody(
    batcher: StepBatcher, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes, stays = hand_in(batcher, model, 1), hand_in(batcher, model, 2, person="ben")
    decode = model.decode

    def decoding(samples: Sequence[Sample]) -> Sequence[torch.Tensor]:
        goes.cancelled = True
        return decode(samples)

    monkeypatch.setattr(model, "decode", decoding)
    turn_until_idle(batcher)
    stays.wait()
    assert batcher.samples == 0


def test_many_threads_hand_in_at_once(running: StepBatcher, model: FakeModel) -> None:
    failures: list[BaseException] = []

    def paint(number: int) -> None:
        try:
            hand_in(running, model, number, person=f"p{number}").wait()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=paint, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
    assert not any(thread.is_alive() for thread in threads)
    assert failures == []


def test_closing_ends_what_is_open_and_refuses_what_comes_later(model: FakeModel) -> None:
    batcher = batcher_for(model)
    group = hand_in(batcher, model, 1)
    batcher.start()
    batcher.close()
    later = hand_in(batcher, model, 2)
    for closed_group in (group, later):
        if closed_group.samples[0].picture is None:
            with raises(GenerationError, match="shutting down"):
                closed_group.wait()
    with raises(GenerationError, match="shutting down"):
        later.wait()
    assert not model.loaded


def test_a_model_that_cannot_be_loaded_ends_its_own_orders_only(
    running: StepBatcher, model: FakeModel
) -> None:
    broken = FakeModel(name="broken", load_error=ModelLoadError("The model folder x lacks the file y."))
    bad, good = hand_in(running, broken, 1), hand_in(running, model, 2, person="ben")
    good.wait()
    with raises(ModelLoadError, match="lacks the file"):
        bad.wait()


def test_a_model_that_could_not_be_loaded_is_tried_again_for_the_next_order(running: StepBatcher) -> None:
    shaky = FakeModel(name="shaky", load_error=ModelLoadError())
    with pytest.raises(ModelLoadError):
        hand_in(running, shaky, 1).wait()
    shaky.load_error = None
    hand_in(running, shaky, 2).wait()


def test_the_least_recently_used_model_makes_room(running: StepBatcher, model: FakeModel) -> None:
    model.memory_bytes = 60
    hand_in(running, model, 1).wait()
    other = FakeModel(name="other", memory_bytes=60)
    hand_in(running, other, 2).wait()
    assert (model.loaded, other.loaded) == (False, True)


def test_no_model_starves_while_another_is_always_busy() -> None:
    clock = [0.0]
    busy, other = FakeModel(name="busy", memory_bytes=60), FakeModel(name="other", memory_bytes=60)
    cache = ModelCache(budget_bytes=100, patience_seconds=10, clock=lambda: clock[0])
    busy.load()
    cache.hold(busy)
    batcher = StepBatcher(cache, device=CPU, preview_seconds=0.0)
    waiting = hand_in(batcher, other, 7, person="ben")
    for number in range(400):
        hand_in(batcher, busy, number)
        with torch.inference_mode():
            batcher.turn()
        clock[0] += 0.5
        loader = next((thread for thread in threading.enumerate() if thread.name == "load-other"), None)
        if loader is not None:
            loader.join()
        if waiting.over:
            break
    waiting.wait()
    assert number < 60
    assert busy.loads == 1 or not other.loaded
