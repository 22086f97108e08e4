"""Text encoders that run on the processor, beside a denoiser that has the card to itself."""

from typing import Any

import torch
from accelerate.hooks import ModelHook, add_hook_to_module  # type: ignore[import-untyped]
from accelerate.utils import send_to_device  # type: ignore[import-untyped]

_CPU = torch.device("cpu")


def run_on_cpu(network: Any, *, device: torch.device) -> Any:
    """The network, which is on the CPU and stays there; it takes inputs from `device` and answers there."""
    add_hook_to_module(network, _OnCpu(device))
    return network


class _OnCpu(ModelHook):  # type: ignore[misc]
    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self._device = device

    def pre_forward(self, module: torch.nn.Module, *args: Any, **named: Any) -> tuple[Any, Any]:
        return send_to_device(args, _CPU), send_to_device(named, _CPU)

    def post_forward(self, module: torch.nn.Module, output: Any) -> Any:
        return send_to_device(output, self._device)
