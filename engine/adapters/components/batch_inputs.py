"""Samples as rows of one forward pass, and its answer as one prediction for each sample."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import torch
from torch.nn.utils.rnn import pad_sequence

from engine.batching.sample import Conditions, Sample
from engine.batching.sampling_params import SamplingParams


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRows:
    """First one row for each sample with its own words, then one for each guided sample with the words to avoid.

    `lengths` are the tokens of each row's words; where they differ, zeros stand behind the shorter ones.
    """

    sample: torch.Tensor
    timesteps: torch.Tensor
    conditions: dict[str, torch.Tensor]
    guidance: "Guidance"
    lengths: tuple[int, ...] = ()
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """Which of `count` samples are guided, and how: `scales` (guided, 1, 1, 1) and `index` (guided) on the device."""

    count: int
    guided: tuple[int, ...] = ()
    scales: torch.Tensor | None = None
    index: torch.Tensor | None = None  # None where all are guided

    @classmethod
    def of(
        cls, samples: Sequence[Sample], device: torch.device, scale: Callable[[SamplingParams], float]
    ) -> "Guidance":
        guided = tuple(index for index, sample in enumerate(samples) if sample.guided)
        if not guided:
            return cls(count=len(samples))
        scales = torch.tensor([scale(samples[index].params) for index in guided], device=device)
        partly = len(guided) < len(samples)
        index = torch.tensor(guided, device=device) if partly else None
        return cls(count=len(samples), guided=guided, scales=scales.view(-1, 1, 1, 1), index=index)


class BatchStacker:
    """Stacks samples. While the same samples stay together, nothing is uploaded: a step waits for no copy.

    `scale` answers how far a guided sample goes from the words to avoid to its own.
    """

    def __init__(
        self,
        *,
        device: torch.device,
        dtype: torch.dtype,
        images: bool = True,
        scale: Callable[[SamplingParams], float] = lambda params: params.guidance_scale,
    ) -> None:
        self._format = torch.channels_last if images else torch.contiguous_format
        self._device = device
        self._dtype = dtype
        self._scale = scale
        self._samples: tuple[Sample, ...] = ()
        self._conditions: dict[str, torch.Tensor] = {}
        self._lengths: tuple[int, ...] = ()
        self._guidance = Guidance(count=0)

    def stack(self, samples: Sequence[Sample]) -> BatchRows:
        if self._samples != tuple(samples):
            rows_conditions = _row_conditions(samples)
            self._conditions = _stack(rows_conditions)
            self._lengths = tuple(len(row["text"]) for row in rows_conditions)
            self._guidance = Guidance.of(samples, self._device, self._scale)
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
            lengths=self._lengths,
            samples=self._samples,
        )

    def forget(self) -> None:
        self._samples, self._conditions = (), {}


def group_passes(
    samples: Sequence[Sample], key: Callable[[Sample], Hashable]
) -> dict[Hashable, list[Sample]]:
    """Samples by what `key` answers: those that can go through the denoiser together."""
    groups: dict[Hashable, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(key(sample), []).append(sample)
    return groups


def _row_conditions(samples: Sequence[Sample]) -> list[Conditions]:
    rows = [sample.conditions[-1] for sample in samples]
    return rows + [sample.conditions[0] for sample in samples if sample.guided]


def _stack(rows: Sequence[Conditions]) -> dict[str, torch.Tensor]:
    return {name: _stack_rows([row[name] for row in rows]) for name in rows[0]}


def _stack_rows(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    if len({tensor.shape for tensor in tensors}) == 1:
        return torch.stack(list(tensors))
    return pad_sequence(list(tensors), batch_first=True)


def guide(
    guidance: Guidance,
    answer: torch.Tensor,
    *,
    rescale: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
) -> list[torch.Tensor]:
    """`answer` has the rows of `BatchRows`; classifier-free guidance (Ho and Salimans, arXiv:2207.12598, eq. 6).

    `rescale` turns answers to the words, and the guided ones, into what the guided samples get.
    """
    answer = answer.float()
    towards, away = answer[: guidance.count], answer[guidance.count :]
    predictions = list(torch.split(towards, 1))
    if guidance.scales is not None:
        there = towards if guidance.index is None else towards.index_select(0, guidance.index)
        combined = away + guidance.scales * (there - away)
        if rescale is not None:
            combined = rescale(there, combined)
        for index, prediction in zip(guidance.guided, torch.split(combined, 1), strict=True):
            predictions[index] = prediction
    return predictions
