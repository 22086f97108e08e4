"""`bench mixed --virtual`: the step batcher under load in virtual time.

A forward pass moves a clock instead of taking time. So the figures show what the batcher decides, the same on every
machine, without what else that machine does.
"""

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.benchmarks.mixed_load import MixedLoad
from engine.benchmarks.workload import Asked, mixed_params_list, poisson

if TYPE_CHECKING:
    from engine.batching.sample_group import SampleGroup

SIDE_PIXELS = 128  # small latents: their size decides over nothing here
STEPS = 8
_TRIED = 16
_MOMENT = 1e-9  # so that rounding never puts an arrival just after its own time


@dataclass(frozen=True, slots=True)
class PassCost:
    """A forward pass takes `seconds` + rows · `seconds_per_row`."""

    seconds: float
    seconds_per_row: float

    def of(self, rows: int) -> float:
        return self.seconds + self.seconds_per_row * rows


class VirtualClock:
    """Seconds; for `StepBatcher(clock=…)`."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class VirtualServer:
    """A step batcher of at most `max_rows` rows, without a thread."""

    def __init__(self, cost: PassCost, *, max_rows: int) -> None:
        from engine.benchmarks.baselines import NullModel, idle_batcher

        self._clock = VirtualClock()
        self._model = NullModel(
            seconds=cost.seconds, seconds_per_row=cost.seconds_per_row, sleep=self._clock.advance
        )
        self._batcher = idle_batcher(self._model, rows=max_rows, follows_curve=True, clock=self._clock)

    def play(
        self, asked: Sequence[Asked], look: "Callable[[int, SampleGroup, float], None] | None" = None
    ) -> list[float]:
        """Seconds from each arrival to its last picture, in the order of the arrivals.

        `look` is shown each running request after each turn, by its number, with the seconds since it arrived.
        """
        from engine.benchmarks.baselines import take_turn

        started, left = self._clock.now, list(asked)
        running: dict[int, SampleGroup] = {}
        latencies = [0.0] * len(asked)
        while left or running:
            while left and started + left[0].at_seconds <= self._clock.now:
                running[len(asked) - len(left)] = self._submit(left[0])
                left.pop(0)
            moved = take_turn(self._batcher)
            for index, group in running.items() if look else ():
                look(index, group, self._clock.now - started - asked[index].at_seconds)  # type: ignore[misc]
            for index in [index for index, group in running.items() if group.over]:
                del running[index]
                latencies[index] = self._clock.now - started - asked[index].at_seconds
            if not moved and left:
                self._clock.now = max(self._clock.now, started + left[0].at_seconds + _MOMENT)
        return latencies

    def requests_per_second(self, asked: Sequence[Asked]) -> float:
        """When all wait from the start."""
        started = self._clock.now
        self.play([Asked(person=one.person, at_seconds=0.0, params_list=one.params_list) for one in asked])
        return len(asked) / (self._clock.now - started)

    def _submit(self, one: Asked) -> "SampleGroup":
        from engine.batching.sample_group import SampleGroup

        samples = [self._model.new_sample(params) for params in one.params_list]
        group = SampleGroup(samples, person=one.person)
        group.previewed_at = self._clock.now
        self._batcher.submit(group)
        return group


def measure_virtual_load(
    cost: PassCost, *, requests: int, load: float, pictures: int, max_rows: int, seed: int = 1
) -> MixedLoad:
    """Mixed requests with Poisson arrivals at a share `load` of what the batcher can do."""
    dice = random.Random(seed)
    params_lists = [
        mixed_params_list(
            dice,
            count=pictures,
            width=SIDE_PIXELS,
            height=SIDE_PIXELS,
            steps=STEPS,
            guidance_scale=5.0,
        )
        for _ in range(requests)
    ]
    tried = poisson(dice, params_lists[:_TRIED], per_second=1.0)
    capacity = VirtualServer(cost, max_rows=max_rows).requests_per_second(tried)
    asked = poisson(dice, params_lists, per_second=load * capacity)
    return MixedLoad(
        model=f"a pass of {cost.seconds * 1000:g} ms and {cost.seconds_per_row * 1000:g} ms a row, virtual",
        requests=requests,
        load=load,
        capacity_per_second=capacity,
        continuous_seconds=statistics.mean(VirtualServer(cost, max_rows=max_rows).play(asked)),
        request_level_seconds=statistics.mean(lockstep_seconds(asked, cost, max_rows=max_rows)),
        one_at_a_time_seconds=statistics.mean(lockstep_seconds(asked, cost, max_rows=0)),
    )


def lockstep_seconds(asked: Sequence[Asked], cost: PassCost, *, max_rows: int) -> list[float]:
    """Whole requests, first come, first served; waiting ones with equal parameters together, up to `max_rows`."""
    now, left = 0.0, list(range(len(asked)))
    latencies: dict[int, float] = {}
    while left:
        first = left[0]
        now = max(now, asked[first].at_seconds)
        batch, rows = [first], _rows(asked[first])
        for index in left[1:]:
            more = _rows(asked[index])
            waits = asked[index].at_seconds <= now
            if waits and _parameters(asked[index]) == _parameters(asked[first]) and rows + more <= max_rows:
                batch.append(index)
                rows += more
        now += asked[first].params_list[0].steps * cost.of(rows)
        latencies |= {index: now - asked[index].at_seconds for index in batch}
        left = [index for index in left if index not in batch]
    return [latencies[index] for index in range(len(asked))]


def _rows(one: Asked) -> int:
    return len(one.params_list) * (2 if one.params_list[0].guidance_scale > 1 else 1)


def _parameters(one: Asked) -> tuple[object, ...]:
    params = one.params_list[0]
    size = params.width, params.height
    return (*size, params.steps, params.guidance_scale, params.strength, params.start is None)
