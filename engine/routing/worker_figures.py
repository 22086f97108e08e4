"""What a worker knows of itself: which models are in its memory, and how fast it works."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

_NEWEST_SHARE = 0.3  # of the last job in what is known of a model's jobs
_USUAL_JOB_SECONDS = 10.0
_USUAL_LOAD_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentModels:
    """`names` are in a device's memory, beside which there is `room` for one more; `load_seconds` as measured."""

    names: frozenset[str] = frozenset()
    room: bool = True
    load_seconds: Mapping[str, float] = field(default_factory=dict)

    def join(self, other: "ResidentModels") -> "ResidentModels":
        """Of two devices of one worker."""
        return ResidentModels(
            names=self.names | other.names,
            room=self.room or other.room,
            load_seconds={**self.load_seconds, **other.load_seconds},
        )


class Generator(Protocol):
    @property
    def generate(self) -> Callable[..., Any]:
        """From a task and its listeners to pictures."""

    def resident_models(self) -> ResidentModels: ...


class WorkerGenerator(Generator, Protocol):
    """What a worker needs of the image generator; see `engine.generation.generator.ImageGenerator`."""

    def warm_up(self, *, model: str | None = None) -> None: ...

    def device_names(self) -> tuple[str, ...]: ...

    def rows_at_once(self, *, models: Sequence[str] | None = None) -> int: ...

    def close(self) -> None: ...


class MeasuredGenerator:
    """A generator that measures how long the jobs of each model take. Called by many task threads at once.

    Jobs that run side by side share a device: a job counts for the time between two ends, not for its own length.
    """

    def __init__(
        self, generator: Generator, *, default_model: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._generator = generator
        self._default = default_model
        self._clock = clock
        self._running: dict[int, tuple[str, float]] = {}  # by the task: its model and when it began
        self._seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    def generate(self, task: Any, **listeners: Any) -> Any:
        """As the generator's own."""
        model = task.request.model or self._default
        with self._lock:
            self._running[id(task)] = model, self._clock()
        try:
            return self._generator.generate(task, **listeners)
        finally:
            with self._lock:
                self._record(id(task))

    def _record(self, task: int) -> None:
        model, began = self._running[task]
        share = (self._clock() - began) / len(self._running)
        known = self._seconds.get(model, share)
        self._seconds[model] = known + _NEWEST_SHARE * (share - known)
        del self._running[task]

    @property
    def running(self) -> int:
        """Jobs at the moment."""
        with self._lock:
            return len(self._running)

    def resident_models(self) -> ResidentModels:
        """Those that are loaded, and those that a job is loading."""
        found = self._generator.resident_models()
        with self._lock:
            return ResidentModels(
                names=found.names | {model for model, _ in self._running.values()},
                room=found.room,
                load_seconds=found.load_seconds,
            )

    def job_seconds(self, model: str) -> float:
        """Of the last jobs; of one that has run for longer by now, what it took so far."""
        with self._lock:
            now, known = self._clock(), self._seconds.get(model, _USUAL_JOB_SECONDS)
            since = [now - began for running, began in self._running.values() if running == model]
            return max(known, *(seconds / len(self._running) for seconds in since)) if since else known

    def load_seconds(self, model: str) -> float:
        return self._generator.resident_models().load_seconds.get(model, _USUAL_LOAD_SECONDS)
