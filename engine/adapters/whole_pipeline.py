"""Any model that diffusers has a pipeline for, run from its first step to its last in one call.

For families that nobody drives step by step here: Kandinsky, PixArt, Sana, Lumina, HiDream and others.
Only pictures that agree in every parameter but words, seed and start share a call, and only in the pipeline classes of
`SHARED_CALLS`.
"""

import gc
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from PIL import Image

from engine.adapters.components.latent_blending import blend
from engine.adapters.components.references import settle_references
from engine.adapters.components.text_encoding import count_unread_whole
from engine.adapters.components.vae import Autoencoder, to_pixels
from engine.adapters.loading.denoiser_file import load_denoiser
from engine.adapters.loading.model_parts import LOADING, choose_dtype, quiet
from engine.adapters.loading.pipeline_classes import (
    INSTRUCT,
    TASKS,
    find_class,
    guidance_name,
    steps_name,
)
from engine.adapters.loading.pipeline_optimization import PipelineOptimizer, pipelines_bytes
from engine.adapters.loading.pipeline_tiles import PipelineTiles
from engine.adapters.loading.step_callbacks import GenerationStoppedError, watch_steps
from engine.adapters.shareable_pipelines import shares_calls
from engine.batching.device.device_profile import DeviceProfile
from engine.batching.device.memory_limits import free_cache, is_out_of_memory
from engine.batching.sample import BatchKey, Sample
from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelEntry
from engine.catalog.geometry import Layout, read_any_layout
from engine.catalog.model_files import DENOISERS, INDEX, components, folder_variant, read_json
from engine.performance_settings import PLAIN, Speed
from studio.errors import BadParameterError, GenerationError, ModelLoadError, NotSupportedError
from studio.parsing.prompt_weights import plain_words

# The moderation package checks pictures, not the model's own checker; image encoders are fed without a processor.
_LEFT_OUT = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
# Sizes are as asked for, and words as they were typed.
_PLAIN = {"use_resolution_binning": False, "clean_caption": False}
_SPRINT_STEPS, _SPRINT_BETWEEN = 2, 1.3


class PipelineModel:
    """Runs one model through its own pipelines, which share their weights. See `WholeCallModel`."""

    def __init__(
        self, entry: ModelEntry, folder: Path, *, device: torch.device, speed: Speed = PLAIN
    ) -> None:
        """`speed` as `Speed.on` answered it for the device."""
        self.name = entry.name
        self.layout: Layout = read_any_layout(folder)
        self._entry = entry
        self._folder = folder
        self._device = device
        self._dtype = choose_dtype(entry.dtype, device)
        self._index = read_json(folder / INDEX)
        self._outfit = PipelineOptimizer(speed, device=device)
        self._tiles = PipelineTiles(entry.name)
        self._pipelines: dict[str, Any] = {}
        self._measured_bytes: int | None = None
        self._tasks = self._find_tasks()
        self.profile = DeviceProfile()

    # ---- memory

    @property
    def loaded(self) -> bool:
        return bool(self._pipelines)

    @property
    def memory_bytes(self) -> int:
        return self._measured_bytes or int(self._entry.memory_gib * 2**30)

    def load(self) -> None:
        quiet()
        task = next((name for name in ("imagine", *self._tasks) if self._class_for(name)), "imagine")
        kind = self._class_for(task) or diffusers.DiffusionPipeline
        self._hold({task: self._load(kind, self._folder, **self._denoiser_parts())})

    def _denoiser_parts(self) -> dict[str, Any]:
        """The denoiser, where it comes from a file of its own."""
        if self._entry.denoiser is None:
            return {}
        name = next(name for name in components(self._folder) if name in DENOISERS)
        return {name: load_denoiser(Path(self._entry.denoiser), self._folder, name, dtype=self._dtype)}

    def _hold(self, pipelines: dict[str, Any]) -> None:
        self._pipelines = pipelines
        self._measured_bytes = pipelines_bytes(pipelines.values())

    def _load(self, kind: Any, folder: Path, **parts: Any) -> Any:
        known = inspect.signature(kind.__init__).parameters
        parts |= {name: value for name, value in _LEFT_OUT.items() if name in known}
        try:
            with LOADING:
                pipeline = kind.from_pretrained(
                    folder, dtype=self._dtype, variant=folder_variant(folder), use_safetensors=True, **parts
                )
            self._outfit.put_on(pipeline)
        except ModelLoadError:  # a setting asks for what is not installed
            raise
        except torch.OutOfMemoryError as error:
            raise ModelLoadError(
                f"The model {self.name} does not fit into the memory of this device."
            ) from error
        except Exception as error:  # whatever a library throws at a damaged folder
            raise ModelLoadError(
                f"The model {self.name} cannot be loaded: a part of it is damaged or does not fit. "
                "Check it with: chatelier models check"
            ) from error
        return pipeline

    def unload(self) -> None:
        self._pipelines, self._tiles = {}, PipelineTiles(self.name)  # these go by the networks' ids
        gc.collect()
        free_cache(self._device)

    # ---- a sample's beginning

    def scheduler_name(self, wanted: str | None) -> str:
        if wanted is not None:
            raise BadParameterError("scheduler", "own_scheduler", model=self.name)
        named = self._index.get("scheduler")
        return str(named[1]) if isinstance(named, list) else "its own"

    def new_sample(self, params: SamplingParams) -> Sample:
        self.scheduler_name(params.scheduler)
        params = settle_references(params, model=self.name, can=self.layout.can)
        task = self._task(params)
        if task not in self._tasks or (params.mixed and not self._can_mix):
            operation = "blend" if params.mixed else task
            raise NotSupportedError("operation", model=self.name, operation=operation, able=self._tasks)
        if params.adapters:
            raise NotSupportedError("loras", model=self.name, able=self._tasks)
        return Sample(
            model=self,
            params=params,
            key=BatchKey(
                model=self.name,
                width=params.width // self.layout.factor,
                height=params.height // self.layout.factor,
                conditioning=repr(
                    (task, bool(params.likeness), params.steps, params.guidance_scale, params.strength)
                ),
                shared=shares_calls(self._class_for(task)),
            ),
            scheduler=None,
            generator=torch.Generator(),
            timesteps=torch.arange(self._count_steps(task, params)),
            guided=params.guidance_scale > 1,
        )

    def _count_steps(self, task: str, params: SamplingParams) -> int:
        """Of the schedule's steps, those that a start picture leaves, at least one."""
        if (
            params.start is None
            or "strength" not in inspect.signature(self._class_for(task).__call__).parameters
        ):
            return params.steps
        return max(1, min(int(params.steps * params.strength), params.steps))

    # ---- painting

    def generate(self, samples: Sequence[Sample], on_step: Callable[[int], bool]) -> None:
        params_list = [sample.params for sample in samples]
        task = self._task(params_list[0])
        pipeline = self._pipeline(task)
        if len(params_list) > 1 and not shares_calls(type(pipeline)):
            raise ValueError(f"{type(pipeline).__name__} takes one sample a call")
        size = params_list[0].width, params_list[0].height
        self._tiles.prepare(pipeline, size, self.profile)
        try:
            pictures = self._call(pipeline, self._options(task, pipeline, params_list), on_step)
        except GenerationStoppedError:
            return
        except Exception as error:
            # One sample that does not fit may fit when it is decoded in tiles; several are tried in halves first.
            if len(samples) > 1 or not is_out_of_memory(error) or not self._tiles.turn_on(size, self.profile):
                raise
            pictures = None
        if pictures is None:
            free_cache(self._device)
            self.generate(samples, on_step)
            return
        self._tiles.record_fit(size, self.profile)
        if not np.isfinite(pictures).all():
            raise GenerationError(reason="not_a_number")
        for sample, picture in zip(samples, pictures, strict=True):
            sample.unread_words = count_unread_whole(sample.params.prompt, self._pipelines.values())
            sample.position = sample.steps
            sample.picture = torch.from_numpy(picture).permute(2, 0, 1)

    def _call(self, pipeline: Any, options: dict[str, Any], on_step: Callable[[int], bool]) -> Any:
        """Pictures (n, height, width, 3) in floats."""
        known = inspect.signature(pipeline.__call__).parameters
        with watch_steps(pipeline, on_step) as listening:
            call_options = {name: value for name, value in options.items() if name in known}
            return np.asarray(pipeline(**call_options, **listening).images, np.float32)

    def _options(self, task: str, pipeline: Any, params_list: Sequence[SamplingParams]) -> dict[str, Any]:
        """What we would tell a pipeline; what its call does not understand is left out."""
        first = params_list[0]
        guidance, steps = guidance_name(pipeline), steps_name(pipeline)
        call_options: dict[str, Any] = {
            **_PLAIN,
            "prompt": [plain_words(params.prompt) for params in params_list],
            "negative_prompt": [plain_words(params.negative_prompt) for params in params_list],
            "width": first.width,
            "height": first.height,
            steps: first.steps,
            guidance: first.guidance_scale,
            "generator": generators(params_list),
            "output_type": "np",
            # Sana Sprint has a moment in between for two steps only.
            "intermediate_timesteps": _SPRINT_BETWEEN if first.steps == _SPRINT_STEPS else None,
            # Kontext would change every size to a megapixel.
            "max_area": first.width * first.height,
        }
        if task == INSTRUCT:
            # As large as the result.
            size, shown = (first.width, first.height), [params.references[0] for params in params_list]
            images = [image.convert("RGB").resize(size, Image.Resampling.LANCZOS) for image in shown]
            # LongCat would show the words' reader a list as large as it is.
            call_options["image"] = images if len(images) > 1 else images[0]
        elif first.start is not None:
            call_options |= {
                "image": [self._start(pipeline, params) for params in params_list],
                "strength": first.strength,
            }
        if task != INSTRUCT and first.mask is not None:
            call_options["mask_image"] = [params.mask for params in params_list]
        if not any(call_options["negative_prompt"]):
            # Without words to avoid, true guidance would be left out, however much of it is asked for.
            call_options["negative_prompt"] = [" "] * len(params_list)
            if guidance != "true_cfg_scale":
                del call_options["negative_prompt"]
        return call_options

    def _start(self, pipeline: Any, params: SamplingParams) -> Image.Image | None:
        """The picture to start from; of several, what lies between their latents."""
        if not params.mixed:
            return params.start
        autoencoder = Autoencoder(pipeline.vae, device=self._device)
        assert params.start is not None  # noqa: S101 - mixed is mixed into something
        pictures = [params.start, *(weighted_image.picture for weighted_image in params.mixed)]
        shares = [
            1 - sum(weighted_image.share for weighted_image in params.mixed),
            *(weighted_image.share for weighted_image in params.mixed),
        ]
        generator = torch.Generator().manual_seed(params.seed)
        found = autoencoder.encode(torch.cat([to_pixels(picture) for picture in pictures]))
        latents = [autoencoder.sample(distribution, generator) for distribution in found]
        pixels = autoencoder.decode(blend(zip(latents, shares, strict=True)))[0].permute(1, 2, 0)
        return Image.fromarray((pixels.cpu().numpy() * 255).round().astype(np.uint8))

    # ---- what the model can do

    @property
    def _can_mix(self) -> bool:
        return components(self._folder).get("vae", ("", ""))[1] == "AutoencoderKL"

    def _find_tasks(self) -> tuple[str, ...]:
        return tuple(task for task in TASKS if self._class_for(task) is not None)

    def _task(self, params: SamplingParams) -> str:
        if params.references:
            return INSTRUCT
        if params.mask is not None:
            return "edit"
        return "imagine" if params.start is None else "vary"

    def _pipeline(self, task: str) -> Any:
        if task not in self._pipelines:
            kind = self._class_for(task)
            # Without a dtype the shared weights would be turned into float32.
            loaded = next(iter(self._pipelines.values()))
            pipeline = kind.from_pipe(loaded, dtype=self._dtype)
            pipeline.set_progress_bar_config(disable=True)
            self._pipelines[task] = pipeline
        return self._pipelines[task]

    def _class_for(self, task: str) -> Any:
        """The pipeline class of this model for a task; None when there is none."""
        return find_class(str(self._index.get("_class_name", "")), task)


def generators(params_list: Sequence[SamplingParams]) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(params.seed) for params in params_list]
