"""Calling a UNet: Stable Diffusion 1.x and 2.x, SDXL, Thimble."""

from collections.abc import Mapping
from pathlib import Path

import torch

from engine.easel.lane import Conditions, Lane
from engine.model_catalog import ModelEntry
from engine.model_folders import read_json
from engine.painters.denoising import DenoisingPainter
from engine.painters.painter import Sketch
from engine.painters.rows import Rows
from engine.painters.weights import LoadsNetworks, load_network


class UNetPainter(DenoisingPainter):
    """A family says with which words, and with what else, its UNet is told what to paint."""

    def __init__(
        self,
        entry: ModelEntry,
        folder: Path,
        *,
        device: torch.device,
        loads: LoadsNetworks = load_network,
    ) -> None:
        super().__init__(entry, folder, device=device, loads=loads)
        # Width of the guidance embedding of a model that has guidance distilled into it, else None.
        self._distilled: int | None = read_json(folder / "unet" / "config.json").get("time_cond_proj_dim")

    def _forward(self, rows: Rows) -> torch.Tensor:
        answer: torch.Tensor = self._parts["unet"](
            rows.sample,
            rows.timesteps,
            encoder_hidden_states=rows.conditions["text"],
            timestep_cond=rows.conditions.get("guidance"),
            added_cond_kwargs=self._added(rows.conditions),
            return_dict=False,
        )[0]
        return answer

    def _added(self, conditions: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor] | None:
        """Further conditions for the UNet, taken from the stacked rows."""
        return None

    def _is_guided(self, sketch: Sketch) -> bool:
        return sketch.guidance_scale > 1 and not self._distilled

    def _shared_conditions(self, lane: Lane) -> Conditions:
        if not self._distilled:
            return {}
        embedded = embed_guidance(lane.sketch.guidance_scale - 1, width=self._distilled)
        return {"guidance": embedded.to(self._device, self._dtype)}


def embed_guidance(scale: float, *, width: int) -> torch.Tensor:
    """(width,); sinusoids of 1000 × scale, as in Meng et al., arXiv:2210.03142, and latent consistency models."""
    half = width // 2
    step = torch.log(torch.tensor(10000.0)) / (half - 1)
    angles = scale * 1000.0 * torch.exp(torch.arange(half, dtype=torch.float32) * -step)
    embedded = torch.cat([torch.sin(angles), torch.cos(angles)])
    return torch.nn.functional.pad(embedded, (0, width - 2 * half))
