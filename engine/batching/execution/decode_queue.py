"""Decoding of finished samples: on a CUDA device beside the next steps, elsewhere at once."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch

from engine.batching.execution.forward_pass import ForwardPass, fail
from engine.batching.model_handle import ModelHandle
from engine.batching.sample import Sample
from studio.errors import GenerationError


class DecodeQueue:
    """For the batcher's thread. Pictures decoded on a stream of their own are copied to the CPU there as well."""

    def __init__(self, runner: ForwardPass, device: torch.device, *, overlap: bool) -> None:
        self._runner = runner
        self._device = device
        on_card = overlap and device.type == "cuda"
        self._stream: Any = torch.cuda.Stream(device) if on_card else None  # type: ignore[no-untyped-call]
        self._pending: list[tuple[Any, list[Sample]]] = []

    @property
    def empty(self) -> bool:
        return not self._pending

    def busy(self) -> set[ModelHandle]:
        """The models that decode."""
        return {sample.model for _, samples in self._pending for sample in samples}

    def put(self, samples: Sequence[Sample]) -> None:
        """Samples of one group that made their last step."""
        if not samples:
            return
        with self._beside(samples):
            done = self._runner.finish(samples)
            if self._stream is not None:
                for sample in done:
                    _fetch(sample)
                self._pending.append((self._stream.record_event(), done))
            else:
                self._pending.append((None, done))

    def take(self, *, wait: bool = False) -> list[Sample]:
        """The decoded samples; with `wait`, blocks until the first ones are decoded."""
        if wait and self._pending and self._pending[0][0] is not None:
            self._pending[0][0].synchronize()
        decoded: list[Sample] = []
        while self._pending and (self._pending[0][0] is None or self._pending[0][0].query()):
            decoded += self._pending.pop(0)[1]
        return [sample for sample in decoded if _is_picture(sample)]

    def _beside(self, samples: Sequence[Sample]) -> Any:
        if self._stream is None:
            return nullcontext()
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        for sample in samples:
            if sample.latents is not None:
                sample.latents.record_stream(self._stream)
        return torch.cuda.stream(self._stream)


def _is_picture(sample: Sample) -> bool:
    """Sound latents may still overflow in a first stage of few bits. Checked after decoding, so that no step waits."""
    picture = sample.picture
    if picture is None or not picture.is_floating_point() or bool(torch.isfinite(picture.sum())):
        return True
    sample.picture = None
    fail(sample, GenerationError(reason="not_a_number"))
    return False


def _fetch(sample: Sample) -> None:
    """Start copying the picture to the CPU."""
    if sample.picture is None or sample.picture.device.type != "cuda":
        return
    preserved = torch.empty(sample.picture.shape, dtype=sample.picture.dtype, pin_memory=True)
    sample.picture = preserved.copy_(sample.picture, non_blocking=True)
