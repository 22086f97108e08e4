"""A first stage within the device's memory: a few pictures at once, after running out one, and at last in tiles."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from engine.batching.device.device_profile import DeviceProfile
from engine.batching.device.memory_limits import attempt, free_cache, is_out_of_memory

_IN_TILES = 0
# Sides and strides of a tile, by the names that first stages have for them.
_SIDES = ("tile_sample_min_size", "tile_sample_min_height", "tile_sample_min_width")
_LATENT_SIDES = ("tile_latent_min_size",)
_STRIDES = ("tile_sample_stride_height", "tile_sample_stride_width")
# A quarter of a tile overlaps the next one, so its side is a multiple of four cells.
_QUARTERS = 4
_LEAST_CELLS, _MOST_CELLS = 8, 64

log = logging.getLogger(__name__)


class PictureBatches:
    """Learns for each size what fits, and tries more again after a while, as `DeviceProfile` says."""

    def __init__(self, vae: Any, *, at_once: int, device: torch.device) -> None:
        self._vae = vae
        self._at_once = at_once
        self._device = device
        self._profile, self._model = DeviceProfile(), ""

    def remember_in(self, profile: DeviceProfile, *, model: str) -> None:
        self._profile, self._model = profile, model

    def run(
        self, name: str, rows: torch.Tensor, action: Callable[[torch.Tensor], torch.Tensor]
    ) -> torch.Tensor:
        """`action` on all rows (n, …, h, w), whose answers are put together. Raises what it raises."""
        height, width = rows.shape[-2:]
        kind = f"{self._model}/{name}/{height}x{width}"
        answers: list[torch.Tensor] = []
        done = 0
        while done < len(rows):
            at_once = self._rows(kind)
            batch = rows[done : done + max(1, at_once)]
            with self._tiling(at_once == _IN_TILES, cells=self._cells(name, min(height, width))):
                problem = attempt(lambda part=batch: answers.append(action(part)))  # type: ignore[misc]
            if problem is None:
                done += len(batch)
                if at_once != _IN_TILES:
                    self._profile.record_fit(kind, len(batch))
            elif not is_out_of_memory(problem) or at_once == _IN_TILES or not self._may_tile(len(batch)):
                raise problem
            else:
                self._profile.record_out_of_memory(kind, len(batch), least=_IN_TILES)
                log.warning(
                    "first stage out of memory: fewer pictures at once, or tiles",
                    extra={"network": type(self._vae).__name__, "pictures": len(batch)},
                )
                del problem
                free_cache(self._device)
        return torch.cat(answers)

    def _rows(self, kind: str) -> int:
        fitting = self._profile.rows(kind)
        return self._at_once if fitting is None else min(fitting, self._at_once)

    def _may_tile(self, pictures: int) -> bool:
        return pictures > 1 or hasattr(self._vae, "use_tiling")

    def _cells(self, name: str, side: int) -> int:
        """Latent cells of the picture's shorter side."""
        return side if name == "decode" else side // _factor(self._vae)

    @contextmanager
    def _tiling(self, wanted: bool, *, cells: int) -> Iterator[None]:
        """While it lasts, tiles of at most half of the picture's shorter side."""
        if not wanted or not hasattr(self._vae, "use_tiling"):
            yield
            return
        tiles = tile_settings(self._vae, cells=cells // 2)
        before = {name: getattr(self._vae, name) for name in tiles}
        try:
            for name, value in tiles.items():
                setattr(self._vae, name, value)
            yield
        finally:
            for name, value in before.items():
                setattr(self._vae, name, value)


def tile_settings(vae: Any, *, cells: int = _MOST_CELLS) -> dict[str, Any]:
    """The attributes of a first stage that works in tiles of about so many latent cells a side."""
    side = max(_LEAST_CELLS, min(_MOST_CELLS, cells)) // _QUARTERS * _QUARTERS
    pixels = side * _factor(vae)
    settings = {
        "use_tiling": True,
        **dict.fromkeys(_SIDES, pixels),
        **dict.fromkeys(_LATENT_SIDES, side),
        **dict.fromkeys(_STRIDES, pixels // _QUARTERS * (_QUARTERS - 1)),
    }
    return {name: value for name, value in settings.items() if hasattr(vae, name)}


def _factor(vae: Any) -> int:
    """Pixels per latent cell, as the first stage itself counts them."""
    ratio = getattr(vae, "spatial_compression_ratio", None)
    return int(ratio or 2 ** (len(vae.config.block_out_channels) - 1))
