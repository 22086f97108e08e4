"""Where finished lanes dry: they are decoded, on a CUDA device beside the next steps, elsewhere at once."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch

from engine.batching.execution.step_runner import NOT_A_NUMBER, StepRunner, fail
from engine.batching.model_handle import ModelHandle
from engine.batching.sample import Sample
from studio.errors import GenerationError


class DecodeQueue:
    """For the easel's thread. Pictures decoded on a stream of their own are copied to the CPU there as well."""

    def __init__(self, hand: StepRunner, device: torch.device, *, overlap: bool) -> None:
        self._hand = hand
        self._device = device
        on_card = overlap and device.type == "cuda"
        self._stream: Any = torch.cuda.Stream(device) if on_card else None  # type: ignore[no-untyped-call]
        self._wet: list[tuple[Any, list[Sample]]] = []

    @property
    def empty(self) -> bool:
        return not self._wet

    def busy(self) -> set[ModelHandle]:
        """The models that decode."""
        return {sample.model for _, samples in self._wet for sample in samples}

    def put(self, samples: Sequence[Sample]) -> None:
        """Lanes of one group that made their last step."""
        if not samples:
            return
        with self._beside(samples):
            done = self._hand.finish(samples)
            if self._stream is not None:
                for sample in done:
                    _fetch(sample)
                self._wet.append((self._stream.record_event(), done))
            else:
                self._wet.append((None, done))

    def take(self, *, wait: bool = False) -> list[Sample]:
        """Those that are dry; with `wait`, the first ones as soon as they are."""
        if wait and self._wet and self._wet[0][0] is not None:
            self._wet[0][0].synchronize()
        dry: list[Sample] = []
        while self._wet and (self._wet[0][0] is None or self._wet[0][0].query()):
            dry += self._wet.pop(0)[1]
        return [sample for sample in dry if _is_picture(sample)]

    def _beside(self, samples: Sequence[Sample]) -> Any:
        if self._stream is None:
            return nullcontext()
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        for sample in samples:
            if sample.latents is not None:
                sample.latents.record_stream(self._stream)
        return torch.cuda.stream(self._stream)


def _is_picture(sample: Sample) -> bool:
    """Sound latents may still overflow in a first stage of few bits. Asked when it is dry, to hold up no step."""
    picture = sample.picture
    if picture is None or not picture.is_floating_point() or bool(torch.isfinite(picture.sum())):
        return True
    sample.picture = None
    fail(sample, GenerationError(NOT_A_NUMBER))
    return False


def _fetch(sample: Sample) -> None:
    """Start copying the picture to the CPU."""
    if sample.picture is None or sample.picture.device.type != "cuda":
        return
    kept = torch.empty(sample.picture.shape, dtype=sample.picture.dtype, pin_memory=True)
    sample.picture = kept.copy_(sample.picture, non_blocking=True)
