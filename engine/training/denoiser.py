"""The second stage: a text-conditioned UNet, with its text encoder, learns to take noise out of latents.

How much noise, and what the UNet is to answer, is the objective's: `engine/training/objectives.py`.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from engine.training.autoencoder import to_tensor
from engine.training.checkpoint import Average
from engine.training.course import Course, Tick, half_wave
from engine.training.objectives import Objective

CAPTION_DROPOUT = 0.1


def new_unet(
    *,
    latent_channels: int = 8,
    latent_side: int = 32,
    widths: tuple[int, ...] = (64, 112, 160),
    text_width: int = 192,
) -> UNet2DConditionModel:
    """An untrained UNet that looks at the text everywhere but at its finest level."""
    deeper = len(widths) - 1
    return UNet2DConditionModel(
        sample_size=latent_side,
        in_channels=latent_channels,
        out_channels=latent_channels,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * deeper,
        up_block_types=("CrossAttnUpBlock2D",) * deeper + ("UpBlock2D",),
        block_out_channels=widths,
        layers_per_block=1,
        norm_num_groups=16,
        cross_attention_dim=text_width,
        attention_head_dim=4,
    )


class Painter(torch.nn.Module):
    """UNet and text encoder trained as one."""

    def __init__(self, unet: UNet2DConditionModel, text_encoder: CLIPTextModel) -> None:
        super().__init__()
        self.unet = unet
        self.text_encoder = text_encoder

    def forward(self, noisy: torch.Tensor, steps: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Predicted v of the latents' shape; `tokens` is (n, TOKENS_MAX) ids."""
        words = self.text_encoder(tokens)[0]
        predicted: torch.Tensor = self.unet(noisy, steps, words).sample
        return predicted


@dataclass(slots=True)
class LatentPool:
    """Latents of composed pictures, used several times each and replaced one by one as new ones come.

    `source(n)` returns uint8 pictures (n, height, width, 3) and their captions.
    """

    autoencoder: AutoencoderKL
    tokenizer: CLIPTokenizer
    source: Callable[[int], tuple[np.ndarray, list[str]]]
    device: torch.device
    capacity: int
    latents: torch.Tensor | None = None
    tokens: torch.Tensor | None = None
    filled: int = 0
    added: int = 0

    @torch.no_grad()
    def add(self, count: int) -> None:
        """Compose and encode `count` more pictures."""
        pictures, captions = self.source(count)
        with torch.autocast(self.device.type, torch.bfloat16):
            encoded = self.autoencoder.encode(to_tensor(pictures, self.device)).latent_dist.mean
        latents = (encoded.float() * self.autoencoder.config.scaling_factor).half()
        tokens = tokenize(self.tokenizer, captions).to(self.device)
        if self.latents is None or self.tokens is None:
            self.latents = torch.zeros(
                (self.capacity, *latents.shape[1:]), dtype=torch.half, device=self.device
            )
            self.tokens = torch.zeros((self.capacity, tokens.shape[1]), dtype=torch.long, device=self.device)
        places = (torch.arange(count, device=self.device) + self.added) % self.capacity
        self.latents[places], self.tokens[places] = latents, tokens
        self.added += count
        self.filled = min(self.capacity, self.filled + count)

    def draw(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents (n, channels, side, side) as float, and token ids (n, TOKENS_MAX)."""
        if self.latents is None or self.tokens is None:
            raise ValueError("the pool is empty: add pictures first")
        rows = torch.randint(0, self.filled, (count,), device=self.device)
        return self.latents[rows].float(), self.tokens[rows]


def tokenize(tokenizer: CLIPTokenizer, captions: list[str]) -> torch.Tensor:
    ids: torch.Tensor = tokenizer(
        captions,
        padding="max_length",
        truncation=True,
        max_length=tokenizer.model_max_length,
        return_tensors="pt",
    ).input_ids
    return ids


def train_denoiser(
    painter: Painter,
    pool: LatentPool,
    state: Path,
    *,
    objective: Objective,
    minutes: float,
    steps: int | None = None,
    batch: int = 8,
    learning_rate: float = 6e-4,
    decay: float = 0.998,
    fresh_every: int = 8,
    fresh: int | None = None,
    device: torch.device,
    tick: Tick = lambda step, loss, share: None,
    sample: Callable[[int, Average], None] = lambda step, average: None,
    sample_minutes: float = 10,
) -> Average:
    """Train for `minutes` (or up to `steps` steps in all), going on from `state` where it exists; returns the average.

    Every `fresh_every` steps the pool gets `fresh` new pictures, one batch where nothing is said. `sample` is called
    now and then with the average so far, to paint a grid or to export. Ctrl-C saves and is raised again.
    """
    painter.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    course = Course(
        painter,
        state,
        peak=learning_rate,
        warm_up=200,
        fall=partial(half_wave, floor=0.03),
        decay=decay,
        weight_decay=1e-3,
    )
    nothing = tokenize(pool.tokenizer, [""]).to(device)
    dice = random.Random(course.step)
    sampled = time.monotonic()

    def loss_of() -> torch.Tensor:
        if course.step % fresh_every == 0:
            pool.add(fresh or batch)
        clean, tokens = pool.draw(batch)
        dropped = torch.tensor([dice.random() < CAPTION_DROPOUT for _ in range(batch)], device=device)
        tokens = torch.where(dropped[:, None], nothing, tokens)
        task = objective.draw(clean)
        with torch.autocast(device.type, torch.bfloat16):
            made = painter(task.noisy.to(memory_format=torch.channels_last), task.steps, tokens)
        loss: torch.Tensor = (task.weights * (made.float() - task.wanted).square().mean((1, 2, 3))).mean()
        return loss

    def tell(step: int, loss: float, share: float) -> None:
        nonlocal sampled
        tick(step, loss, share)
        if time.monotonic() - sampled > 60 * sample_minutes:
            sampled = time.monotonic()
            sample(step, course.average)

    course.learn(loss_of, minutes=minutes, steps=steps, tick=tell, keep_seconds=180)
    return course.average
