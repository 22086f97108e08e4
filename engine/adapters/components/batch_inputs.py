"""Lanes as rows of one forward pass, and its answer as one prediction for each lane."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from engine.batching.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRows:
    """First one row for each lane with its own words, then one for each guided lane with the words to avoid."""

    sample: torch.Tensor
    timesteps: torch.Tensor
    conditions: dict[str, torch.Tensor]


class BatchStacker:
    """Stacks lanes. While the same lanes stay together, their conditions are stacked only once."""

    def __init__(self, *, device: torch.device, dtype: torch.dtype, images: bool = True) -> None:
        self._format = torch.channels_last if images else torch.contiguous_format
        self._device = device
        self._dtype = dtype
        self._lanes: tuple[Sample, ...] = ()
        self._conditions: dict[str, torch.Tensor] = {}

    def stack(self, lanes: Sequence[Sample]) -> BatchRows:
        if self._lanes != tuple(lanes):
            self._conditions = _conditions(lanes)
            self._lanes = tuple(lanes)
        guided = [index for index, lane in enumerate(lanes) if lane.guided]
        inputs = [lane.model_input() for lane in lanes]
        times = [float(lane.timestep) for lane in lanes]
        sample = torch.cat(inputs + [inputs[index] for index in guided])
        return BatchRows(
            sample=sample.to(self._dtype).contiguous(memory_format=self._format),
            timesteps=torch.tensor(times + [times[index] for index in guided], device=self._device),
            conditions=self._conditions,
        )

    def forget(self) -> None:
        self._lanes, self._conditions = (), {}


def _conditions(lanes: Sequence[Sample]) -> dict[str, torch.Tensor]:
    rows = [lane.conditions[-1] for lane in lanes]
    rows += [lane.conditions[0] for lane in lanes if lane.guided]
    return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}


def guide(lanes: Sequence[Sample], answer: torch.Tensor) -> list[torch.Tensor]:
    """`answer` has the rows of `BatchRows`; classifier-free guidance (Ho and Salimans, arXiv:2207.12598, eq. 6)."""
    answer = answer.float()
    towards, away = answer[: len(lanes)], answer[len(lanes) :]
    guided = [index for index, lane in enumerate(lanes) if lane.guided]
    predictions = list(torch.split(towards, 1))
    if guided:
        scales = torch.tensor([lanes[index].sketch.guidance_scale for index in guided], device=answer.device)
        there = towards if len(guided) == len(lanes) else towards[guided]
        combined = away + scales.view(-1, 1, 1, 1) * (there - away)
        for index, prediction in zip(guided, torch.split(combined, 1), strict=True):
            predictions[index] = prediction
    return predictions
