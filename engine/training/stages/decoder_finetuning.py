"""The last stage: the decoder learns to show what the denoiser leaves, instead of what the encoder meant.

A small denoiser leaves a little noise in flat colours and takes a little from edges. Both are regular enough for the
decoder to put right when it is trained on repainted latents with the untouched collage as its aim.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

from engine.training.stages.autoencoder import reconstruction_loss, to_tensor
from engine.training.stages.denoiser import tokenize
from engine.training.stages.training_loop import Tick, TrainingLoop, TrainingSettings, quarter_wave

WINDOW = 16
BATCH = 6
LEARNING_RATE = 2e-4


@dataclass(slots=True)
class Repainted:
    """Pairs of collage (uint8) and repainted latents; each is used several times, then replaced.

    `strengths` is the range that strengths are drawn from; `steps` is the whole schedule's.
    """

    pipeline: StableDiffusionPipeline
    source: Callable[[int], tuple[np.ndarray, list[str]]]
    device: torch.device
    strengths: tuple[float, float]
    steps: int
    capacity: int = 256
    pairs: list[tuple[np.ndarray, torch.Tensor]] = field(default_factory=list)

    @torch.no_grad()
    def add(self, count: int) -> None:
        """Compose, encode and repaint `count` pictures at one strength."""
        pictures, captions = self.source(count)
        strength = float(torch.empty(1).uniform_(*self.strengths))
        scheduler = DPMSolverMultistepScheduler.from_config(self.pipeline.scheduler.config)
        scheduler.set_timesteps(self.steps)
        first = self.steps - max(1, int(self.steps * strength))
        scheduler.set_begin_index(first)
        timesteps = scheduler.timesteps[first:]
        with torch.autocast(self.device.type, torch.bfloat16):
            clean = self.pipeline.vae.encode(to_tensor(pictures, self.device)).latent_dist.mean
            words = self.pipeline.text_encoder(tokenize(self.pipeline.tokenizer, captions).to(self.device))[0]
        latents = clean.float() * self.pipeline.vae.config.scaling_factor
        latents = scheduler.add_noise(latents, torch.randn_like(latents), timesteps[:1].repeat(count))
        for timestep in timesteps:
            with torch.autocast(self.device.type, torch.bfloat16):
                made = self.pipeline.unet(latents, timestep, words).sample
            latents = scheduler.step(made.float(), timestep, latents).prev_sample
        self.pairs += zip(pictures, latents / self.pipeline.vae.config.scaling_factor, strict=True)
        self.pairs = self.pairs[-self.capacity :]

    def draw(self, count: int, dice: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Windows of latents (n, channels, WINDOW, WINDOW), and the pictures they should become."""
        latents, pictures = [], []
        for at in dice.integers(0, len(self.pairs), count):
            picture, latent = self.pairs[at]
            window = min(WINDOW, latent.shape[-1])
            top, left = dice.integers(0, latent.shape[-1] - window + 1, 2)
            latents.append(latent[:, top : top + window, left : left + window])
            top, left, side = 8 * top, 8 * left, 8 * window
            pictures.append(picture[top : top + side, left : left + side])
        return torch.stack(latents), to_tensor(np.stack(pictures), self.device)


def polish(
    repainted: Repainted,
    state: Path,
    *,
    minutes: float,
    steps: int | None,
    tick: Tick,
) -> None:
    """Train the decoder of `repainted.pipeline.vae` in place; the encoder, and so every latent, stays as it is."""
    autoencoder = repainted.pipeline.vae
    decoder = torch.nn.ModuleList([autoencoder.post_quant_conv, autoencoder.decoder])
    course = TrainingLoop(
        decoder,
        state,
        TrainingSettings(peak=LEARNING_RATE, warm_up=20, fall=partial(quarter_wave, floor=0.05), decay=0.99),
    )
    dice = np.random.default_rng(course.step)

    def loss_of() -> torch.Tensor:
        if course.step % 3 == 0 or not repainted.pairs:
            repainted.add(4 if repainted.pairs else 12)
        latents, wanted = repainted.draw(BATCH, dice)
        with torch.autocast(repainted.device.type, torch.bfloat16):
            made = autoencoder.decode(latents).sample
        return reconstruction_loss(made.float(), wanted)

    course.learn(loss_of, minutes=minutes, steps=steps, tick=tick)
    course.average.copy_to(decoder)
