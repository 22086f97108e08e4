"""A sample's first latents: from noise, from a picture, or from a picture with a hole in it.

Noise is drawn in the order in which diffusers' own pipelines draw it, so that a seed means the same picture.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.utils.torch_utils import randn_tensor

from engine.adapters.components.latent_blending import blend
from engine.adapters.components.vae import Autoencoder, to_pixels
from engine.batching.sample import PreservedRegion, Sample, add_noise
from engine.catalog.geometry import Layout
from studio.errors import BadParameterError

Name = int | tuple[int, int]
Found = dict[Name, DiagonalGaussianDistribution]


def set_steps(sample: Sample, *, timing: Mapping[str, Any], skipped: int) -> None:
    """Give the sample its timesteps: all of them, or for a start picture those after the skipped ones, at least one.

    `timing` are the scheduler's options; with `sigmas` in it, it does not need the number of steps.
    """
    if "sigmas" not in timing:
        timing = {"num_inference_steps": sample.params.steps, **timing}
    try:
        sample.scheduler.set_timesteps(device="cpu", **timing)
    except ValueError as error:  # of those with a distilled schedule: no more steps than that has
        raise BadParameterError("steps", "fewer_steps") from error
    timesteps = sample.scheduler.timesteps
    if sample.start is not None:
        first = min(skipped, sample.params.steps - 1) * getattr(sample.scheduler, "order", 1)
        timesteps = timesteps[first:]
        if hasattr(sample.scheduler, "set_begin_index"):
            sample.scheduler.set_begin_index(first)
    sample.timesteps = timesteps
    sample.schedule_key = _schedule_key(sample)


def _schedule_key(sample: Sample) -> Hashable:
    """Equal configurations and equal timesteps and noise levels make equal steps."""
    scheduler = sample.scheduler
    sigmas = getattr(scheduler, "sigmas", None)
    levels = sigmas.numpy().tobytes() if isinstance(sigmas, torch.Tensor) else b""
    return (
        type(scheduler),
        repr(sorted(scheduler.config.items(), key=str)),
        sample.timesteps.numpy().tobytes(),
        levels,
    )


def begin(
    samples: Sequence[Sample], *, layout: Layout, autoencoder: Autoencoder, device: torch.device
) -> None:
    """First latents for samples of one size. Equal pictures are encoded once, different ones together.

    Whatever was drawn in an earlier try is drawn again from the seed, so that a repeated call changes nothing.
    """
    wanted: dict[Name, torch.Tensor] = {}
    for sample in samples:
        if sample.start is not None and _needs_start(sample, layout):
            wanted[id(sample.params.start)] = sample.start
            wanted |= {
                id(weighted_image.picture): to_pixels(weighted_image.picture)
                for weighted_image in sample.params.mixed
            }
        if layout.repaints:
            wanted[_masked_start_id(sample)] = _masked_start(sample)
    found = _encode(wanted, autoencoder)
    for sample in samples:
        sample.generator.manual_seed(sample.params.seed)
        _begin(sample, layout, autoencoder, found, device)


def _begin(
    sample: Sample, layout: Layout, autoencoder: Autoencoder, found: Found, device: torch.device
) -> None:
    clean = None
    if _needs_start(sample, layout):
        clean = autoencoder.sample(found[id(sample.params.start)], sample.generator)
        clean = _mix(clean, sample, autoencoder, found)
    shape = (1, layout.latent_channels, sample.key.height, sample.key.width)
    noise = _first_noise(sample, shape, layout, device)
    if clean is None or (sample.hole is not None and sample.params.strength >= 1):
        # Schedulers for flow matching start from plain noise and do not say so.
        sample.latents = noise * getattr(sample.scheduler, "init_noise_sigma", 1.0)
    else:
        sample.latents = add_noise(sample.scheduler, clean, noise, sample.timesteps[:1])
    if sample.hole is None:
        return
    cells = torch.nn.functional.interpolate(sample.hole, size=shape[2:]).to(device)
    if layout.repaints:
        hidden = autoencoder.sample(found[_masked_start_id(sample)], sample.generator)
        sample.channels = torch.cat([(cells >= 0.5).float(), hidden], dim=1)
    elif clean is not None:
        # diffusers draws latents of the masked picture here too, and does not use them.
        randn_tensor(shape, generator=sample.generator, device=device, dtype=torch.float32)
        soft = bool(((cells > 0) & (cells < 1)).any())
        sample.preserved = PreservedRegion(latents=clean, noise=noise, mask=cells, soft=soft)


def _first_noise(
    sample: Sample, shape: tuple[int, int, int, int], layout: Layout, device: torch.device
) -> torch.Tensor:
    """Standard normal. Of a draft, that of its full size averaged over squares, with its variance restored."""
    whole, side = shape, 1
    if full := sample.params.noise_size:
        whole = (*shape[:2], full[1] // layout.factor, full[0] // layout.factor)
        side = min(whole[2] // shape[2], whole[3] // shape[3])
    noise: torch.Tensor = randn_tensor(
        whole if side > 1 else shape, generator=sample.generator, device=device, dtype=torch.float32
    )
    if side <= 1:
        return noise
    covered = noise[:, :, : side * shape[2], : side * shape[3]]
    return side * torch.nn.functional.avg_pool2d(covered, side)


def _mix(first: torch.Tensor, sample: Sample, autoencoder: Autoencoder, found: Found) -> torch.Tensor:
    """The start's latents with those of the parameters' further pictures, by their shares."""
    mixed = sample.params.mixed
    others = [
        (autoencoder.sample(found[id(weighted_image.picture)], sample.generator), weighted_image.share)
        for weighted_image in mixed
    ]
    return blend([(first, 1 - sum(weighted_image.share for weighted_image in mixed)), *others])


def _needs_start(sample: Sample, layout: Layout) -> bool:
    return sample.start is not None and not (layout.repaints and sample.params.strength >= 1)


def _masked_start(sample: Sample) -> torch.Tensor:
    """The start with its hole grey, or all grey where there is none."""
    assert sample.hole is not None  # noqa: S101 - every sample of such a model has one
    if sample.start is None:
        return torch.zeros(1, 3, *sample.hole.shape[2:])
    return sample.start * (sample.hole < 0.5)


def _masked_start_id(sample: Sample) -> tuple[int, int]:
    return id(sample.params.start), id(sample.params.mask)


def _encode(wanted: dict[Name, torch.Tensor], autoencoder: Autoencoder) -> Found:
    if not wanted:
        return {}
    return dict(zip(wanted, autoencoder.encode(torch.cat(list(wanted.values()))), strict=True))
