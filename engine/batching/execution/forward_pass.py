"""The device work for the samples of one batch key."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import torch

from engine.batching.device.memory_limits import (
    BatchLimits,
    attempt,
    free_cache,
    in_halves,
    is_out_of_memory,
)
from engine.batching.execution.scheduler_steps import advance_together, group_by_schedule
from engine.batching.model_handle import ModelHandle
from engine.batching.model_protocols import StepwiseModel, WholeCallModel
from engine.batching.sample import BatchKey, Sample
from studio.errors import GenerationError

PREVIEW_SECONDS = 0.6

log = logging.getLogger(__name__)


class ForwardPass:
    """As many samples at once as memory allows; a sample that breaks a batch ends alone."""

    def __init__(
        self,
        device: torch.device,
        limits: BatchLimits,
        *,
        preview_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = clock
        self._device = device
        self._limits = limits
        self._preview_seconds = preview_seconds

    def prepare(self, samples: Sequence[Sample]) -> None:
        """Conditions and first latents for samples of one group that have none yet."""
        new = [sample for sample in samples if not sample.prepared and not is_whole_call(sample.model)]
        in_halves(lambda batch: _stepper(batch).prepare(batch), new, failed=fail, ran_out=self._ran_out)

    def step(self, key: BatchKey, samples: Sequence[Sample]) -> int:
        """One step for each sample, in one forward pass if memory allows; answers how many passes that took."""
        return self._in_batches(key, samples, self._advance)

    def call(
        self, key: BatchKey, samples: Sequence[Sample], on_step: Callable[[Sequence[Sample], int], bool]
    ) -> None:
        """A whole call for samples that fit into it. `on_step` gets the samples and the number of steps done."""

        def generate(batch: Sequence[Sample]) -> None:
            cast("WholeCallModel", batch[0].model).generate(batch, lambda step: on_step(batch, step))

        self._in_batches(key, samples, generate)

    def finish(self, samples: Sequence[Sample]) -> list[Sample]:
        """Decode samples that made their last step; answers those that have their picture now."""
        sound: list[Sample] = []
        for sample in samples:
            try:
                _check_numbers(sample)
                sound.append(sample)
            except GenerationError as error:
                fail(sample, error)
        in_halves(_decode, sound, failed=fail, ran_out=self._ran_out)
        return [sample for sample in sound if sample.picture is not None]

    def _in_batches(
        self, key: BatchKey, samples: Sequence[Sample], action: Callable[[Sequence[Sample]], None]
    ) -> int:
        """How often `action` was tried."""
        left, tries = [sample for sample in samples if not sample.over], 0
        while left:
            tries += 1
            batch = fitting(left, self._limits.rows(key))
            problem = attempt(lambda part=batch: action(part))  # type: ignore[misc]
            if problem is not None and is_out_of_memory(problem):
                self._limits.ran_out(key, sum(sample.rows for sample in batch))
                self._ran_out(batch)
                if len(batch) > 1:
                    continue
                fail(batch[0], problem)
            elif problem is not None:
                tries += 1
                in_halves(action, batch, failed=fail, ran_out=self._ran_out)
            left = left[len(batch) :]
        return tries

    def _advance(self, samples: Sequence[Sample]) -> None:
        for sample in samples:
            if sample.latents is not None:
                sample.noise.upload(sample.latents)
        predictions = dict(zip(samples, _stepper(samples).predict(samples), strict=True))
        previewed = frozenset(sample for sample in samples if self._wants_preview(sample))
        for equal in group_by_schedule([sample for sample in samples if not sample.over]):
            if len(equal) > 1 and _move_together(equal, predictions, previewed):
                continue
            for sample in equal:
                _alone(sample, lambda one: one.advance(predictions[one], wants_estimate=one in previewed))
        for sample in previewed:
            if not sample.over and not sample.finished:
                _alone(sample, _preview)
        for group in {sample.group for sample in samples if sample.group and self._wants_preview(sample)}:
            group.previewed_at = self._now()

    def _wants_preview(self, sample: Sample) -> bool:
        return sample.group is not None and self._now() - sample.group.previewed_at >= self._preview_seconds

    def _ran_out(self, samples: Sequence[Sample]) -> None:
        log.warning("batch size reduced: out of memory", extra={"samples": len(samples)})
        free_cache(self._device)


def _move_together(
    samples: Sequence[Sample], predictions: Mapping[Sample, torch.Tensor], previewed: frozenset[Sample]
) -> bool:
    """False when they have to go one by one: one scheduler's problem concerns that sample only."""
    try:
        advance_together(samples, predictions, wanting_estimates=previewed)
    except Exception as error:  # noqa: BLE001 - the sample at fault fails again alone
        log.debug("joint step failed: %s", type(error).__name__)
        return False
    return True


def _alone(sample: Sample, action: Callable[[Sample], None]) -> None:
    try:
        action(sample)
    except Exception as error:  # noqa: BLE001 - what one sample's scheduler throws concerns that sample only
        fail(sample, error)


def is_whole_call(model: ModelHandle) -> bool:
    """Whether it is a `WholeCallModel`. Asked at every step: a protocol's own check reads all its properties."""
    return hasattr(type(model), "generate")


def fitting(samples: Sequence[Sample], rows: int) -> Sequence[Sample]:
    """The first samples that take at most `rows` rows, one at least."""
    taken = 0
    for index, sample in enumerate(samples):
        taken += sample.rows
        if taken > rows and index:
            return samples[:index]
    return samples


def fail(sample: Sample, error: BaseException) -> None:
    """Only the sample's own task ends."""
    if is_out_of_memory(error):
        explained = GenerationError(reason="too_large")
        explained.__cause__ = error
        error = explained
    if sample.group is not None:
        sample.group.fail(error)


def _stepper(samples: Sequence[Sample]) -> StepwiseModel:
    return cast("StepwiseModel", samples[0].model)


def _decode(samples: Sequence[Sample]) -> None:
    for sample, picture in zip(samples, _stepper(samples).decode(samples), strict=True):
        sample.picture = picture


def _preview(sample: Sample) -> None:
    _check_numbers(sample)
    sample.preview = _stepper([sample]).preview(sample)
    sample.estimate = None


def _check_numbers(sample: Sample) -> None:
    if not sample.is_finite:
        raise GenerationError(reason="not_a_number")
