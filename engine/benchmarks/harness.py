"""A model on a device, and a step batcher of its own, for a measurement."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from engine.adapters.registry import new_model
from engine.batching.sampling_params import SamplingParams
from engine.benchmarks.random_models import RANDOM_NAMES, write_random_model
from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.performance_settings import Speed
from studio.errors import BadParameterError

# About what a step of an SDXL-sized model takes on a large card at 512×512.
PAUSE_SECONDS = 0.03
PAUSE_SECONDS_PER_ROW = 0.002
# Painting for people it goes over a layout of its prior, in a fifth of 25 steps. A measurement has no prior and begins
# with noise; these stay as they are, so that figures of different versions can be compared.
_THIMBLE: dict[str, Any] = {"steps": 8, "guidance_scale": 2.0}

if TYPE_CHECKING:
    from engine.batching.execution.step_batcher import StepBatcher
    from engine.batching.model_protocols import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`model` is loaded; `folder` is its model's. `overlap` is what its step batchers do with finished pictures."""

    entry: ModelEntry
    folder: Path
    model: "Model"
    device: str
    overlap: bool = False

    def rows(self) -> int:
        """How many rows of a picture of the model's own size a step batcher takes on this device."""
        from engine.adapters.loading.model_parts import choose_device
        from engine.batching.device.memory_limits import BatchLimits

        return BatchLimits(choose_device(self.device).type).rows(self.model.new_sample(self.new_sample()).key)

    def new_sample(self, *, seed: int = 0, steps: int | None = None) -> SamplingParams:
        """A picture as the model likes them."""
        entry = self.entry
        return SamplingParams(
            prompt="a red apple",
            seed=seed,
            width=entry.width,
            height=entry.height,
            steps=steps or entry.steps,
            guidance_scale=entry.guidance_scale,
        )


def set_up(
    models: ModelCatalogue,
    *,
    model: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    speed: Speed | None = None,
) -> Stage:
    """A model of the catalogue, loaded. Raises `BadParameterError` or `ModelLoadError`."""
    entry = models.find(model or models.names[0])
    if entry.source == "bundled:thimble":
        entry = replace(entry, **_THIMBLE)
    return _stage(entry, models.check(entry), device=device, threads=threads, speed=speed)


@contextmanager
def set_up_random(
    name: str,
    *,
    device: str | None = None,
    threads: int | None = None,
    speed: Speed | None = None,
    as_installed: bool = False,
) -> Iterator[Stage]:
    """A model of real size with random weights; `as_installed`: in the memory layout in which diffusers loads it.

    Raises `BadParameterError` for an unknown name.
    """
    from engine.adapters.loading.model_parts import contiguous_network, random_network

    if name not in RANDOM_NAMES:
        raise BadParameterError("random", "not_a_choice", choices=tuple(RANDOM_NAMES))
    with TemporaryDirectory(prefix="chatelier-random-") as place:
        folder = Path(place)
        entry = write_random_model(name, folder)
        loads = contiguous_network if as_installed else random_network
        yield _stage(entry, folder, device=device, threads=threads, speed=speed, loads=loads)


def pause_stage(*, seconds: float = PAUSE_SECONDS, seconds_per_row: float = PAUSE_SECONDS_PER_ROW) -> Stage:
    """No model: a forward pass is a pause, most of which does not depend on the number of rows, as on a large card."""
    from engine.benchmarks.baselines import NullModel

    entry = ModelEntry(
        name=f"a pause of {seconds * 1000:.0f} ms and {seconds_per_row * 1000:.0f} ms a row",
        source="",
        family="null",
        width=512,
        height=512,
        steps=8,
        guidance_scale=5.0,
    )
    model = NullModel(seconds=seconds, seconds_per_row=seconds_per_row)
    return Stage(entry=entry, folder=Path(), model=model, device="cpu")


def _stage(
    entry: ModelEntry,
    folder: Path,
    *,
    device: str | None,
    threads: int | None,
    speed: Speed | None,
    **options: object,
) -> Stage:
    # As in a worker: threads that wait must not spin. Read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from engine.adapters.loading.model_parts import choose_device, use_threads

    use_threads(threads)
    chosen = choose_device(device)
    model = new_model(entry, folder, device=chosen, speed=speed, **options)
    model.load()
    overlap = speed is not None and bool(speed.on(chosen.type).overlap)
    return Stage(entry=entry, folder=folder, model=model, device=str(chosen), overlap=overlap)


@contextmanager
def batcher_for(
    model: "Model",
    *,
    device: str,
    threads: int | None = None,
    rows: int | None = None,
    overlap: bool = False,
) -> "Iterator[StepBatcher]":
    """A running step batcher that holds the loaded model."""
    from engine.adapters.loading.model_parts import choose_device
    from engine.batching.device.memory_limits import BatchLimits
    from engine.batching.device.model_cache import ModelCache
    from engine.batching.execution.step_batcher import StepBatcher

    chosen = choose_device(device)
    cache = ModelCache(budget_bytes=2**60)
    cache.hold(model)
    limits = (
        BatchLimits(chosen.type) if rows is None else BatchLimits(chosen.type, cells=2**40, max_rows=rows)
    )
    batcher = StepBatcher(cache, device=chosen, limits=limits, threads=threads, overlap=overlap)
    batcher.start()
    try:
        yield batcher
    finally:
        cache.let_go(model)
        batcher.close()
