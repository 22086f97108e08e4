"""What a denoiser is asked while it learns: how much noise lies on a picture, and what it is to answer."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from diffusers import DDPMScheduler

FOCUS, FOCUS_BELOW = 0.75, 0.45
# The cosine schedule (Nichol & Dhariwal 2021): a strength of 0.25 leaves noise of 0.4 beside the picture's 1, where the
# linear ones leave 0.8, so that the strengths people ask for mean something for a model of this size.
REPAINTING: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_schedule": "squaredcos_cap_v2",
    "prediction_type": "v_prediction",
    "steps_offset": 1,
}
# Straight paths from noise to picture. DPM-Solver++ paints with them in eight steps, in plain SD pipelines.
FLOWING: dict[str, Any] = {
    "num_train_timesteps": 1000,
    "prediction_type": "flow_prediction",
    "use_flow_sigmas": True,
    "flow_shift": 2.0,
}


@dataclass(frozen=True, slots=True)
class Task:
    """For n latents: `noisy` and `wanted` of their shape, `steps` (n) as the UNet is told them, `weights` (n)."""

    noisy: torch.Tensor
    steps: torch.Tensor
    wanted: torch.Tensor
    weights: torch.Tensor


class Objective(Protocol):
    """`schedule` is what the scheduler of the finished model is told."""

    schedule: dict[str, Any]

    def draw(self, clean: torch.Tensor) -> Task:
        """A task for each of the clean latents (n, channels, side, side)."""


@dataclass(slots=True)
class Repaint:
    """v-prediction (Salimans & Ho 2022), mostly at the noise of repainting: `FOCUS` of the samples fall below
    `FOCUS_BELOW` of the schedule.
    """

    schedule: dict[str, Any] = field(default_factory=lambda: dict(REPAINTING))
    _noising: DDPMScheduler = field(default_factory=lambda: DDPMScheduler(**REPAINTING))

    def draw(self, clean: torch.Tensor) -> Task:
        noise, at = torch.randn_like(clean), draw_steps(len(clean), clean.device)
        weights = step_weights(self._noising.alphas_cumprod).to(clean.device)[at]
        return Task(
            self._noising.add_noise(clean, noise, at),
            at,
            self._noising.get_velocity(clean, noise, at),
            weights,
        )


@dataclass(slots=True)
class Flow:
    """Rectified flow (Liu et al. 2022) with noise levels from a shifted logit-normal (Esser et al. 2024): the levels
    at which shapes are decided come most often.
    """

    schedule: dict[str, Any] = field(default_factory=lambda: dict(FLOWING))

    def draw(self, clean: torch.Tensor) -> Task:
        level = torch.sigmoid(torch.randn(len(clean), device=clean.device))
        shift = self.schedule["flow_shift"]
        level = shift * level / (1 + (shift - 1) * level)
        mixed, noise = level[:, None, None, None], torch.randn_like(clean)
        return Task((1 - mixed) * clean + mixed * noise, 1000 * level, noise - clean, torch.ones_like(level))


def draw_steps(count: int, device: torch.device) -> torch.Tensor:
    """Timesteps 0..999, most of them below the focus."""
    low = torch.rand(count, device=device) * FOCUS_BELOW
    high = FOCUS_BELOW + torch.rand(count, device=device) * (1 - FOCUS_BELOW)
    share = torch.where(torch.rand(count, device=device) < FOCUS, low, high)
    return (share * 1000).long().clamp(0, 999)


def step_weights(alphas_cumprod: torch.Tensor) -> torch.Tensor:
    """The weight of each timestep: min-SNR (Hang et al. 2023) with gamma 1, scaled so that it is 1 at SNR 1.

    Without it the faintest noise, which matters least to the eye, would make most of the error of v.
    """
    return 2 * torch.minimum(alphas_cumprod, 1 - alphas_cumprod)
