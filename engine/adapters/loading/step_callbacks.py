"""Hearing of every step of a pipeline that runs in one call, and stopping it between two of them."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_DENOISERS = ("transformer", "unet", "decoder")


class GenerationStoppedError(Exception):
    """Nobody waits for the pictures any more."""


@contextmanager
def watch_steps(pipeline: Any, on_step: Callable[[int], bool]) -> Iterator[dict[str, Any]]:
    """What to call the pipeline with so that `on_step` hears the steps done, from 1.

    Raises `GenerationStoppedError` out of the call as soon as `on_step` answers False.
    """
    known = inspect.signature(pipeline.__call__).parameters

    def report_step(steps: int) -> None:
        if not on_step(steps):
            raise GenerationStoppedError

    def after_step(_running: Any, step: int, _timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        # A first-order scheduler makes one step a timestep; others report more steps than were asked for.
        report_step(step + 1)
        return values

    if "callback_on_step_end" in known:
        yield {"callback_on_step_end": after_step}
    elif "callback" in known:
        yield {"callback": lambda step, _timestep, _latents: report_step(step + 1), "callback_steps": 1}
    else:
        yield from _listening(pipeline, report_step)


def _listening(pipeline: Any, heard: Callable[[int], None]) -> Iterator[dict[str, Any]]:
    """Where a pipeline tells nothing, its denoiser does: one forward pass is one step."""
    denoiser = next((getattr(pipeline, name) for name in _DENOISERS if hasattr(pipeline, name)), None)
    passes = 0

    def before_pass(*_: Any) -> None:
        nonlocal passes
        if passes:
            heard(passes)
        passes += 1

    hook = denoiser.register_forward_pre_hook(before_pass) if denoiser is not None else None
    try:
        yield {}
    finally:
        if hook is not None:
            hook.remove()
