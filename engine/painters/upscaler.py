"""Larger pictures: a spandrel model run over tiles."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from engine.painters.spandrel_models import BUNDLED_NAME, find_weights, load_upscaler
from engine.painters.weights import choose_device
from engine.pictures.tiles import Enlargement
from studio.errors import BadParameter, JobCancelled, PaintingFailed

Floats = npt.NDArray[np.float32]

# The result then has up to 38 megapixels, as PNG 30 to 100 MB.
MAX_SOURCE_PIXELS = 1536 * 1536
SMALLEST_TILE_PIXELS = 96
# How far a pixel's neighbourhood reaches: 18 convolutions of 3×3 in the bundled model. Larger networks see
# further, with ever less weight; there the fade between tiles hides what is left.
COMPACT_CONTEXT_PIXELS = 20
CONTEXT_PIXELS = 32


class Upscaler:
    """One loaded model. One thread at a time may run it."""

    def __init__(
        self, model: Any, *, weights: Path, device: torch.device, tile_pixels: int | None = None
    ) -> None:
        half = device.type == "cuda" and model.supports_half
        self._model = model.to(device, torch.float16 if half else torch.float32)
        self._device = device
        # Plain chains of convolutions run up to twice as fast with channels last; other layouts take views that
        # such tensors do not allow.
        plain = model.architecture.id in {"Compact", "ESRGAN"}
        self._memory = torch.channels_last if plain else torch.contiguous_format
        self._model.model.to(memory_format=self._memory)
        usual_pixels, self._batch_tiles = (640, 4) if device.type == "cuda" else (320, 1)
        self._tile_pixels = max(SMALLEST_TILE_PIXELS, tile_pixels or usual_pixels)
        self._context_pixels = (
            COMPACT_CONTEXT_PIXELS if model.architecture.id == "Compact" else CONTEXT_PIXELS
        )
        self.name = weights.stem
        with weights.open("rb") as file:
            self.model_hash = hashlib.file_digest(file, "sha256").hexdigest()
        self.scale: int = model.scale

    @classmethod
    def load(
        cls,
        source: str | Path = BUNDLED_NAME,
        *,
        folders: Sequence[Path] = (),
        device: str | None = None,
        tile_pixels: int | None = None,
    ) -> Self:
        """`source` is a file, or a name among `folders` and the bundled models. Raises `ModelBroken`.

        `tile_pixels` is the longest side of what one forward pass sees, at least 96.
        """
        path = find_weights(str(source), tuple(folders))
        model = load_upscaler(path)
        return cls(model, weights=path, device=choose_device(device), tile_pixels=tile_pixels)

    def upscale(
        self,
        image: Image.Image,
        *,
        on_tile: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Image.Image:
        """RGB, `scale` times as wide and as high. `on_tile` hears (tiles done, tiles in all).

        Raises `JobCancelled` between two batches of tiles, `BadParameter` for a picture too large to enlarge.
        A tile size that did not fit into memory is halved and remembered.
        """
        if image.width * image.height > MAX_SOURCE_PIXELS:
            raise BadParameter(
                "picture",
                f"{image.width}×{image.height} is large already; "
                f"up to {MAX_SOURCE_PIXELS / 1e6:.1f} megapixels can be enlarged.",
            )
        while True:
            try:
                return self._upscale(image, on_tile, cancelled)
            except torch.OutOfMemoryError:
                if self._tile_pixels // 2 < SMALLEST_TILE_PIXELS:
                    raise PaintingFailed(
                        "There is too little memory to enlarge this. Please try later."
                    ) from None
                self._tile_pixels //= 2

    def _upscale(
        self, image: Image.Image, on_tile: Callable[[int, int], None] | None, cancelled: Callable[[], bool]
    ) -> Image.Image:
        work = self.begin(image)
        done = 0
        while done < len(work.tiles):
            if cancelled():
                raise JobCancelled
            tiles = work.tiles[done : done + self._batch_tiles]
            answers = self.enlarge([work.read(tile) for tile in tiles])
            for tile, answer in zip(tiles, answers, strict=True):
                work.lay(tile, answer)
            done += len(tiles)
            if on_tile:
                on_tile(done, len(work.tiles))
        return work.result

    def begin(self, image: Image.Image) -> Enlargement:
        """The picture cut into tiles of one size that this model takes well."""
        return Enlargement(
            image, scale=self.scale, tile_pixels=self._tile_pixels, context_pixels=self._context_pixels
        )

    @torch.inference_mode()
    def enlarge(self, parts: Sequence[Floats]) -> list[Floats]:
        """Parts (3, h, w) of one size in [0, 1], of one picture or of many, in one forward pass."""
        batch = torch.from_numpy(np.stack(parts)).to(
            self._device, self._model.dtype, memory_format=self._memory
        )
        answers = self._model(batch).float().cpu().numpy()
        if not np.isfinite(answers).all():
            raise PaintingFailed("The upscaler gave no usable picture. Please tell an administrator.")
        return list(answers)
