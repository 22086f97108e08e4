"""What the step batcher needs of a model family: new sample, prepare, predict, decode."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from engine.batching.model_handle import ModelHandle
from engine.batching.sample import Sample
from engine.batching.sampling_params import SamplingParams

if TYPE_CHECKING:
    import torch


class Model(ModelHandle, Protocol):
    """A model of one family. `new_sample` is called from many threads, everything else as `ModelHandle` says."""

    def new_sample(self, params: SamplingParams) -> Sample:
        """A sample at its start. Needs no weights. Raises `BadParameterError` or `NotSupportedError`."""


@runtime_checkable
class StepwiseModel(Model, Protocol):
    """A model that is driven step by step. Samples with equal keys share a forward pass."""

    def prepare(self, samples: Sequence[Sample]) -> None:
        """Fill in conditions and first latents: text and pictures of all samples are encoded together."""

    def predict(self, samples: Sequence[Sample]) -> "Sequence[torch.Tensor]":
        """One forward pass for samples of one batch key; a prediction (1, c, h, w) for each, guidance applied."""

    def decode(self, samples: Sequence[Sample]) -> "Sequence[torch.Tensor]":
        """A finished picture (3, height, width) in [0, 1], or in bytes, for each sample of one size."""

    def preview(self, sample: Sample) -> "torch.Tensor | None":
        """A small picture, uint8 (h, w, 3) on the CPU, one pixel per latent cell; None: there is nothing to see yet."""


@runtime_checkable
class LearnsMemory(Protocol):
    """A model that learns what fits into the device's memory, and keeps it in a profile, set before it is loaded."""

    profile: Any


@runtime_checkable
class WholeCallModel(Model, Protocol):
    """A model that runs from its first step to its last in one call. Samples with equal, shared keys share the call."""

    def generate(self, samples: Sequence[Sample], on_step: Callable[[int], bool]) -> None:
        """Give each sample its picture. `on_step` gets the number of steps done, from 1, and answers False to stop
        early.

        May be called again for the same samples after an error.
        """
