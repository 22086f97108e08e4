"""The noise that some schedulers add in each step: drawn and uploaded before the step, so that no step waits for it.

The generators are the CPU's, so that a seed means the same picture on every device. Schedulers draw with `torch.randn`
while they make their step; there they get what was uploaded while the device was still at work.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class StepNoise:
    """The noise of one sample. Its values and their order are those of its generator."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator
        self._next: torch.Tensor | None = None
        self._draws: bool | None = None  # None before the first step

    @property
    def may_draw(self) -> bool:
        """False when its scheduler drew nothing in its first step."""
        return self._draws is not False

    def upload(self, latents: torch.Tensor) -> None:
        """Draw the next step's noise, if its scheduler draws any: of the latents' shape, to where they are."""
        if not self._draws or self._next is not None:
            return
        pinned = latents.device.type == "cuda"
        drawn = torch.randn(latents.shape, generator=self.generator, dtype=torch.float32, pin_memory=pinned)
        self._next = drawn.to(latents.device, non_blocking=True)

    def draw(self, *args: Any, **options: Any) -> torch.Tensor:
        """What `torch.randn` would answer, on the device if it is there. The same again if the step is repeated."""
        if self._next is None:
            self._next = torch.randn(*args, **options)
        return self._next

    def finish_step(self, *, drew: bool) -> None:
        if drew:
            self._next = None
        if self._draws is None:
            self._draws = drew


@contextmanager
def supply_noise(noises: Sequence[StepNoise]) -> Iterator[None]:
    """Within it, `torch.randn` with the generator of one of them answers with its noise, once for each."""
    if not any(noise.may_draw for noise in noises):
        yield
        return
    with _Draws(noises) as draws:
        yield
    for noise in noises:
        noise.finish_step(drew=noise in draws.made)


class _Draws(TorchFunctionMode):
    def __init__(self, noises: Sequence[StepNoise]) -> None:
        super().__init__()
        self._waiting = {id(noise.generator): noise for noise in noises}
        self.made: set[StepNoise] = set()

    def __torch_function__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        options = kwargs or {}
        if func is torch.randn:
            noise = self._waiting.pop(id(options.get("generator")), None)
            if noise is not None:
                self.made.add(noise)
                return noise.draw(*args, **options)
        return func(*args, **options)
