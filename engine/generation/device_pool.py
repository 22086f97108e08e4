"""The devices of a worker: a step batcher for each of its devices, with the models that were asked for so far."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from PIL import Image

from engine.adapters.registry import new_model
from engine.batching.model_protocols import LearnsMemory, Model
from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.generation.device_settings import DeviceSettings
from engine.generation_task import GenerationTask, Progress
from engine.performance_settings import Speed
from engine.routing.worker_figures import ResidentModels
from studio.domain.requests import Operation, PaintRequest
from studio.errors import ModelLoadError, NotSupportedError

if TYPE_CHECKING:
    from engine.adapters.remote.remote_worker import RemoteWorker
    from engine.adapters.upscaler import Upscaler
    from engine.batching.device.device_profile import DeviceProfile
    from engine.batching.execution.step_batcher import StepBatcher
    from engine.batching.sample import Sample

_OTHER_SHAPE = "3:2"

log = logging.getLogger(__name__)


class DeviceWorker:
    """One step batcher and its models. Called by many task threads at once."""

    def __init__(
        self, batcher: "StepBatcher", models: ModelCatalogue, *, speed: Speed, upscaler: str
    ) -> None:
        self._batcher = batcher
        self._models = models
        self._speed = speed
        self._upscaler = upscaler
        self._models_by_name: dict[str, Model] = {}
        self._upscalers: dict[str, Upscaler] = {}
        self._lock = threading.Lock()

    @property
    def kind(self) -> str:
        from engine.adapters.loading.model_parts import device_name

        return device_name(self._batcher.device)

    @property
    def samples(self) -> int:
        return self._batcher.samples

    @property
    def device_type(self) -> str:
        return self._batcher.device.type

    def residents(self) -> ResidentModels:
        return self._batcher.residents()

    def model(self, entry: ModelEntry) -> Model:
        """Raises `ModelLoadError`."""
        with self._lock:
            if entry.name not in self._models_by_name:
                folder = self._models.check(entry)
                model = new_model(
                    self._models.resolve_extras(entry), folder, device=self._batcher.device, speed=self._speed
                )
                if isinstance(model, LearnsMemory):
                    model.profile = self._batcher.limits.profile
                self._models_by_name[entry.name] = model
            return self._models_by_name[entry.name]

    def upscaler(self, name: str | None) -> "Upscaler":
        """By its name in the catalogue; the usual one by default. Raises `BadParameterError` or `ModelLoadError`."""
        from engine.adapters.upscaler import Upscaler

        source = self._upscaler if name is None else self._models.upscaler(name)
        with self._lock:
            if source not in self._upscalers:
                self._upscalers[source] = Upscaler(source, device=self._batcher.device)
            return self._upscalers[source]

    def generate(
        self,
        samples: "Sequence[Sample]",
        task: GenerationTask,
        *,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        on_finished: "Callable[[Sample], None] | None" = None,
    ) -> None:
        """As `SampleGroup.wait`. Raises `JobCancelledError`, or what went wrong with a sample."""
        from engine.batching.sample_group import SampleGroup

        group = SampleGroup(samples, person=task.person, weight=task.weight)
        self._batcher.submit(group)
        group.wait(on_progress=on_progress, cancelled=cancelled, on_finished=on_finished)

    def warm_up_tasks(self, entry: ModelEntry) -> list[GenerationTask]:
        """What to warm a model up with. Raises `NotSupportedError` for one that paints from pictures only.

        Where blocks are compiled these are all numbers of pictures that may be painted side by side, a single row,
        for which they are compiled apart, pictures to start from, and all that in a second shape, after which they
        are compiled for any: samples that join later compile nothing.
        """
        plain = PaintRequest(
            operation=Operation.IMAGINE, seed=0, count=1, steps=1, prompt="a star", model=entry.name
        )
        sample = self.model(entry).new_sample(_warm_up_params(entry))
        if not self._speed.on(self._batcher.device.type).compile:
            return [_warm_up_task(plain)]
        from engine.adapters.acceleration.row_buckets import BUCKETS

        # The largest first: it is compiled for its own shape, the others for any.
        fitting = [count for count in BUCKETS if count * sample.rows <= self._batcher.limits.rows(sample.key)]
        numbers = [replace(plain, count=count) for count in fitting[::-1] or [1]]
        alone = [replace(plain, guidance_scale=1.0)] if sample.rows > 1 else []
        wide = [replace(request, aspect=_OTHER_SHAPE) for request in (replace(plain, count=2), plain, *alone)]
        begun = [
            _warm_up_task(replace(plain, operation=operation, aspect=aspect, steps=2), pictures=pictures)
            for aspect in (None, _OTHER_SHAPE)
            for operation, pictures in ((Operation.VARY, 1), (Operation.BLEND, 3))
        ]
        return [*map(_warm_up_task, (*numbers, *alone, *wide)), *begun]

    def most_rows(self, entry: ModelEntry) -> int:
        """Rows of the model's own size that the device can hold, as far as that is known."""
        sample = self.model(entry).new_sample(_warm_up_params(entry))
        return self._batcher.limits.most_rows(sample.key)

    def close(self) -> None:
        self._batcher.close()


class DevicePool:
    """Opened at the first task: until then no accelerator library is loaded."""

    def __init__(self, models: ModelCatalogue, settings: DeviceSettings, *, upscaler: str) -> None:
        self._models = models
        self._settings = settings
        self._upscaler = upscaler
        self._profiles: dict[str, DeviceProfile] = {}
        self._open: list[DeviceWorker] = []
        self._remote: RemoteWorker | None = None
        self._lock = threading.Lock()

    def names(self) -> tuple[str, ...]:
        """The kinds of those that are open."""
        with self._lock:
            opened = list(self._open)
        return tuple(worker.kind for worker in opened)

    def residents(self) -> ResidentModels:
        """The models on all devices that are open."""
        with self._lock:
            opened = list(self._open)
        found = [worker.residents() for worker in opened]
        return reduce(ResidentModels.join, found) if found else ResidentModels()

    def workers_for(self, entry: ModelEntry) -> "Sequence[DeviceWorker | RemoteWorker]":
        """Every device, or for a model on a server what calls it: no device is opened for that."""
        if not entry.is_remote:
            return self.all()
        with self._lock:
            if self._remote is None:
                from engine.adapters.remote.remote_worker import RemoteWorker

                self._remote = RemoteWorker(self._models.capabilities)
            return [self._remote]

    def choose_for(self, entry: ModelEntry) -> "DeviceWorker | RemoteWorker":
        """The one with the fewest samples."""
        return self.choose() if not entry.is_remote else self.workers_for(entry)[0]

    def all(self) -> list[DeviceWorker]:
        with self._lock:
            if not self._open:
                self._open = [self._set_up(name) for name in self._settings.names]
            return self._open

    def choose(self) -> DeviceWorker:
        """The one with the fewest samples."""
        return min(self.all(), key=lambda device_worker: device_worker.samples)

    def rows_at_once(self, entries: Sequence[ModelEntry]) -> int:
        """Rows on all devices together, of the model that takes most, and the calls to servers, which run beside.

        Where the first model is on a server, no device is opened for the others.
        """
        opens = self._open or not entries[0].is_remote
        local = [self._rows_of(entry) for entry in entries if opens and entry.remote is None]
        calls = sum(entry.remote.parallel for entry in entries if entry.remote is not None)
        return max(local, default=0) + calls

    def _rows_of(self, entry: ModelEntry) -> int:
        """Rows of the model's own size on all devices together; 0 where its weights are not here."""
        try:
            return sum(device_worker.most_rows(entry) for device_worker in self.all())
        except NotSupportedError:  # it paints from pictures only
            return len(self.all())
        except ModelLoadError:
            return 0

    def report_compilation(self) -> None:
        """Say whether blocks were compiled, by what the compiler did and not by what the settings want."""
        wants = [worker for worker in self._open if self._settings.speed.on(worker.device_type).compile]
        if not wants:
            return
        from engine.adapters.loading.optimization import count_compiled_graphs
        from engine.batching.device.compilation_record import CompilationRecord

        if graphs := count_compiled_graphs():
            log.info("model blocks compiled", extra={"graphs": graphs})
        else:
            log.warning("model blocks run uncompiled: nothing could be compiled; a C compiler may be missing")
        if self._settings.compiled_file is not None:
            try:
                CompilationRecord.of(wants[0].kind, graphs).save(self._settings.compiled_file)
            except OSError as error:  # the doctor then knows of the settings only
                log.warning("compilation record not saved: %s", error.strerror)

    def close(self) -> None:
        """Tasks that are running fail; the models are let go."""
        with self._lock:
            device_pool, self._open = self._open, []
            remote, self._remote = self._remote, None
        if remote is not None:
            remote.close()
        for device_worker in device_pool:
            device_worker.close()

    def _set_up(self, name: str | None) -> DeviceWorker:
        from engine.adapters.loading.model_parts import choose_device, device_name
        from engine.batching.device.memory_limits import BatchLimits, budget_bytes
        from engine.batching.device.model_cache import ModelCache
        from engine.batching.execution.step_batcher import StepBatcher

        device = choose_device(name)
        speed = self._settings.speed.on(device.type)
        cache = ModelCache(budget_bytes=self._settings.budget_bytes or budget_bytes(device))
        limits = BatchLimits(device.type, profile=self._profile(device_name(device)))
        batcher = StepBatcher(
            cache, device=device, limits=limits, threads=self._settings.threads, overlap=bool(speed.overlap)
        )
        batcher.start()
        log.info("step batcher started", extra={"device": str(device), "speed": speed.words()})
        return DeviceWorker(batcher, self._models, speed=self._settings.speed, upscaler=self._upscaler)

    def _profile(self, device: str) -> "DeviceProfile":
        """Cards of one kind learn together."""
        from engine.batching.device.device_profile import DeviceProfile

        if device not in self._profiles:
            self._profiles[device] = DeviceProfile(self._settings.learned_file, device=device)
        return self._profiles[device]


def _warm_up_task(request: PaintRequest, *, pictures: int = 0) -> GenerationTask:
    colours = ("navy", "olive", "teal")
    sources = [Image.new("RGB", (64, 64), colour) for colour in colours[:pictures]]
    return GenerationTask(job_id="warm-up", person="", request=request, sources=sources)


def _warm_up_params(entry: ModelEntry) -> SamplingParams:
    """The least that a model can be asked for at its own size."""
    return SamplingParams(
        prompt="a star",
        seed=0,
        width=entry.width,
        height=entry.height,
        steps=1,
        guidance_scale=entry.guidance_scale,
    )
