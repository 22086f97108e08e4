"""The second stage: a text-conditioned UNet, with its text encoder, learns to take noise out of latents.

How much noise, and what the UNet is to answer, is the objective's: `engine/training/stages/objectives.py`.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from engine.training.stages.autoencoder import to_tensor
from engine.training.stages.checkpoint import Average
from engine.training.stages.config import Plan
from engine.training.stages.objectives import Objective
from engine.training.stages.training_loop import Tick, TrainingLoop, TrainingSettings, half_wave

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


class TextToLatentModel(torch.nn.Module):
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
    _nothing: torch.Tensor = field(init=False)  # the token ids of no words

    def __post_init__(self) -> None:
        self._nothing = tokenize(self.tokenizer, [""]).to(self.device)

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

    def draw(self, count: int, dice: random.Random) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents (n, channels, side, side) as float, and token ids (n, TOKENS_MAX), of some those of no words."""
        if self.latents is None or self.tokens is None:
            raise ValueError("the pool is empty: add pictures first")
        rows = torch.randint(0, self.filled, (count,), device=self.device)
        dropped = torch.tensor([dice.random() < CAPTION_DROPOUT for _ in range(count)], device=self.device)
        tokens = torch.where(dropped[:, None], self._nothing, self.tokens[rows])
        return self.latents[rows].float(), tokens


def tokenize(tokenizer: CLIPTokenizer, captions: list[str]) -> torch.Tensor:
    ids: torch.Tensor = tokenizer(
        captions,
        padding="max_length",
        truncation=True,
        max_length=tokenizer.model_max_length,
        return_tensors="pt",
    ).input_ids
    return ids


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiserTraining:
    """What learns, from which latents, for which objective."""

    model: TextToLatentModel
    pool: LatentPool
    plan: Plan
    objective: Objective

    def run(
        self, state: Path, *, minutes: float, tick: Tick, sample: Callable[[int, Average], None]
    ) -> Average:
        """Train for `minutes` (or up to the plan's steps in all), going on from `state` where it exists.

        Returns the average. `sample` is called now and then with the average so far, to paint a grid or to export.
        Ctrl-C saves and is raised again.
        """
        model, pool, plan = self.model, self.pool, self.plan
        model.to(pool.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        course = TrainingLoop(
            model,
            state,
            TrainingSettings(
                peak=plan.learning_rate,
                warm_up=200,
                fall=partial(half_wave, floor=0.03),
                decay=plan.decay,
                weight_decay=1e-3,
            ),
        )
        dice = random.Random(course.step)
        sampled, sample_minutes = time.monotonic(), max(0.5, min(10, minutes / 8))

        def draw_loss() -> torch.Tensor:
            if course.step % plan.fresh_every == 0:
                pool.add(plan.fresh or plan.batch)
            return _loss_of(model, self.objective, *pool.draw(plan.batch, dice))

        def report(step: int, loss: float, share: float) -> None:
            nonlocal sampled
            tick(step, loss, share)
            if time.monotonic() - sampled > 60 * sample_minutes:
                sampled = time.monotonic()
                sample(step, course.average)

        course.learn(draw_loss, minutes=minutes, steps=plan.steps, tick=report, save_seconds=180)
        return course.average


def _loss_of(
    model: TextToLatentModel, objective: Objective, clean: torch.Tensor, tokens: torch.Tensor
) -> torch.Tensor:
    task = objective.draw(clean)
    with torch.autocast(clean.device.type, torch.bfloat16):
        made = model(task.noisy.to(memory_format=torch.channels_last), task.steps, tokens)
    loss: torch.Tensor = (task.weights * (made.float() - task.wanted).square().mean((1, 2, 3))).mean()
    return loss
