"""What people ask for in a measurement: mixed sizes, steps and guidance, arriving as they like."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PIL import Image

from engine.batching.model_protocols import Model
from engine.batching.sampling_params import SamplingParams

if TYPE_CHECKING:
    from engine.batching.sample_group import SampleGroup

WORDS = ("a red apple", "two blue stars", "a castle by the sea", "a green frog", "a cat on a chair")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: who, when (seconds from the start), and its pictures."""

    person: str
    at_seconds: float
    params_list: tuple[SamplingParams, ...]


class Server(Protocol):
    def submit(self, group: "SampleGroup") -> None: ...


def mixed_params_list(
    dice: random.Random, *, count: int, width: int, height: int, steps: int, guidance_scale: float
) -> tuple[SamplingParams, ...]:
    """One person's pictures: equal but for the seed. Half and double steps, two sizes, four of ten from a picture."""
    wide = dice.random() < 0.3
    size = (width * 5 // 4 // 32 * 32, height * 3 // 4 // 32 * 32) if wide else (width, height)
    start = Image.new("RGB", size, dice.choice(("navy", "olive", "teal"))) if dice.random() < 0.4 else None
    shared = {
        "prompt": dice.choice(WORDS),
        "width": size[0],
        "height": size[1],
        "steps": max(1, round(steps * dice.choice((0.5, 0.75, 1, 1, 1.5, 2)))),
        "guidance_scale": dice.choice((1.0, guidance_scale, guidance_scale, guidance_scale + 1.5)),
        "start": start,
        "strength": dice.choice((0.5, 0.75)) if start else 1.0,
    }
    return tuple(SamplingParams(seed=dice.randrange(2**32), **shared) for _ in range(count))  # type: ignore[arg-type]


def poisson(
    dice: random.Random, params_list: Sequence[tuple[SamplingParams, ...]], *, per_second: float
) -> list[Asked]:
    """Each request from a person of its own, at exponentially distributed distances."""
    at_seconds = 0.0
    asked = []
    for number, params in enumerate(params_list):
        at_seconds += dice.expovariate(per_second)
        asked.append(Asked(person=f"person {number}", at_seconds=at_seconds, params_list=params))
    return asked


def play(server: Server, model: Model, asked: Sequence[Asked]) -> list[float]:
    """Hand the requests in at their times; seconds from each one's arrival to its last picture."""
    from engine.batching.sample_group import SampleGroup

    latencies = [0.0] * len(asked)
    groups = [
        SampleGroup([model.new_sample(params) for params in one.params_list], person=one.person)
        for one in asked
    ]
    started = time.perf_counter()

    def wait(index: int) -> None:
        groups[index].wait()
        latencies[index] = time.perf_counter() - started - asked[index].at_seconds

    threads = [threading.Thread(target=wait, args=(index,), daemon=True) for index in range(len(asked))]
    for index, one in enumerate(asked):
        time.sleep(max(0.0, one.at_seconds - (time.perf_counter() - started)))
        server.submit(groups[index])
        threads[index].start()
    for thread in threads:
        thread.join()
    return latencies
