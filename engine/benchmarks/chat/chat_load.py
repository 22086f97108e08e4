"""`bench chat`: a busy chat, painted in three ways: when does each person see something, and was it fair?"""

import math
import random
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image

from engine.batching.model_protocols import Model
from engine.batching.sampling_params import SamplingParams
from engine.benchmarks.fairness import jain_index
from engine.benchmarks.harness import Stage, batcher_for, pause_stage
from engine.benchmarks.virtual_load import PassCost, VirtualServer, lockstep_seconds
from engine.benchmarks.workload import Asked, Server, mixed_params_list, play, poisson

if TYPE_CHECKING:
    from engine.batching.sample_group import SampleGroup

LONGEST_SECONDS = 150.0
PICTURES = 4
_EDITS = 0.3  # of all requests; each gives one picture
_TRIED = 12
_SEED = 1
# What the three runs take together, in lengths of the arrivals: the slow ways end long after the last one.
_LENGTHS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Seconds of one way of serving, (median, 95th percentile) over the requests.

    `first_preview` or first picture, whichever was there first; None: it has no previews.

    `jain`: Jain's index over the people's seconds for equal work; 1 when all waited alike.
    """

    first_preview: tuple[float, float] | None
    first_picture: tuple[float, float]
    all_pictures: tuple[float, float]
    jain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLoad:
    """`load` is a share of what the step batcher can do when it is never idle."""

    model: str
    people: int
    requests: int
    load: float
    capacity_per_second: float
    step_batcher: Waits
    static_batching: Waits
    fifo: Waits

    def rows(self) -> list[tuple[str, str]]:
        ways = {
            "step batcher": self.step_batcher,
            "static batching": self.static_batching,
            "one request at a time": self.fifo,
        }
        rows = [
            ("model", self.model),
            (
                "requests",
                f"{self.requests} of {self.people} people, at {self.load:.0%} of"
                f" {self.capacity_per_second:.2f} a second",
            ),
        ]
        for way, waits in ways.items():
            rows += [
                (f"{way}: first preview or picture, median and p95", _pair(waits.first_preview)),
                (f"{way}: first picture", _pair(waits.first_picture)),
                (f"{way}: all pictures", _pair(waits.all_pictures)),
                (f"{way}: Jain index over the people", f"{waits.jain:.3f}"),
            ]
        ratio = self.step_batcher.first_picture[1] / self.fifo.first_picture[1]
        return [*rows, ("p95 to the first picture, relative to one at a time", f"{ratio:.2f}")]


@dataclass(slots=True, kw_only=True)
class _Seen:
    """Seconds from a request's arrival until something of it was there."""

    first_preview: float | None = None
    first_picture: float = 0.0
    all_pictures: float = 0.0


def measure_chat(
    stage: Stage,
    *,
    people: int = 20,
    requests: int = 80,
    load: float = 0.7,
    rows: int | None = None,
    longest_seconds: float = LONGEST_SECONDS,
) -> ChatLoad:
    """The same requests by the step batcher, in static batches of equal requests, and one request after another.

    As many as fit into `longest_seconds`, at most `requests`. People ask again and again, in a random order.
    """
    from engine.benchmarks.baselines import Lockstep, running

    most_rows = rows or stage.rows()
    dice = random.Random(_SEED)
    params_lists = [_new_request(dice, stage) for _ in range(requests)]

    def new_batcher() -> AbstractContextManager[Server]:
        return batcher_for(stage.model, device=stage.device, rows=most_rows, overlap=stage.overlap)

    began = time.perf_counter()
    capacity = _capacity(new_batcher, stage.model, params_lists[:_TRIED])
    left_seconds = longest_seconds - (time.perf_counter() - began)
    fitting = max(4, int(load * capacity * left_seconds / _LENGTHS))
    asked = [
        replace(one, person=f"person {dice.randrange(people)}")
        for one in poisson(dice, params_lists[:fitting], per_second=load * capacity)
    ]
    ways: list[Callable[[], AbstractContextManager[Server]]] = [
        new_batcher,
        lambda: running(Lockstep(together=True, max_rows=most_rows)),
        lambda: running(Lockstep(together=False, max_rows=most_rows)),
    ]
    batcher, static, fifo = (_measure(way, stage.model, asked) for way in ways)
    return ChatLoad(
        model=stage.entry.name,
        people=len({one.person for one in asked}),
        requests=len(asked),
        load=load,
        capacity_per_second=capacity,
        step_batcher=batcher,
        static_batching=static,
        fifo=fifo,
    )


def measure_virtual_chat(
    cost: PassCost, *, people: int, requests: int, load: float, max_rows: int
) -> ChatLoad:
    """The same in virtual time: a forward pass moves a clock, so the figures are the same on every machine."""
    stage = pause_stage()
    dice = random.Random(_SEED)
    params_lists = [_new_request(dice, stage) for _ in range(requests)]
    tried = poisson(dice, params_lists[:_TRIED], per_second=1.0)
    capacity = VirtualServer(cost, max_rows=max_rows).requests_per_second(tried)
    asked = [
        replace(one, person=f"person {dice.randrange(people)}")
        for one in poisson(dice, params_lists, per_second=load * capacity)
    ]
    seen = [_Seen() for _ in asked]
    latencies = VirtualServer(cost, max_rows=max_rows).play(
        asked, lambda index, group, now: _note(seen[index], group, now)
    )
    for one, seconds in zip(seen, latencies, strict=True):
        one.all_pictures = seconds
        one.first_picture = one.first_picture or seconds
    static, fifo = (
        [_Seen(first_picture=seconds, all_pictures=seconds) for seconds in found]
        for found in (lockstep_seconds(asked, cost, max_rows=rows) for rows in (max_rows, 0))
    )
    return ChatLoad(
        model=f"a pass of {cost.seconds * 1000:g} ms and {cost.seconds_per_row * 1000:g} ms a row, virtual",
        people=len({one.person for one in asked}),
        requests=len(asked),
        load=load,
        capacity_per_second=capacity,
        step_batcher=_waits(asked, seen),
        static_batching=_waits(asked, static),
        fifo=_waits(asked, fifo),
    )


def _new_request(dice: random.Random, stage: Stage) -> tuple[SamplingParams, ...]:
    """Four pictures from words or from a picture, or an edit of a region, which gives one."""
    entry = stage.entry
    edits = dice.random() < _EDITS
    params_list = mixed_params_list(
        dice,
        count=1 if edits else PICTURES,
        width=entry.width,
        height=entry.height,
        steps=entry.steps,
        guidance_scale=max(2.0, entry.guidance_scale),
    )
    return tuple(map(_as_edit, params_list)) if edits else params_list


def _as_edit(params: SamplingParams) -> SamplingParams:
    """A quarter of a picture anew."""
    size = params.width, params.height
    mask = Image.new("L", size)
    mask.paste(255, (0, 0, size[0] // 2, size[1] // 2))
    return replace(params, start=params.start or Image.new("RGB", size, "grey"), mask=mask, strength=1.0)


def _capacity(
    new_batcher: Callable[[], AbstractContextManager[Server]],
    model: Model,
    params_lists: Sequence[tuple[SamplingParams, ...]],
) -> float:
    """Requests a second when all wait from the start."""
    asked = [
        Asked(person=str(number), at_seconds=0.0, params_list=params)
        for number, params in enumerate(params_lists)
    ]
    with new_batcher() as batcher:
        play(batcher, model, asked[:2])
        started = time.perf_counter()
        play(batcher, model, asked)
        return len(asked) / (time.perf_counter() - started)


def _measure(
    way: Callable[[], AbstractContextManager[Server]], model: Model, asked: Sequence[Asked]
) -> Waits:
    with way() as server:
        return _waits(asked, _watch(server, model, asked))


def _waits(asked: Sequence[Asked], seen: Sequence[_Seen]) -> Waits:
    shows = any(one.first_preview is not None for one in seen)
    previews = [min(one.first_preview or math.inf, one.first_picture) for one in seen if shows]
    return Waits(
        first_preview=_spread(previews) if previews else None,
        first_picture=_spread([one.first_picture for one in seen]),
        all_pictures=_spread([one.all_pictures for one in seen]),
        jain=_fairness(asked, seen),
    )


def _watch(server: Server, model: Model, asked: Sequence[Asked]) -> list[_Seen]:
    """Hand the requests in at their times and look at each twenty times a second, as a task thread does."""
    from engine.batching.sample_group import SampleGroup
    from engine.generation_task import Progress

    seen = [_Seen() for _ in asked]
    groups = [
        SampleGroup([model.new_sample(params) for params in one.params_list], person=one.person)
        for one in asked
    ]
    started = time.perf_counter()

    def wait(index: int) -> None:
        group, one = groups[index], seen[index]

        def look(_: Progress) -> None:
            _note(one, group, time.perf_counter() - started - asked[index].at_seconds)

        group.wait(on_progress=look)
        one.all_pictures = time.perf_counter() - started - asked[index].at_seconds
        one.first_picture = one.first_picture or one.all_pictures

    threads = [threading.Thread(target=wait, args=(index,), daemon=True) for index in range(len(asked))]
    for index, one in enumerate(asked):
        time.sleep(max(0.0, one.at_seconds - (time.perf_counter() - started)))
        server.submit(groups[index])
        threads[index].start()
    for thread in threads:
        thread.join()
    return seen


def _note(seen: _Seen, group: "SampleGroup", seconds: float) -> None:
    """What there is of a request so many seconds after it arrived."""
    if seen.first_preview is None and any(sample.preview is not None for sample in group.samples):
        seen.first_preview = seconds
    if not seen.first_picture and any(sample.picture is not None for sample in group.samples):
        seen.first_picture = seconds


def _spread(values: Sequence[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def _fairness(asked: Sequence[Asked], seen: Sequence[_Seen]) -> float:
    waited: defaultdict[str, float] = defaultdict(float)
    work: defaultdict[str, float] = defaultdict(float)
    for one, found in zip(asked, seen, strict=True):
        waited[one.person] += found.all_pictures
        work[one.person] += sum(
            params.steps * params.width * params.height * (2 if params.guidance_scale > 1 else 1)
            for params in one.params_list
        )
    return jain_index([waited[person] / work[person] for person in waited])


def _pair(values: tuple[float, float] | None) -> str:
    return "none" if values is None else f"{values[0]:.2f} s, {values[1]:.2f} s"
