"""Vectors between vectors: latents of several pictures, and what an image encoder makes of them."""

from collections.abc import Iterable

import torch


def slerp(one: torch.Tensor, other: torch.Tensor, share: float) -> torch.Tensor:
    """Between two tensors of one shape on the arc from `one` to `other` (Shoemake, 1985), at `share` in [0, 1].

    Straight interpolation shortens vectors that point in different directions: latents that are too short decode
    to grey, embeddings that are too short say little.
    """
    cosine = torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), dim=0).clamp(-1, 1)
    angle = torch.acos(cosine.float())
    if float(angle.sin().abs()) < 1e-4:
        return torch.lerp(one, other, share)
    here, there = torch.sin((1 - share) * angle), torch.sin(share * angle)
    arc: torch.Tensor = (here * one + there * other) / angle.sin()
    return arc.to(one.dtype)


def blend(parts: Iterable[tuple[torch.Tensor, float]]) -> torch.Tensor:
    """Tensors of one shape with their shares, one after the other on the arc towards what came before."""
    mixed, weight = None, 0.0
    for tensor, share in parts:
        weight += share
        mixed = tensor if mixed is None else slerp(mixed, tensor, share / weight)
    assert mixed is not None  # noqa: S101 - there is always one picture
    return mixed
