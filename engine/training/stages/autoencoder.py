"""The first stage: an autoencoder that keeps a picture of 256 x 256 px in 32 x 32 x 8 numbers.

The loss is the absolute error at three scales plus the absolute error of the horizontal and vertical differences:
flat art lives by its edges, and the second term keeps them crisp without a perceptual network.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from diffusers.models.resnet import ResnetBlock2D
from torch.nn import functional

from engine.training.stages.training_loop import Tick, TrainingLoop, TrainingSettings, half_wave

FACTOR = 8
KL_WEIGHT = 1e-4
LEARNING_RATE = 3e-4


def new_autoencoder(*, widths: tuple[int, ...] = (32, 64, 96, 128), sample_size: int = 256) -> AutoencoderKL:
    """An untrained AutoencoderKL; four widths make a factor of 8 between picture and latent."""
    levels = len(widths)
    autoencoder = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        latent_channels=8,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=widths,
        layers_per_block=1,
        norm_num_groups=8,
        mid_block_add_attention=False,
        sample_size=sample_size,
    )
    start_as_thumbnail(autoencoder)
    return autoencoder


@torch.no_grad()
def start_as_thumbnail(autoencoder: AutoencoderKL) -> None:
    """Set the weights so that the first three latents are the mean colour of each 8 x 8 block, shown smoothly.

    Group normalisation forgets absolute colours, and an untrained decoder needs thousands of steps to recover them.
    Here every residual branch starts at zero and the straight path carries R, G and B as pairs (+x, -x), because
    silu(x) - silu(-x) = x; constant channels of +-`level` in the same group keep its normalisation nearly fixed.
    """
    level = 4.0
    encoder, decoder = autoencoder.encoder, autoencoder.decoder
    for module in autoencoder.modules():
        if isinstance(module, ResnetBlock2D):
            module.conv2.weight.zero_()
            module.conv2.bias.zero_()
            if module.conv_shortcut is not None:
                _carry(module.conv_shortcut, torch.ones(1, 1))
    mean = torch.zeros(3, 3)
    mean[:2, :2] = 0.25  # Downsample2D pads right and below, so the taps start at the pixel itself
    slope = torch.tensor([0.25, 0.5, 0.25])
    centre = torch.zeros(3, 3)
    centre[1, 1] = 1
    _carry(encoder.conv_in, centre)
    _carry(decoder.conv_in, centre)
    for block in encoder.down_blocks:
        for down in block.downsamplers or ():
            _carry(down.conv, mean)
    for block in decoder.up_blocks:
        for up in block.upsamplers or ():
            _carry(up.conv, torch.outer(slope, slope))
    _pair_up(encoder.down_blocks[-1].resnets[0].conv_shortcut, encoder.conv_norm_out, encoder.conv_out, level)
    _pair_up(decoder.up_blocks[-1].resnets[0].conv_shortcut, decoder.conv_norm_out, decoder.conv_out, level)
    latents = autoencoder.config.latent_channels
    encoder.conv_out.weight[latents:] *= 0.1
    encoder.conv_out.bias[latents:] = -5.0  # log variance: the first samples are nearly the means
    autoencoder.quant_conv.weight.copy_(torch.eye(2 * latents)[:, :, None, None])
    autoencoder.quant_conv.bias.zero_()
    autoencoder.post_quant_conv.weight.copy_(torch.eye(latents)[:, :, None, None])
    autoencoder.post_quant_conv.bias.zero_()


def _carry(conv: torch.nn.Conv2d, taps: torch.Tensor) -> None:
    """Make output channels 0..2 equal to input channels 0..2 filtered with `taps`."""
    weight, bias = _numbers(conv)
    weight[:3] = 0
    bias[:3] = 0
    for channel in range(3):
        weight[channel, channel] = taps


def _numbers(conv: torch.nn.Conv2d) -> tuple[torch.Tensor, torch.Tensor]:
    if conv.bias is None:
        raise ValueError("every convolution of the autoencoder has a bias")
    return conv.weight, conv.bias


def _pair_up(shortcut: torch.nn.Conv2d, norm: torch.nn.GroupNorm, out: torch.nn.Conv2d, level: float) -> None:
    """Spread channels 0..2 as +-pairs over the first three groups of `norm`, and read them back in `out`."""
    size = shortcut.out_channels // norm.num_groups
    centre = out.kernel_size[0] // 2
    enter, enter_bias = _numbers(shortcut)
    leave, leave_bias = _numbers(out)
    leave[:3] = 0
    leave_bias[:3] = 0
    for channel in range(3):
        first = channel * size
        enter[first : first + size] = 0
        for place in range(size):
            sign = 1.0 if place % 2 == 0 else -1.0
            if place < 2:
                enter[first + place, channel] = sign
                enter_bias[first + place] = 0
                leave[channel, first + place, centre, centre] = sign
            else:
                enter_bias[first + place] = sign * level
        norm.weight[first : first + size] = level * math.sqrt((size - 2) / size)


def reconstruction_loss(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean absolute error at scales 1, 1/2 and 1/4, and of the first differences; pictures are -1..1."""
    loss = (made - wanted).abs().mean()
    for dim in (2, 3):
        loss = loss + (made.diff(dim=dim) - wanted.diff(dim=dim)).abs().mean()
    small_made, small_wanted = made, wanted
    for _ in range(2):
        small_made, small_wanted = (
            functional.avg_pool2d(small_made, 2),
            functional.avg_pool2d(small_wanted, 2),
        )
        loss = loss + 0.5 * (small_made - small_wanted).abs().mean()
    return loss


def to_tensor(pictures: np.ndarray, device: torch.device) -> torch.Tensor:
    """uint8 (n, height, width, 3) → float -1..1 (n, 3, height, width), channels last in memory."""
    tensor = torch.from_numpy(np.ascontiguousarray(pictures)).to(device).permute(0, 3, 1, 2)
    return (tensor.float() / 127.5 - 1).to(memory_format=torch.channels_last)


def train_autoencoder(
    autoencoder: AutoencoderKL,
    pictures: Iterator[np.ndarray],
    state: Path,
    *,
    minutes: float,
    steps: int | None,
    tick: Tick,
) -> None:
    """Train for `minutes` (or up to `steps` steps in all), going on from `state` where it exists.

    `pictures` yields uint8 batches (n, height, width, 3). On return the weights of `autoencoder` are the running
    average; `measure_scale` is still to come. It learns on the device where it is. Ctrl-C saves and is raised again.
    """
    device = autoencoder.device
    autoencoder.to(memory_format=torch.channels_last)
    course = TrainingLoop(
        autoencoder,
        state,
        TrainingSettings(
            peak=LEARNING_RATE, warm_up=50, fall=lambda share: half_wave(0.95 * share), decay=0.998
        ),
    )

    def loss_of() -> torch.Tensor:
        wanted = to_tensor(next(pictures), device)
        with torch.autocast(device.type, torch.bfloat16):
            posterior = autoencoder.encode(wanted).latent_dist
            made = autoencoder.decode(posterior.sample()).sample
        kl = posterior.kl().mean() / posterior.mean[0].numel()
        loss: torch.Tensor = reconstruction_loss(made.float(), wanted) + KL_WEIGHT * kl
        return loss

    course.learn(loss_of, minutes=minutes, steps=steps, tick=tick)
    course.average.copy_to(autoencoder)


@torch.no_grad()
def measure_scale(autoencoder: AutoencoderKL, pictures: np.ndarray, device: torch.device) -> float:
    """The factor that gives the latents of `pictures` unit variance; also written to the model's config."""
    latents = autoencoder.encode(to_tensor(pictures, device)).latent_dist.mean.float()
    scale = round(1 / float(latents.std()), 5)
    autoencoder.register_to_config(scaling_factor=scale)
    return scale
