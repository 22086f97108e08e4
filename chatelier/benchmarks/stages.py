"""A model for a measurement, as the settings say."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.benchmarks.harness import Stage


@contextmanager
def open_stage(model: str | None, random: str | None) -> "Iterator[Stage]":
    """A model, loaded on the device of the settings and run as they say."""
    from chatelier.settings import load_settings
    from chatelier.wiring.model_catalogue import model_catalogue
    from chatelier.wiring.workers import speed_of
    from engine.benchmarks.harness import set_up, set_up_random

    settings = load_settings()
    device, threads, speed = settings.worker.device, settings.worker.cpu_threads, speed_of(settings)
    if random is None:
        yield set_up(model_catalogue(settings), model=model, device=device, threads=threads, speed=speed)
        return
    with set_up_random(random, device=device, threads=threads, speed=speed) as stage:
        yield stage
