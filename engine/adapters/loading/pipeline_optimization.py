"""Whole pipelines of diffusers' own made ready for their device: what `tuning` does for single networks."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from engine.adapters.acceleration.cpu_offload import CpuOffloader
from engine.adapters.loading.model_parts import memory_format, size_bytes
from engine.adapters.loading.optimization import compile_blocks, quantise_words, tune
from engine.performance_settings import LowMemory, Speed, TextEncoders
from studio.errors import ModelLoadError

_DENOISERS = ("unet", "transformer", "transformer_2", "decoder")
FIRST_STAGES = ("vae", "movq", "vqvae", "vqgan")


class PipelineOptimizer:
    """One for each model: its pipelines share their networks and the room on the device.

    Rows are not padded as for models that are driven step by step, since every pipeline calls its denoiser in its own
    way: a number of pictures seen for the first time may compile once more.
    """

    def __init__(self, speed: Speed, *, device: torch.device) -> None:
        """`speed` as `Speed.on` answered it for the device."""
        self._speed = speed
        self._device = device
        self._offloader = CpuOffloader(speed.low_memory)

    def put_on(self, pipeline: Any) -> None:
        """Settle a pipeline's networks on the device, or where they wait for their turn on it.

        Raises `ModelLoadError` for settings that cannot be.
        """
        self._require_possible()
        pipeline.set_progress_bar_config(disable=True)
        moves = self._speed.low_memory is not LowMemory.OFF
        if not moves:
            pipeline.to(self._device)
        for name, network in networks_of(pipeline).items():
            if (layout := memory_format(network)) is torch.channels_last:
                network.to(memory_format=layout)
            if name in _DENOISERS:
                tune(network, self._speed)
            elif name in FIRST_STAGES and self._speed.compile:
                compile_blocks(network)
            elif name.startswith("text_encoder"):
                quantise_words(network, self._speed.text_encoders)
        if moves:
            self._lodge(pipeline)

    def _require_possible(self) -> None:
        """Pipelines put everything where their first network is: none of theirs can stay on the processor alone."""
        if self._speed.text_encoders is TextEncoders.CPU:
            raise ModelLoadError(
                "Text encoders on the processor are only for models that are painted step by step, which this one is "
                "not. Set CHATELIER_WORKER__TEXT_ENCODERS to int8, fp8 or device, or run it on a worker of its own."
            )

    def _lodge(self, pipeline: Any) -> None:
        for name, network in networks_of(pipeline).items():
            # A pipeline reads the numbers of some networks without calling them.
            if name in pipeline._exclude_from_cpu_offload:
                network.to(self._device)
            else:
                self._offloader.take_in(network, device=self._device, denoises=name in _DENOISERS)


def networks_of(pipeline: Any) -> Mapping[str, Any]:
    """A pipeline's networks by name."""
    return {name: part for name, part in pipeline.components.items() if isinstance(part, torch.nn.Module)}


def pipelines_bytes(pipelines: Iterable[Any]) -> int:
    """What the weights of pipelines take, shared ones counted once."""
    return size_bytes({network for pipeline in pipelines for network in networks_of(pipeline).values()})
