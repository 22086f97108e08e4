"""Larger pictures: a spandrel model run over tiles. To the step batcher a picture is a sample, and a tile is a step."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from engine.adapters.loading.model_parts import LOADING
from engine.adapters.loading.spandrel_loader import BUNDLED_NAME, find_weights, load_upscaler
from engine.batching.sample import BatchKey, Sample
from engine.batching.sampling_params import SamplingParams
from engine.catalog.geometry import Layout
from engine.imaging.canvas.upscale_tiles import TiledUpscale
from studio.errors import BadParameterError, GenerationError

Floats = npt.NDArray[np.float32]

# The result then has up to 38 megapixels, as PNG 30 to 100 MB.
MAX_SOURCE_PIXELS = 1536 * 1536
SMALLEST_TILE_PIXELS = 96
# How far a pixel's neighbourhood reaches: 18 convolutions of 3×3 in the bundled model. Larger networks see
# further, with ever less weight; there the fade between tiles hides what is left.
COMPACT_CONTEXT_PIXELS = 20
CONTEXT_PIXELS = 32
# A tile's pixels count as a quarter as many latent cells a side: two pictures at once on a CPU, ten on a large GPU.
_PIXELS_PER_CELL = 4
# On a CPU each tile has a forward pass of its own. Two together take 1.6 times as long: their layers come to more than
# 32 MiB each, and memory in such blocks is fetched from the kernel anew, page by page, for every layer. People still
# take turns: each of those at the step batcher gets one tile a turn.
_TILES_A_PASS = {"cpu": 1}
_MOST_TILES_A_PASS = 64


@dataclass(slots=True, kw_only=True, eq=False)
class UpscaleSample(Sample):
    """A picture on its way to be larger; a step is one tile, or several while nobody else needs the room."""

    work: TiledUpscale | None = None

    @property
    def prepared(self) -> bool:
        return self.work is not None

    @property
    def is_finite(self) -> bool:
        return True

    def advance(self, prediction: torch.Tensor, *, wants_estimate: bool = False) -> None:
        """`prediction` is (n, 3, h·scale, w·scale): the next n tiles."""
        assert self.work is not None  # noqa: S101 - a prepared sample
        for answer in prediction.numpy():
            self.work.paste(self.work.tiles[self.position], answer)
            self.position += 1

    def forget(self) -> None:
        Sample.forget(self)
        self.work = None


class Upscaler:
    """One model, loadable. See `StepwiseModel` for who may call what from where.

    `source` is a file, or a name among `folders` and the bundled models. `tile_pixels` is the longest side of what one
    forward pass sees, at least 96. Raises `ModelLoadError` for a source that is not there.
    """

    def __init__(
        self,
        source: str | Path = BUNDLED_NAME,
        *,
        folders: Sequence[Path] = (),
        device: torch.device,
        tile_pixels: int | None = None,
    ) -> None:
        self._weights = find_weights(str(source), tuple(folders))
        self._device = device
        self._model: Any = None
        self._memory = torch.contiguous_format
        self._context_pixels = CONTEXT_PIXELS
        usual_pixels, self._batch_tiles = (640, 4) if device.type == "cuda" else (320, 1)
        self._tiles_a_pass = _TILES_A_PASS.get(device.type, _MOST_TILES_A_PASS)
        self._tile_pixels = max(SMALLEST_TILE_PIXELS, tile_pixels or usual_pixels)
        self.name = self._weights.stem
        self.scale = 0  # known once loaded
        self.layout = Layout(
            factor=_PIXELS_PER_CELL,
            grid=1,
            multiple=1,
            latent_channels=3,
            input_channels=3,
            sample_pixels=self._tile_pixels,
        )

    @cached_property
    def model_hash(self) -> str:
        """SHA-256 of the weight file, in hex."""
        with self._weights.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    # ---- memory

    @property
    def loaded(self) -> bool:
        return self._model is not None

    @property
    def memory_bytes(self) -> int:
        return self._weights.stat().st_size

    def load(self) -> None:
        with LOADING:
            model = load_upscaler(self._weights)
        half = self._device.type == "cuda" and model.supports_half
        model.to(self._device, torch.float16 if half else torch.float32)
        kind = model.architecture.id
        # Plain chains of convolutions run up to twice as fast with channels last; other layouts take views that
        # such tensors do not allow.
        self._memory = torch.channels_last if kind in {"Compact", "ESRGAN"} else torch.contiguous_format
        model.model.to(memory_format=self._memory)
        self._context_pixels = COMPACT_CONTEXT_PIXELS if kind == "Compact" else CONTEXT_PIXELS
        self.scale = model.scale
        self._model = model

    def unload(self) -> None:
        self._model = None

    # ---- a sample's beginning

    def scheduler_name(self, wanted: str | None) -> str:
        return "none"

    def new_sample(self, params: SamplingParams) -> UpscaleSample:
        """A sample for `params.start`. Raises `BadParameterError` for a picture too large to enlarge."""
        assert params.start is not None  # noqa: S101 - the image generator asks for one
        width, height = params.start.size
        if width * height > MAX_SOURCE_PIXELS:
            raise BadParameterError(
                "picture",
                "source_too_large",
                width=width,
                height=height,
                megapixels=f"{MAX_SOURCE_PIXELS / 1e6:.1f}",
            )
        cells = self._tile_pixels // _PIXELS_PER_CELL
        return UpscaleSample(
            model=self,
            params=params,
            key=BatchKey(model=self.name, width=cells, height=cells, conditioning="upscale"),
            scheduler=None,
            generator=torch.Generator(),
            timesteps=torch.arange(1),
            guided=False,
        )

    def prepare(self, samples: Sequence[Sample]) -> None:
        for sample in map(_enlarging, samples):
            assert sample.params.start is not None  # noqa: S101 - see `new_sample`
            self._begin(sample, sample.params.start)

    def begin(self, picture: Image.Image) -> TiledUpscale:
        """The picture cut into tiles of one size that this model takes well."""
        return TiledUpscale(
            picture, scale=self.scale, tile_pixels=self._tile_pixels, context_pixels=self._context_pixels
        )

    def _begin(self, sample: UpscaleSample, picture: Image.Image) -> None:
        sample.work = self.begin(picture)
        sample.position = 0
        sample.timesteps = torch.arange(len(sample.work.tiles))

    # ---- steps

    def predict(self, samples: Sequence[Sample]) -> Sequence[torch.Tensor]:
        """The next tiles of every sample, (n, 3, h·scale, w·scale) each; tiles of one size share forward passes.

        A picture whose tile alone does not fit into memory begins again with tiles of half the size.
        """
        enlarging = [_enlarging(sample) for sample in samples]
        while True:
            try:
                return self._enlarge_next(enlarging)
            except torch.OutOfMemoryError:
                if len(samples) > 1:
                    raise
                self._shrink(enlarging[0])

    def decode(self, samples: Sequence[Sample]) -> Sequence[torch.Tensor]:
        """uint8 (3, height, width)."""
        works = [_enlarging(sample).work for sample in samples]
        return [torch.from_numpy(np.array(work.result)).permute(2, 0, 1) for work in works if work]

    def preview(self, sample: Sample) -> None:
        """The picture itself is known: there is nothing to look forward to."""

    def _enlarge_next(self, samples: Sequence[UpscaleSample]) -> list[torch.Tensor]:
        most = max(1, self._batch_tiles // len(samples))
        wanted = [_next_parts(sample, most=most) for sample in samples]
        answers: list[torch.Tensor] = [torch.empty(0)] * len(samples)
        for shape in dict.fromkeys(parts[0].shape for parts in wanted):
            alike = [index for index, parts in enumerate(wanted) if parts[0].shape == shape]
            parts = [part for index in alike for part in wanted[index]]
            made = [
                self.enlarge(parts[first : first + self._tiles_a_pass])
                for first in range(0, len(parts), self._tiles_a_pass)
            ]
            split = torch.split(torch.cat(made), [len(wanted[index]) for index in alike])
            for index, answer in zip(alike, split, strict=True):
                answers[index] = answer
        return answers

    @torch.inference_mode()
    def enlarge(self, parts: Sequence[Floats]) -> torch.Tensor:
        """Parts (3, h, w) of one size in [0, 1], of one picture or of many, in one forward pass."""
        batch = torch.from_numpy(np.stack(parts)).to(
            self._device, self._model.dtype, memory_format=self._memory
        )
        answers: torch.Tensor = self._model(batch).float().cpu()
        if not torch.isfinite(answers).all():
            raise GenerationError(reason="upscaler_broken")
        return answers

    def _shrink(self, sample: UpscaleSample) -> None:
        """Fewer tiles at once, then smaller ones, from now on. Raises `GenerationError` when none is smaller."""
        if self._batch_tiles > 1:
            self._batch_tiles //= 2
            return
        if self._tile_pixels // 2 < SMALLEST_TILE_PIXELS:
            raise GenerationError(reason="too_large_to_upscale") from None
        self._tile_pixels //= 2
        assert sample.params.start is not None  # noqa: S101 - see `new_sample`
        self._begin(sample, sample.params.start)


def _next_parts(sample: UpscaleSample, *, most: int) -> list[Floats]:
    assert sample.work is not None  # noqa: S101 - a prepared sample
    return [sample.work.read(tile) for tile in sample.work.tiles[sample.position : sample.position + most]]


def _enlarging(sample: Sample) -> UpscaleSample:
    assert isinstance(sample, UpscaleSample)  # noqa: S101 - made by this model
    return sample
