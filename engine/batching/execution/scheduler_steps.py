"""Scheduler steps of samples that are at the same place of equal schedules, in one call on all their latents.

Each sample owns a scheduler, since multi-step schedulers hold former predictions. Samples that were requested together
stay at the same step: their schedulers' states are stacked, one scheduler makes the step, and the states are taken
apart again. So a step costs as many kernels for eight samples as for one.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from engine.batching.sample import Sample, estimate_of
from engine.batching.step_noise import supply_noise

# Up to so many numbers torch computes on one core, within its cache; on a CPU larger stacks are slower.
_MOST_CPU_NUMBERS = 32_768


def group_by_schedule(samples: Sequence[Sample]) -> list[list[Sample]]:
    """Samples whose next scheduler step is the same; one without a `schedule_key` stays alone."""
    groups: dict[Any, list[Sample]] = {}
    for sample in samples:
        alone = sample.schedule_key is None
        key = sample if alone else (sample.schedule_key, sample.position, sample.scheduler.__class__)
        groups.setdefault(key, []).append(sample)
    return [part for group in groups.values() for part in _parts(group)]


def _parts(samples: list[Sample]) -> list[list[Sample]]:
    latents = samples[0].latents
    if len(samples) == 1 or latents is None or latents.device.type != "cpu":
        return [samples]
    size = max(1, _MOST_CPU_NUMBERS // latents.numel())
    return [samples[start : start + size] for start in range(0, len(samples), size)]


def advance_together(
    samples: Sequence[Sample],
    predictions: Mapping[Sample, torch.Tensor],
    *,
    wanting_estimates: frozenset[Sample] = frozenset(),
) -> None:
    """One step for samples of one group. When it raises, no sample has moved."""
    first = samples[0]
    merged = _merge([sample.scheduler for sample in samples], _shape(first))
    options = dict(first.step_options)
    if "generator" in options:
        options["generator"] = [sample.generator for sample in samples]
    with supply_noise([sample.noise for sample in samples]):
        moved = merged.step(
            torch.cat([predictions[sample] for sample in samples]),
            first.timestep,
            torch.cat([_latents(sample) for sample in samples]),
            **options,
        )
    estimates = estimate_of(merged, moved) if wanting_estimates else None
    for index, sample in enumerate(samples):
        vars(sample.scheduler).update(_part(vars(merged), index, len(samples), _shape(sample)))
        if estimates is not None and sample in wanting_estimates:
            sample.estimate = estimates[index : index + 1]
        sample.move_to(moved.prev_sample[index : index + 1])


def _latents(sample: Sample) -> torch.Tensor:
    assert sample.latents is not None  # noqa: S101 - a prepared sample
    return sample.latents


def _shape(sample: Sample) -> torch.Size:
    return _latents(sample).shape


def _merge(schedulers: Sequence[Any], shape: torch.Size) -> Any:
    """A scheduler whose state is that of all of them, on the batch dimension. Raises `ValueError` if they differ."""
    merged = copy.copy(schedulers[0])
    for name in vars(merged):
        vars(merged)[name] = _stack([vars(scheduler)[name] for scheduler in schedulers], shape)
    return merged


def _stack(values: Sequence[Any], shape: torch.Size) -> Any:
    first = values[0]
    if isinstance(first, torch.Tensor) and first.shape == shape:
        return torch.cat(list(values))
    if isinstance(first, list):
        return [_stack(items, shape) for items in zip(*values, strict=True)]
    if (first is None or isinstance(first, (bool, int, str))) and any(value != first for value in values):
        raise ValueError("schedulers at different steps")
    return first


def _part(state: Mapping[str, Any], index: int, count: int, shape: torch.Size) -> dict[str, Any]:
    return {name: _unstack(value, index, count, shape) for name, value in state.items()}


def _unstack(value: Any, index: int, count: int, shape: torch.Size) -> Any:
    if isinstance(value, torch.Tensor) and value.shape == (count, *shape[1:]):
        return value[index : index + 1]
    if isinstance(value, list):
        return [_unstack(item, index, count, shape) for item in value]
    return value
