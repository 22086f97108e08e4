"""The easel's hand: what is done on the device for the lanes of one group."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import cast

import torch

from engine.batching.memory_limits import (
    TOO_LARGE,
    BatchLimits,
    attempt,
    free_cache,
    in_halves,
    is_out_of_memory,
)
from engine.batching.model_handle import ModelHandle
from engine.batching.models import StepwiseModel, WholeCallModel
from engine.batching.sample import BatchKey, Sample
from studio.errors import GenerationError

PREVIEW_SECONDS = 0.6
NOT_A_NUMBER = (
    "The picture turned into noise without end. Try again with another seed, less guidance or more steps."
)

log = logging.getLogger(__name__)


class StepRunner:
    """As many lanes at once as memory allows; a lane that breaks a batch ends alone."""

    def __init__(self, device: torch.device, limits: BatchLimits, *, preview_seconds: float) -> None:
        self._device = device
        self._limits = limits
        self._preview_seconds = preview_seconds

    def prepare(self, lanes: Sequence[Sample]) -> None:
        """Conditions and first latents for lanes of one group that have none yet."""
        new = [lane for lane in lanes if not lane.prepared and not paints_whole(lane.painter)]
        in_halves(lambda some: _stepper(some).prepare(some), new, failed=fail, ran_out=self._ran_out)

    def step(self, key: BatchKey, lanes: Sequence[Sample]) -> None:
        """One step for each lane, in one forward pass if memory allows."""
        self._in_batches(key, lanes, self._advance)

    def call(
        self, key: BatchKey, lanes: Sequence[Sample], on_step: Callable[[Sequence[Sample], int], bool]
    ) -> None:
        """A whole call for lanes that fit into it. `on_step` is told the lanes and the steps done."""

        def paint(some: Sequence[Sample]) -> None:
            cast("WholeCallModel", some[0].painter).paint(some, lambda step: on_step(some, step))

        self._in_batches(key, lanes, paint)

    def finish(self, lanes: Sequence[Sample]) -> list[Sample]:
        """Decode lanes that made their last step; answers those that have their picture now."""
        sound: list[Sample] = []
        for lane in lanes:
            try:
                _check_numbers(lane)
                sound.append(lane)
            except GenerationError as error:
                fail(lane, error)
        in_halves(_decode, sound, failed=fail, ran_out=self._ran_out)
        return [lane for lane in sound if lane.picture is not None]

    def _in_batches(
        self, key: BatchKey, lanes: Sequence[Sample], action: Callable[[Sequence[Sample]], None]
    ) -> None:
        left = [lane for lane in lanes if not lane.over]
        while left:
            batch = fitting(left, self._limits.rows(key))
            problem = attempt(lambda some=batch: action(some))  # type: ignore[misc]
            if problem is not None and is_out_of_memory(problem):
                self._limits.ran_out(key, sum(lane.rows for lane in batch))
                self._ran_out(batch)
                if len(batch) > 1:
                    continue
                fail(batch[0], problem)
            elif problem is not None:
                in_halves(action, batch, failed=fail, ran_out=self._ran_out)
            left = left[len(batch) :]

    def _advance(self, lanes: Sequence[Sample]) -> None:
        predictions = _stepper(lanes).predict(lanes)
        for lane, prediction in zip(lanes, predictions, strict=True):
            if lane.over:
                continue
            wanted = self._wants_glimpse(lane)
            try:
                lane.advance(prediction, wants_estimate=wanted)
                if wanted and not lane.finished:
                    _glimpse(lane)
            except Exception as error:  # noqa: BLE001 - what one lane's scheduler throws is that lane's affair
                fail(lane, error)
        for ticket in {each.ticket for each in lanes if each.ticket and self._wants_glimpse(each)}:
            ticket.previewed_at = time.monotonic()

    def _wants_glimpse(self, lane: Sample) -> bool:
        return (
            lane.ticket is not None and time.monotonic() - lane.ticket.previewed_at >= self._preview_seconds
        )

    def _ran_out(self, lanes: Sequence[Sample]) -> None:
        log.warning("out of memory: going on with fewer lanes at once", extra={"lanes": len(lanes)})
        free_cache(self._device)


def paints_whole(painter: ModelHandle) -> bool:
    """Whether it is a `WholeCallModel`. Asked at every step: a protocol's own check reads all its properties."""
    return hasattr(type(painter), "paint")


def fitting(lanes: Sequence[Sample], rows: int) -> Sequence[Sample]:
    """The first lanes that take at most `rows` rows, one at least."""
    taken = 0
    for index, lane in enumerate(lanes):
        taken += lane.rows
        if taken > rows and index:
            return lanes[:index]
    return lanes


def fail(lane: Sample, error: BaseException) -> None:
    """Only the lane's own order ends."""
    if is_out_of_memory(error):
        told = GenerationError(TOO_LARGE)
        told.__cause__ = error
        error = told
    if lane.ticket is not None:
        lane.ticket.fail(error)


def _stepper(lanes: Sequence[Sample]) -> StepwiseModel:
    return cast("StepwiseModel", lanes[0].painter)


def _decode(lanes: Sequence[Sample]) -> None:
    for lane, picture in zip(lanes, _stepper(lanes).decode(lanes), strict=True):
        lane.picture = picture


def _glimpse(lane: Sample) -> None:
    _check_numbers(lane)
    lane.glimpse = _stepper([lane]).preview(lane)
    lane.estimate = None


def _check_numbers(lane: Sample) -> None:
    if not lane.sound:
        raise GenerationError(NOT_A_NUMBER)
