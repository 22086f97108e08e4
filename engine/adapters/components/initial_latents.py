"""A lane's first latents: from noise, from a picture, or from a picture with a hole in it.

Noise is drawn in the order in which diffusers' own pipelines draw it, so that a seed means the same picture.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.utils.torch_utils import randn_tensor

from engine.adapters.components.latent_blending import blend
from engine.adapters.components.vae import Autoencoder, to_pixels
from engine.batching.sample import PreservedRegion, Sample, add_noise
from engine.catalog.geometry import Layout

Name = int | tuple[int, int]
Found = dict[Name, DiagonalGaussianDistribution]


def set_steps(lane: Sample, *, timing: Mapping[str, Any], skipped: int) -> None:
    """Give the lane its timesteps: all of them, or for a start picture those after the skipped ones, at least one.

    `timing` is what the scheduler is told; with `sigmas` in it, it does not need the number of steps.
    """
    if "sigmas" not in timing:
        timing = {"num_inference_steps": lane.sketch.steps, **timing}
    lane.scheduler.set_timesteps(device="cpu", **timing)
    timesteps = lane.scheduler.timesteps
    if lane.start is not None:
        first = min(skipped, lane.sketch.steps - 1) * getattr(lane.scheduler, "order", 1)
        timesteps = timesteps[first:]
        if hasattr(lane.scheduler, "set_begin_index"):
            lane.scheduler.set_begin_index(first)
    lane.timesteps = timesteps


def begin(lanes: Sequence[Sample], *, layout: Layout, autoencoder: Autoencoder, device: torch.device) -> None:
    """First latents for lanes of one size. Equal pictures are encoded once, different ones together.

    Whatever was drawn in an earlier try is drawn again from the seed, so that a repeated call changes nothing.
    """
    wanted: dict[Name, torch.Tensor] = {}
    for lane in lanes:
        if lane.start is not None and _needs_start(lane, layout):
            wanted[id(lane.sketch.start)] = lane.start
            wanted |= {id(each.picture): to_pixels(each.picture) for each in lane.sketch.mixed}
        if layout.repaints:
            wanted[_hidden_id(lane)] = _hidden(lane)
    found = _encode(wanted, autoencoder)
    for lane in lanes:
        lane.generator.manual_seed(lane.sketch.seed)
        _begin(lane, layout, autoencoder, found, device)


def _begin(
    lane: Sample, layout: Layout, autoencoder: Autoencoder, found: Found, device: torch.device
) -> None:
    clean = None
    if _needs_start(lane, layout):
        clean = autoencoder.sample(found[id(lane.sketch.start)], lane.generator)
        clean = _mix(clean, lane, autoencoder, found)
    shape = (1, layout.latent_channels, lane.key.height, lane.key.width)
    noise = randn_tensor(shape, generator=lane.generator, device=device, dtype=torch.float32)
    if clean is None or (lane.hole is not None and lane.sketch.strength >= 1):
        # Schedulers for flow matching start from plain noise and do not say so.
        lane.latents = noise * getattr(lane.scheduler, "init_noise_sigma", 1.0)
    else:
        lane.latents = add_noise(lane.scheduler, clean, noise, lane.timesteps[:1])
    if lane.hole is None:
        return
    cells = torch.nn.functional.interpolate(lane.hole, size=shape[2:]).to(device)
    if layout.repaints:
        hidden = autoencoder.sample(found[_hidden_id(lane)], lane.generator)
        lane.channels = torch.cat([(cells >= 0.5).float(), hidden], dim=1)
    elif clean is not None:
        # diffusers draws latents of the masked picture here too, and does not use them.
        randn_tensor(shape, generator=lane.generator, device=device, dtype=torch.float32)
        soft = bool(((cells > 0) & (cells < 1)).any())
        lane.kept = PreservedRegion(latents=clean, noise=noise, mask=cells, soft=soft)


def _mix(first: torch.Tensor, lane: Sample, autoencoder: Autoencoder, found: Found) -> torch.Tensor:
    """The start's latents with those of the sketch's further pictures, by their shares."""
    mixed = lane.sketch.mixed
    others = [(autoencoder.sample(found[id(each.picture)], lane.generator), each.share) for each in mixed]
    return blend([(first, 1 - sum(each.share for each in mixed)), *others])


def _needs_start(lane: Sample, layout: Layout) -> bool:
    return lane.start is not None and not (layout.repaints and lane.sketch.strength >= 1)


def _hidden(lane: Sample) -> torch.Tensor:
    """The start with its hole grey, or all grey where there is none."""
    assert lane.hole is not None  # noqa: S101 - every lane of such a model has one
    if lane.start is None:
        return torch.zeros(1, 3, *lane.hole.shape[2:])
    return lane.start * (lane.hole < 0.5)


def _hidden_id(lane: Sample) -> tuple[int, int]:
    return id(lane.sketch.start), id(lane.sketch.mask)


def _encode(wanted: dict[Name, torch.Tensor], autoencoder: Autoencoder) -> Found:
    if not wanted:
        return {}
    return dict(zip(wanted, autoencoder.encode(torch.cat(list(wanted.values()))), strict=True))
