"""Stand-ins for measurements: a model that paints nothing, and the ways of batching that others use."""

import copy
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import diffusers
import torch

from engine.adapters.components.batch_inputs import BatchStacker, guide
from engine.batching.device.memory_limits import BatchLimits
from engine.batching.device.model_cache import ModelCache
from engine.batching.execution.step_batcher import StepBatcher
from engine.batching.model_protocols import Model, StepwiseModel
from engine.batching.sample import BatchKey, Sample
from engine.batching.sample_group import SampleGroup
from engine.batching.sampling_params import SamplingParams
from engine.catalog.geometry import Layout

FACTOR = 8


class NullModel:
    """Real samples, rows and schedulers around a forward pass that takes `seconds + rows · seconds_per_row` and no
    more.

    `started` are the times of the forward passes; `forward_seconds` and `scheduler_seconds` add up.
    """

    name = "null"
    memory_bytes = 0
    loaded = True

    def __init__(
        self,
        *,
        seconds: float = 0.0,
        seconds_per_row: float = 0.0,
        words: Mapping[str, tuple[int, ...]] | None = None,
        device: str = "cpu",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`words` are the shapes of a row's conditions; `sleep` makes a forward pass take its seconds."""
        self._sleep = sleep
        self._words = words or {"text": (77, 64)}
        self.layout = Layout(
            factor=FACTOR,
            grid=FACTOR,
            multiple=FACTOR,
            latent_channels=4,
            input_channels=4,
            sample_pixels=256,
        )
        self.started: list[float] = []
        self.forward_seconds = 0.0
        self.scheduler_seconds = 0.0
        self._seconds, self._seconds_per_row = seconds, seconds_per_row
        self._device = torch.device(device)
        self._stacker = BatchStacker(device=self._device, dtype=torch.float32)
        self._template = diffusers.EulerDiscreteScheduler(beta_schedule="scaled_linear")

    def load(self) -> None: ...

    def unload(self) -> None: ...

    def scheduler_name(self, wanted: str | None) -> str:
        return wanted or "euler"

    def new_sample(self, params: SamplingParams) -> Sample:
        scheduler = copy.deepcopy(self._template)
        scheduler.set_timesteps(params.steps, device="cpu")
        scheduler.step = self._with_timer(scheduler.step)
        scheduler.scale_model_input = self._with_timer(scheduler.scale_model_input)
        return Sample(
            model=self,
            params=params,
            key=BatchKey(model=self.name, width=params.width // FACTOR, height=params.height // FACTOR),
            scheduler=scheduler,
            generator=torch.Generator().manual_seed(params.seed),
            timesteps=scheduler.timesteps,
            guided=params.guidance_scale > 1,
        )

    def prepare(self, samples: Sequence[Sample]) -> None:
        for sample in samples:
            row = {name: torch.zeros(shape, device=self._device) for name, shape in self._words.items()}
            sample.conditions = (row,) * sample.rows
            noise = torch.randn(1, 4, sample.key.height, sample.key.width, generator=sample.generator)
            sample.latents = noise.to(self._device)

    def predict(self, samples: Sequence[Sample]) -> Sequence[torch.Tensor]:
        rows = self._stacker.stack(samples)
        self.started.append(time.perf_counter())
        wanted = self._seconds + self._seconds_per_row * len(rows.sample)
        if wanted:
            self._sleep(wanted)
        answer = torch.zeros_like(rows.sample)
        self.forward_seconds += time.perf_counter() - self.started[-1]
        return guide(rows.guidance, answer)

    def decode(self, samples: Sequence[Sample]) -> Sequence[torch.Tensor]:
        return [torch.zeros(3, FACTOR, FACTOR) for _ in samples]

    def preview(self, sample: Sample) -> torch.Tensor:
        return torch.zeros(sample.key.height, sample.key.width, 3, dtype=torch.uint8)

    def _with_timer(self, action: Callable[..., Any]) -> Callable[..., Any]:
        def measure_call(*arguments: Any, **options: Any) -> Any:
            begun = time.perf_counter()
            answer = action(*arguments, **options)
            self.scheduler_seconds += time.perf_counter() - begun
            return answer

        return measure_call


def idle_batcher(
    model: Model,
    *,
    rows: int,
    follows_curve: bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> StepBatcher:
    """A step batcher without a thread, for `take_turn`."""
    cache = ModelCache(budget_bytes=2**60)
    cache.hold(model)
    limits = BatchLimits("cpu", cells=2**40, max_rows=rows, follows_curve=follows_curve)
    return StepBatcher(cache, device=torch.device("cpu"), limits=limits, clock=clock)


def take_turn(batcher: StepBatcher) -> bool:
    with torch.inference_mode():
        return batcher.turn()


def step_seconds(model: Model, params_list: Sequence[SamplingParams], *, times: int) -> list[float]:
    """What each of some forward passes for these samples takes, to the end of it on the device."""
    stepper = cast("StepwiseModel", model)
    seconds = []
    with torch.inference_mode():
        samples = [stepper.new_sample(params) for params in params_list]
        stepper.prepare(samples)
        for _ in range(times):
            _settle()
            started = time.perf_counter()
            stepper.predict(samples)
            _settle()
            seconds.append(time.perf_counter() - started)
    return seconds


def _settle() -> None:
    """Wait until a card has done what it was given, so that a clock tells the truth."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


class Lockstep:
    """Paints whole requests, first come, first served; `together` puts waiting ones with equal parameters in a batch.

    What serving systems without continuous batching do. The same models, so that only the order of work differs.
    """

    def __init__(self, *, together: bool, max_rows: int) -> None:
        self._together = together
        self._max_rows = max_rows
        self._queue: list[SampleGroup] = []
        self._news = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="lockstep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, group: SampleGroup) -> None:
        with self._news:
            self._queue.append(group)
            self._news.notify()

    def close(self) -> None:
        with self._news:
            self._closed = True
            self._news.notify()
        self._thread.join()

    def _run(self) -> None:
        with torch.inference_mode():
            while (groups := self._take()) is not None:
                try:
                    paint_together([sample for group in groups for sample in group.samples])
                except Exception as error:  # noqa: BLE001 - a measurement must hear of it, not hang
                    for group in groups:
                        group.fail(error)
                for group in groups:
                    group.finish()

    def _take(self) -> list[SampleGroup] | None:
        with self._news:
            self._news.wait_for(lambda: self._queue or self._closed)
            if self._closed:
                return None
            first = self._queue.pop(0)
            taken, rows = [first], _rows(first)
            for group in list(self._queue) if self._together else []:
                if _parameters(group) == _parameters(first) and rows + _rows(group) <= self._max_rows:
                    self._queue.remove(group)
                    taken.append(group)
                    rows += _rows(group)
            return taken


@contextmanager
def running(lockstep: Lockstep) -> Iterator[Lockstep]:
    lockstep.start()
    try:
        yield lockstep
    finally:
        lockstep.close()


def paint_together(samples: Sequence[Sample]) -> None:
    """From the first step to the pictures, all samples at one pace; samples that end early are waited with."""
    model = cast("StepwiseModel", samples[0].model)
    model.prepare(samples)
    while left := [sample for sample in samples if not sample.finished]:
        for sample, prediction in zip(left, model.predict(left), strict=True):
            sample.advance(prediction)
    for sample, picture in zip(samples, model.decode(samples), strict=True):
        sample.picture = picture


def _rows(group: SampleGroup) -> int:
    return sum(sample.rows for sample in group.samples)


def _parameters(group: SampleGroup) -> tuple[object, ...]:
    """What a static batch must agree in: everything that the pipeline's call takes once for the whole batch."""
    sample = group.samples[0]
    params = sample.params
    return (
        sample.key,
        params.steps,
        params.guidance_scale,
        params.scheduler,
        params.strength,
        params.start is None,
    )
