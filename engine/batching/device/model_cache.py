"""The models on the device, and which one is unloaded when another is wanted."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping

from engine.batching.model_handle import ModelHandle
from engine.routing.worker_figures import ResidentModels

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
# A model that takes long to load is waited for longer, so that switching never takes most of the time.
PATIENCE_LOADS = 3.0


class ModelCache:
    """Keeps the most recently used models within a budget of bytes. Weights are loaded beside the batcher's thread.

    `on_change` is called, from another thread, when a model has been loaded or could not be.
    """

    def __init__(
        self,
        *,
        budget_bytes: int,
        patience_seconds: float = PATIENCE_SECONDS,
        on_change: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.on_change = on_change
        self._budget_bytes = budget_bytes
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._used: dict[ModelHandle, float] = {}  # loaded models and when they were last needed
        self._wanted_since: dict[ModelHandle, float] = {}
        self._load_seconds: dict[ModelHandle, float] = {}
        self._loading: ModelHandle | None = None
        self._closing: set[ModelHandle] = set()
        self._arrived: list[tuple[ModelHandle, BaseException | None]] = []
        self._lock = threading.Lock()

    @property
    def loading(self) -> bool:
        return self._loading is not None

    @property
    def open_models(self) -> Collection[ModelHandle]:
        """The models that new samples may come to."""
        return self._used.keys() - self._closing

    def residents(self) -> ResidentModels:
        """What is on the device, for other threads: a moment may pass until a change is seen."""
        used = list(self._used)
        taken = [model.memory_bytes for model in used]
        room = not taken or sum(taken) + sum(taken) / len(taken) <= self._budget_bytes
        return ResidentModels(
            names=frozenset(model.name for model in used),
            room=room,
            load_seconds={model.name: seconds for model, seconds in list(self._load_seconds.items())},
        )

    def update(
        self, wanted: Mapping[ModelHandle, int], busy: Collection[ModelHandle]
    ) -> list[tuple[ModelHandle, BaseException]]:
        """Called at every step: `wanted` maps models to their waiting samples, `busy` have samples in the batcher.

        Starts loading what is wanted, unloads what is not, and answers the models that could not be loaded.
        """
        now = self._clock()
        failures = self._receive(now)
        for model in busy:
            self._used[model] = now
        since = self._wanted_since
        self._wanted_since = {
            model: since.get(model, now) for model in wanted if model not in self.open_models
        }
        for model in [model for model in self._closing if model not in busy]:
            self._unload(model)
        failed = [model for model, _ in failures]
        missing = [model for model in wanted if model not in self._used and model not in failed]
        if missing and not self.loading:
            self._make_room(
                max(missing, key=lambda candidate: self._urgency(candidate, wanted, now)), wanted, busy, now
            )
        return failures

    def _urgency(self, model: ModelHandle, wanted: Mapping[ModelHandle, int], now: float) -> float:
        """By how many samples wait and for how long: no model is put off for ever."""
        return (1.0 + now - self._wanted_since[model]) * wanted[model]

    def _patience(self, model: ModelHandle) -> float:
        return max(self._patience_seconds, PATIENCE_LOADS * self._load_seconds.get(model, 0.0))

    def hold(self, model: ModelHandle) -> None:
        """Add a model whose weights are loaded already."""
        self._used[model] = self._clock()

    def let_go(self, model: ModelHandle) -> None:
        """Remove a model without unloading its weights."""
        self._used.pop(model, None)

    def unload_all(self) -> None:
        for model in list(self._used):
            self._unload(model)

    def _make_room(
        self, model: ModelHandle, wanted: Collection[ModelHandle], busy: Collection[ModelHandle], now: float
    ) -> None:
        """Load the model, if there is room or idle models can make it; else, after a while, close a busy one."""
        oldest_first = sorted(self._used, key=self._used.__getitem__)
        idle = [other for other in oldest_first if other not in busy and other not in wanted]
        while not self._fits(model) and idle:
            self._unload(idle.pop(0))
        if self._fits(model) or not self._used:
            self._load(model)
        elif now - self._wanted_since[model] > self._patience(model) and not self._closing:
            for other in oldest_first:
                if not self._fits(model, without=self._closing):
                    self._closing.add(other)

    def _fits(self, model: ModelHandle, *, without: Collection[ModelHandle] = ()) -> bool:
        taken = sum(other.memory_bytes for other in self._used if other not in without)
        return taken + model.memory_bytes <= self._budget_bytes

    def _load(self, model: ModelHandle) -> None:
        self._loading = model
        threading.Thread(
            target=self._load_beside, args=(model,), name=f"load-{model.name}", daemon=True
        ).start()

    def _load_beside(self, model: ModelHandle) -> None:
        started = self._clock()
        problem: BaseException | None = None
        try:
            model.load()
            seconds = self._load_seconds[model] = self._clock() - started
            log.info("model loaded", extra={"model": model.name, "seconds": round(seconds, 2)})
        except Exception as error:  # whatever is wrong with a model, its jobs must hear of it
            log.warning("model load failed", extra={"model": model.name}, exc_info=error)
            problem = error
        with self._lock:
            self._arrived.append((model, problem))
        self.on_change()

    def _receive(self, now: float) -> list[tuple[ModelHandle, BaseException]]:
        with self._lock:
            arrived, self._arrived = self._arrived, []
        failures: list[tuple[ModelHandle, BaseException]] = []
        for model, problem in arrived:
            self._loading = None
            if problem is None:
                self._used[model] = now
            else:
                failures.append((model, problem))
        return failures

    def _unload(self, model: ModelHandle) -> None:
        model.unload()
        self._used.pop(model, None)
        self._closing.discard(model)
        log.info("model unloaded", extra={"model": model.name})
