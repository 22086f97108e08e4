"""Samples as rows of one forward pass, and its answer as one prediction for each sample."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from engine.batching.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRows:
    """First one row for each sample with its own words, then one for each guided sample with the words to avoid."""

    sample: torch.Tensor
    timesteps: torch.Tensor
    conditions: dict[str, torch.Tensor]


class BatchStacker:
    """Stacks samples. While the same samples stay together, their conditions are stacked only once."""

    def __init__(self, *, device: torch.device, dtype: torch.dtype, images: bool = True) -> None:
        self._format = torch.channels_last if images else torch.contiguous_format
        self._device = device
        self._dtype = dtype
        self._samples: tuple[Sample, ...] = ()
        self._conditions: dict[str, torch.Tensor] = {}

    def stack(self, samples: Sequence[Sample]) -> BatchRows:
        if self._samples != tuple(samples):
            self._conditions = _conditions(samples)
            self._samples = tuple(samples)
        guided = [index for index, sample in enumerate(samples) if sample.guided]
        inputs = [sample.model_input() for sample in samples]
        times = [float(sample.timestep) for sample in samples]
        sample = torch.cat(inputs + [inputs[index] for index in guided])
        return BatchRows(
            sample=sample.to(self._dtype).contiguous(memory_format=self._format),
            timesteps=torch.tensor(times + [times[index] for index in guided], device=self._device),
            conditions=self._conditions,
        )

    def forget(self) -> None:
        self._samples, self._conditions = (), {}


def _conditions(samples: Sequence[Sample]) -> dict[str, torch.Tensor]:
    rows = [sample.conditions[-1] for sample in samples]
    rows += [sample.conditions[0] for sample in samples if sample.guided]
    return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}


def guide(samples: Sequence[Sample], answer: torch.Tensor) -> list[torch.Tensor]:
    """`answer` has the rows of `BatchRows`; classifier-free guidance (Ho and Salimans, arXiv:2207.12598, eq. 6)."""
    answer = answer.float()
    towards, away = answer[: len(samples)], answer[len(samples) :]
    guided = [index for index, sample in enumerate(samples) if sample.guided]
    predictions = list(torch.split(towards, 1))
    if guided:
        scales = torch.tensor(
            [samples[index].params.guidance_scale for index in guided], device=answer.device
        )
        there = towards if len(guided) == len(samples) else towards[guided]
        combined = away + scales.view(-1, 1, 1, 1) * (there - away)
        for index, prediction in zip(guided, torch.split(combined, 1), strict=True):
            predictions[index] = prediction
    return predictions
