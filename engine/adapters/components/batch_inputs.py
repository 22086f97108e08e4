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
    guidance: "Guidance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """Which of `count` samples are guided, and how: `scales` (guided, 1, 1, 1) and `index` (guided) on the device."""

    count: int
    guided: tuple[int, ...] = ()
    scales: torch.Tensor | None = None
    index: torch.Tensor | None = None  # None where all are guided

    @classmethod
    def of(cls, samples: Sequence[Sample], device: torch.device) -> "Guidance":
        guided = tuple(index for index, sample in enumerate(samples) if sample.guided)
        if not guided:
            return cls(count=len(samples))
        scales = torch.tensor([samples[index].params.guidance_scale for index in guided], device=device)
        partly = len(guided) < len(samples)
        index = torch.tensor(guided, device=device) if partly else None
        return cls(count=len(samples), guided=guided, scales=scales.view(-1, 1, 1, 1), index=index)


class BatchStacker:
    """Stacks samples. While the same samples stay together, nothing is uploaded: a step waits for no copy."""

    def __init__(self, *, device: torch.device, dtype: torch.dtype, images: bool = True) -> None:
        self._format = torch.channels_last if images else torch.contiguous_format
        self._device = device
        self._dtype = dtype
        self._samples: tuple[Sample, ...] = ()
        self._conditions: dict[str, torch.Tensor] = {}
        self._guidance = Guidance(count=0)

    def stack(self, samples: Sequence[Sample]) -> BatchRows:
        if self._samples != tuple(samples):
            self._conditions = _conditions(samples)
            self._guidance = Guidance.of(samples, self._device)
            self._samples = tuple(samples)
        inputs = [sample.model_input() for sample in samples]
        times = [sample.time_on(self._device) for sample in samples]
        guided = self._guidance.guided
        rows = torch.cat(inputs + [inputs[index] for index in guided])
        return BatchRows(
            sample=rows.to(self._dtype).contiguous(memory_format=self._format),
            timesteps=torch.stack(times + [times[index] for index in guided]),
            conditions=self._conditions,
            guidance=self._guidance,
        )

    def forget(self) -> None:
        self._samples, self._conditions = (), {}


def _conditions(samples: Sequence[Sample]) -> dict[str, torch.Tensor]:
    rows = [sample.conditions[-1] for sample in samples]
    rows += [sample.conditions[0] for sample in samples if sample.guided]
    return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}


def guide(guidance: Guidance, answer: torch.Tensor) -> list[torch.Tensor]:
    """`answer` has the rows of `BatchRows`; classifier-free guidance (Ho and Salimans, arXiv:2207.12598, eq. 6)."""
    answer = answer.float()
    towards, away = answer[: guidance.count], answer[guidance.count :]
    predictions = list(torch.split(towards, 1))
    if guidance.scales is not None:
        there = towards if guidance.index is None else towards.index_select(0, guidance.index)
        combined = away + guidance.scales * (there - away)
        for index, prediction in zip(guidance.guided, torch.split(combined, 1), strict=True):
            predictions[index] = prediction
    return predictions
