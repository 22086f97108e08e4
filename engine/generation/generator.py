"""The image generator: from a task to finished pictures. Called by many task threads at once."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PIL import Image

from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.generation.conditions.structure import add_structures
from engine.generation.device_pool import DevicePool, DeviceWorker
from engine.generation.device_settings import DeviceSettings
from engine.generation.prepare_inputs import asked_steps, prepare_inputs
from engine.generation.prompt_diversity import diversify_task
from engine.generation.sampling_params import resolve_params
from engine.generation.tiled_refinement import ProgressMeter, refine_tiled, steps_ahead
from engine.generation_task import GeneratedImage, GenerationTask, Progress
from engine.imaging.structure.structure_maps import StructureMaps
from engine.jobs.cpu_threads import share_cores
from engine.layout_prior.layout_prior import LayoutPrior, load_prior
from engine.routing.worker_figures import ResidentModels
from studio import __version__
from studio.domain.pictures import Recipe
from studio.domain.requests import Operation
from studio.errors import BadParameterError, JobCancelledError, NotSupportedError

if TYPE_CHECKING:
    import torch

    from engine.adapters.remote.remote_worker import RemoteWorker
    from engine.batching.sample import Sample

SOFTWARE = f"chatelier {__version__}"
DEFAULT_UPSCALER = "realesr-animevideov3-x4"

OnPicture = Callable[[int, GeneratedImage], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Listener:
    """Who asked for a task's pictures: what is told to them, and whether they still want them."""

    on_progress: Callable[[Progress], None] = lambda progress: None
    cancelled: Callable[[], bool] = lambda: False
    on_picture: OnPicture | None = None


class ImageGenerator:
    """Holds one step batcher for each device and loads models as tasks need them.

    With `represents`, words are added about people of whom a prompt does not say who they are.
    """

    def __init__(
        self,
        models: ModelCatalogue,
        devices: DeviceSettings | None = None,
        *,
        default_model: str | None = None,
        upscaler: str = DEFAULT_UPSCALER,
        represents: bool = True,
        maps: StructureMaps | None = None,
    ) -> None:
        share_cores()
        self._models = models
        self._default = default_model or models.names[0]
        self._represents = represents
        self._maps = maps or StructureMaps()
        self._device_pool = DevicePool(models, devices or DeviceSettings(), upscaler=upscaler)
        self._priors: dict[str, LayoutPrior | None] = {}
        self._lock = threading.Lock()

    def generate(
        self,
        task: GenerationTask,
        *,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        cancelled: Callable[[], bool] = lambda: False,
        on_picture: OnPicture | None = None,
    ) -> list[GeneratedImage]:
        """Blocks until all pictures are painted that are not `done`; the functions are called on this thread.

        `on_picture` gets the number, from 0, and the image of each that is finished long before the others.

        Raises `JobCancelledError` within one step of `cancelled` saying so, `BadParameterError`, `BadImageError` or
        `NotSupportedError` for a task that cannot be painted, `ModelLoadError`, or `GenerationError`.
        """
        if cancelled():
            raise JobCancelledError
        if task.request.operation is Operation.UPSCALE:
            return [self._upscale(task, self._device_pool.choose(), on_progress, cancelled)]
        entry = self._entry_of(task)
        return self._paint(
            task, entry, self._device_pool.choose_for(entry), _Listener(on_progress, cancelled, on_picture)
        )

    def _paint(
        self,
        task: GenerationTask,
        entry: ModelEntry,
        device_worker: "DeviceWorker | RemoteWorker",
        listener: "_Listener",
    ) -> list[GeneratedImage]:
        wanted, added_words = task, ("",) * task.request.count
        if self._represents and entry.representation:
            task, added_words = diversify_task(task)
        model = device_worker.model(entry)
        prior = self._prior(entry)
        indices = [index for index in range(task.request.count) if index not in task.done]
        drawings = [
            prepare_inputs(task, index, entry=entry, layout=model.layout, prior=prior) for index in indices
        ]
        drawings = add_structures(drawings, task, model=entry.name, layout=model.layout, maps=self._maps)
        outline = partial(resolve_params, task, entry=entry, prior=prior)
        params_list = [outline(index, drawing) for index, drawing in zip(indices, drawings, strict=True)]
        asked = asked_steps(task.request, entry=entry, prior=prior)
        meter = ProgressMeter(listener.on_progress, asked=asked)
        meter.expect(steps_ahead(drawings, params_list))

        def paint_round(
            samples: "Sequence[Sample]", on_finished: "Callable[[Sample], None] | None" = None
        ) -> list[Image.Image]:
            device_worker.generate(
                samples, task, on_progress=meter, cancelled=listener.cancelled, on_finished=on_finished
            )
            meter.end_round(sum(sample.steps for sample in samples))
            return [_picture(sample) for sample in samples]

        def complete(number: int, picture: Image.Image) -> GeneratedImage:
            index, drawing = indices[number], drawings[number]
            image = refine_tiled(
                drawing,
                drawing.finish(picture),
                lambda windows: paint_round(
                    [model.new_sample(outline(index, inputs, window=number)) for number, inputs in windows]
                ),
            )
            return self._to_generated_image(
                wanted, index, samples[number], image, steps=asked, added_words=added_words[index]
            )

        def show(on_picture: OnPicture, sample: "Sample") -> None:
            number = samples.index(sample)
            on_picture(indices[number], complete(number, _picture(sample)))

        samples = [model.new_sample(params) for params in params_list]
        tiled = any(drawing.detail is not None for drawing in drawings)
        pictures = paint_round(
            samples, partial(show, listener.on_picture) if listener.on_picture and not tiled else None
        )
        return [complete(number, picture) for number, picture in enumerate(pictures)]

    def warm_up(
        self, on_progress: Callable[[Progress], None] = lambda progress: None, *, model: str | None = None
    ) -> None:
        """Load a model, else the default one, and paint with it, so that nobody waits for that later.

        See `DeviceWorker.warm_up_tasks`. What the model cannot do is left out: one that paints from pictures only is
        loaded when it is first given one.
        """
        entry = self._models.find(model or self._default)
        try:
            parts = [
                (device_worker, task)
                for device_worker in self._device_pool.workers_for(entry)
                for task in device_worker.warm_up_tasks(entry)
            ]
        except NotSupportedError:
            log.info("model warm-up skipped: the model needs an input image", extra={"model": entry.name})
            return
        for done, (device_worker, task) in enumerate(parts, start=1):
            with suppress(NotSupportedError):
                self._paint(task, entry, device_worker, _Listener())
            log.info("model warm-up advanced", extra={"part": done, "parts": len(parts)})
            on_progress(Progress(step=done, steps=len(parts)))
        self._device_pool.report_compilation()

    def device_names(self) -> tuple[str, ...]:
        """The kinds of the devices that are in use, such as ``NVIDIA H200``."""
        return self._device_pool.names()

    def rows_at_once(self, *, models: Sequence[str] | None = None) -> int:
        """Rows that all devices hold together of one of the models, else of the default one, and calls to servers."""
        names = models or (self._default,)
        return self._device_pool.rows_at_once([self._models.find(name) for name in names])

    def resident_models(self) -> ResidentModels:
        """The models on the devices that are in use."""
        return self._device_pool.residents()

    def close(self) -> None:
        """Tasks that are running fail; the models are let go."""
        self._device_pool.close()

    def _entry_of(self, task: GenerationTask) -> ModelEntry:
        return self._models.find(task.request.model or self._default)

    def _prior(self, entry: ModelEntry) -> LayoutPrior | None:
        with self._lock:
            if entry.name not in self._priors:
                self._priors[entry.name] = None if entry.is_remote else load_prior(self._models.folder(entry))
            return self._priors[entry.name]

    def _remark(self, task: GenerationTask, index: int, entry: ModelEntry) -> str:
        """About words that the person chose for this picture."""
        prompt, prior = task.request.prompt_of(index), self._prior(entry)
        if prior is None or not prompt or not task.request.own_words:
            return ""
        return prior.composer.remark(prompt, model=entry.title or entry.name)

    def _to_generated_image(
        self,
        task: GenerationTask,
        index: int,
        sample: "Sample",
        image: Image.Image,
        *,
        steps: int,
        added_words: str,
    ) -> GeneratedImage:
        params, entry = sample.params, self._entry_of(task)
        recipe = Recipe(
            operation=task.request.operation,
            prompt=task.request.prompt_of(index),
            added_words=added_words,
            remark=self._remark(task, index, entry),
            negative_prompt=task.request.negative_prompt,
            seed=params.seed,
            steps=steps,
            guidance_scale=params.guidance_scale,
            strength=params.strength if task.sources else None,
            width=image.width,
            height=image.height,
            model=entry.name,
            model_hash=self._models.hash(entry),
            scheduler=sample.model.scheduler_name(params.scheduler),
            software=SOFTWARE,
            style=task.request.style,
            loras=task.request.loras,
            unread_words=sample.unread_words,
        )
        return GeneratedImage(image=image, recipe=recipe)

    def _upscale(
        self,
        task: GenerationTask,
        device_worker: DeviceWorker,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
    ) -> GeneratedImage:
        """Tiles are steps, so people who enlarge pictures share forward passes and take turns with those who paint."""
        if not task.sources:
            raise BadParameterError("picture", "no_picture")
        upscaler = device_worker.upscaler(task.request.upscaler)
        source = task.sources[0]
        sample = upscaler.new_sample(
            SamplingParams(
                prompt=task.request.prompt,
                seed=task.request.seed,
                width=source.width,
                height=source.height,
                steps=1,
                guidance_scale=0.0,
                start=source,
            )
        )
        device_worker.generate([sample], task, on_progress=on_progress, cancelled=cancelled)
        image = _picture(sample)
        recipe = Recipe(
            operation=Operation.UPSCALE,
            prompt=task.request.prompt,
            seed=task.request.seed,
            steps=1,
            guidance_scale=0.0,
            width=image.width,
            height=image.height,
            model=upscaler.name,
            model_hash=upscaler.model_hash,
            scheduler=upscaler.scheduler_name(None),
            software=SOFTWARE,
        )
        return GeneratedImage(image=image, recipe=recipe)


def _picture(sample: "Sample") -> Image.Image:
    assert sample.picture is not None  # noqa: S101 - the group is finished
    return to_image(sample.picture)


def to_image(picture: "torch.Tensor") -> Image.Image:
    """(3, height, width) in [0, 1], or bytes → RGB, rounded as diffusers does."""
    pixels = picture.permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(pixels if pixels.dtype == "uint8" else (pixels * 255).round().astype("uint8"))
