"""`bench upscale`: several people enlarge pictures at once, side by side and one after another."""

import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from engine.batching.sampling_params import SamplingParams
from engine.benchmarks.workload import Asked, Server, play

if TYPE_CHECKING:
    from engine.adapters.upscaler import Upscaler

PEOPLE = 4
SIDE_PIXELS = 512
ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Upscaling:
    """Seconds, medians over the rounds, and `ratio` the median of the rounds' ratios.

    Megapixels are those of the result; `peak_mib` is the process's largest memory so far.
    """

    upscaler: str
    people: int
    source_pixels: int
    rounds: int
    tiles: int
    forwards: int
    together_seconds: float
    one_by_one_seconds: float
    ratio: float
    together_mean_seconds: float
    one_by_one_mean_seconds: float
    megapixels_per_second: float
    peak_mib: float

    def rows(self) -> list[tuple[str, str]]:
        return [
            ("upscaler", self.upscaler),
            ("pictures", f"{self.people} of {self.source_pixels}×{self.source_pixels}"),
            ("tiles, and the forward passes that they shared", f"{self.tiles} in {self.forwards}"),
            ("all, side by side", f"{self.together_seconds:.2f} s"),
            ("all, one after another", f"{self.one_by_one_seconds:.2f} s"),
            (f"ratio, median of {self.rounds} rounds", f"{self.ratio:.2f}"),
            ("mean wait side by side", f"{self.together_mean_seconds:.2f} s"),
            ("mean wait one after another", f"{self.one_by_one_mean_seconds:.2f} s"),
            ("result", f"{self.megapixels_per_second:.2f} megapixels a second"),
            ("memory at most", f"{self.peak_mib:.0f} MiB"),
        ]


def measure_upscaling(
    *,
    people: int = PEOPLE,
    side_pixels: int = SIDE_PIXELS,
    source: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    rounds: int = ROUNDS,
) -> Upscaling:
    """Equal pictures, one a person, all at once. `source` is an upscaler; the bundled one by default.

    Both ways take turns, `rounds` times: what else the machine does slows both.
    """
    from engine.adapters.loading.model_parts import choose_device, use_threads
    from engine.adapters.loading.spandrel_loader import BUNDLED_NAME
    from engine.adapters.upscaler import Upscaler
    from engine.benchmarks.baselines import Lockstep, running
    from engine.benchmarks.harness import batcher_for

    use_threads(threads)
    chosen = choose_device(device)
    upscaler = Upscaler(source or BUNDLED_NAME, device=chosen)
    upscaler.load()
    counted = _Counted(upscaler)
    asked = [
        Asked(person=f"person {n}", at_seconds=0.0, params_list=(_params(side_pixels),))
        for n in range(people)
    ]
    with (
        batcher_for(upscaler, device=str(chosen)) as batcher,
        running(Lockstep(together=False, max_rows=1)) as lockstep,
    ):
        play(batcher, upscaler, asked[:1])
        timed = partial(_time_turn, upscaler=upscaler, counted=counted, asked=asked)
        turns = [(timed(batcher), timed(lockstep)) for _ in range(rounds)]
    return _summarise(upscaler, turns, people=people, side_pixels=side_pixels)


def _summarise(
    upscaler: "Upscaler", turns: Sequence[tuple["_Played", "_Played"]], *, people: int, side_pixels: int
) -> Upscaling:
    together, one_by_one = [turn[0] for turn in turns], [turn[1] for turn in turns]
    together_seconds = statistics.median(timing.seconds for timing in together)
    return Upscaling(
        upscaler=upscaler.name,
        people=people,
        source_pixels=side_pixels,
        rounds=len(turns),
        tiles=together[-1].tiles,
        forwards=together[-1].forwards,
        together_seconds=together_seconds,
        one_by_one_seconds=statistics.median(timing.seconds for timing in one_by_one),
        ratio=statistics.median(one.seconds / other.seconds for one, other in turns),
        together_mean_seconds=statistics.median(timing.mean_seconds for timing in together),
        one_by_one_mean_seconds=statistics.median(timing.mean_seconds for timing in one_by_one),
        megapixels_per_second=people * (side_pixels * upscaler.scale) ** 2 / 1e6 / together_seconds,
        peak_mib=_peak_mib(),
    )


class _Counted:
    """Counts an upscaler's forward passes and the tiles in them."""

    def __init__(self, upscaler: "Upscaler") -> None:
        self.forwards = self.tiles = 0
        enlarge: Callable[..., object] = upscaler.enlarge

        def counting(parts: Sequence[object]) -> object:
            self.forwards += 1
            self.tiles += len(parts)
            return enlarge(parts)

        upscaler.enlarge = counting  # type: ignore[assignment,method-assign]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Played:
    """How long all took, how long each person waited on average, and what it took."""

    seconds: float
    mean_seconds: float
    forwards: int
    tiles: int


def _time_turn(server: Server, *, upscaler: "Upscaler", counted: _Counted, asked: Sequence[Asked]) -> _Played:
    counted.forwards = counted.tiles = 0
    started = time.perf_counter()
    latencies = play(server, upscaler, asked)
    return _Played(
        seconds=time.perf_counter() - started,
        mean_seconds=statistics.mean(latencies),
        forwards=counted.forwards,
        tiles=counted.tiles,
    )


def _params(side_pixels: int) -> SamplingParams:
    from PIL import Image

    picture = Image.effect_noise((side_pixels, side_pixels), 60).convert("RGB")
    return SamplingParams(
        prompt="",
        seed=0,
        width=side_pixels,
        height=side_pixels,
        steps=1,
        guidance_scale=0.0,
        start=picture,
    )


def _peak_mib() -> float:
    """Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
