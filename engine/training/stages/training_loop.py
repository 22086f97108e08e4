"""The one way of learning: step after step, a running average beside the weights, and everything kept to go on from."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn

from engine.training.stages.checkpoint import Average, load_state, save_state

Tick = Callable[[int, float, float], None]  # step, loss, share of the course that is over


def half_wave(share: float, *, floor: float = 0.0) -> float:
    """From 1 to `floor`, flat at both ends; `share` is 0..1."""
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * share))


def quarter_wave(share: float, *, floor: float) -> float:
    """From 1 to `floor`, steepest at the end."""
    return floor + (1 - floor) * math.cos(math.pi / 2 * share)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """How a module learns with AdamW.

    The learning rate rises to `peak` over `warm_up` steps and falls with the share of the course that is over, as
    `fall` says. `decay` is that of the running average; gradients are clipped to the norm `clip`.
    """

    peak: float
    warm_up: int
    fall: Callable[[float], float]
    decay: float
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.99)
    clip: float = 1.0

    @classmethod
    def for_vision(cls, *, peak: float, weight_decay: float, clip: float = 1.0) -> "TrainingSettings":
        """For a small network that looks at pictures."""
        return cls(
            peak=peak,
            warm_up=100,
            fall=partial(quarter_wave, floor=0.02),
            decay=0.998,
            weight_decay=weight_decay,
            betas=(0.9, 0.98),
            clip=clip,
        )


class TrainingLoop:
    """What a module learns; goes on from `state` where it exists. The module has to be on its device."""

    def __init__(self, module: nn.Module, state: Path, settings: TrainingSettings) -> None:
        self.module, self.state = module, state
        self.average = Average(module, decay=settings.decay)
        self.optimizer = torch.optim.AdamW(
            module.parameters(), lr=settings.peak, weight_decay=settings.weight_decay, betas=settings.betas
        )
        self._settings = settings
        self.step = load_state(state, model=module, average=self.average, optimizer=self.optimizer)

    def learn(
        self,
        loss_of: Callable[[], torch.Tensor],
        *,
        minutes: float,
        steps: int | None = None,
        tick: Tick = lambda step, loss, share: None,
        on_save: Tick = lambda step, loss, share: None,
        save_seconds: float = 120,
    ) -> None:
        """Learn for `minutes`, or up to `steps` steps in all. Ctrl-C keeps what was learnt and is raised again.

        `tick` is called after each step, `on_save` after everything was kept on the way, every `save_seconds`.
        """
        begun = saved_at = time.monotonic()
        try:
            while (share := self._share(begun, minutes, steps)) < 1:
                loss = self._step(loss_of, share)
                tick(self.step, loss, share)
                if time.monotonic() - saved_at > save_seconds:
                    saved_at = time.monotonic()
                    self.save()
                    on_save(self.step, loss, share)
        finally:
            self.save()

    def save(self) -> None:
        save_state(self.state, self.step, model=self.module, average=self.average, optimizer=self.optimizer)

    def _share(self, begun: float, minutes: float, steps: int | None) -> float:
        if steps is not None:
            return self.step / steps
        return (time.monotonic() - begun) / 60 / max(minutes, 1e-9)

    def _step(self, loss_of: Callable[[], torch.Tensor], share: float) -> float:
        settings = self._settings
        rate = settings.peak * min(1, (self.step + 1) / settings.warm_up) * settings.fall(share)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = loss_of()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), settings.clip)
        self.optimizer.step()
        self.step += 1
        self.average.update(self.module)
        return float(loss.detach())
