"""Running averages of weights, and checkpoints that a broken-off run goes on from."""

from pathlib import Path
from typing import Any

import torch
from torch import nn


class Average:
    """An exponential moving average of a module's weights, warmed up so that early steps count."""

    def __init__(self, module: nn.Module, *, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.weights = {name: value.detach().clone().float() for name, value in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for name, value in module.state_dict().items():
            self.weights[name].lerp_(value.detach().float(), 1 - decay)

    def copy_to(self, module: nn.Module) -> None:
        module.load_state_dict({name: value.clone() for name, value in self.weights.items()})

    def state_dict(self) -> dict[str, Any]:
        return {"updates": self.updates, "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.updates = state["updates"]
        for name, value in state["weights"].items():
            self.weights[name].copy_(value)


def save_state(path: Path, step: int, **parts: Any) -> None:
    """Write everything a run needs to go on; the old file stays whole until the new one is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".part")
    torch.save({"step": step, **{name: part.state_dict() for name, part in parts.items()}}, fresh)
    fresh.replace(path)


def load_state(path: Path, **parts: Any) -> int:
    """Fill `parts` from `path` and return its step; 0, with nothing touched, when there is no such file."""
    if not path.exists():
        return 0
    state = torch.load(path, map_location="cpu", weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["step"])
