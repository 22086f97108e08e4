"""What a model's configuration files say of its shape. Read without loading weights or torch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.catalog.capabilities import PLAIN, Capabilities, capabilities_of
from engine.catalog.model_files import components, pipeline_class, read_json

MIN_RATIO, MAX_RATIO = 0.25, 4.0
# Multiples in pixels of pipelines that refuse or cut the sizes that their first stage could do.
_GRIDS = {"GlmImagePipeline": 32, "QwenImage21Pipeline": 32}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """`factor` is pixels per latent cell. Sizes must be multiples of `grid` pixels; those of `multiple` suit best.

    `has_image_encoder`: a picture can tell the model what to paint, through an image encoder. `has_ip_adapter`:
    they may also stand beside its words, each by a weight. `structures` are the kinds that it can follow. `can` is what
    it does with such pictures by itself. `refines_windows`: it repaints parts of a canvas that is too large for it at a
    chosen strength.
    """

    factor: int
    grid: int
    multiple: int
    latent_channels: int
    input_channels: int
    sample_pixels: int
    has_image_encoder: bool = False
    has_ip_adapter: bool = False
    refines_windows: bool = True
    structures: tuple[str, ...] = ()
    can: Capabilities = PLAIN

    @property
    def repaints(self) -> bool:
        """Whether the denoiser takes the mask and the masked picture as further channels."""
        return self.input_channels == 2 * self.latent_channels + 1

    def snap(self, width: int, height: int) -> tuple[int, int]:
        """The nearest size that the model can paint exactly."""
        if self.can.sizes:
            return nearest_size(self.can.sizes, width / height)
        step = self.grid
        return max(step, round(width / step) * step), max(step, round(height / step) * step)


def read_layout(folder: Path, *, denoiser: str = "unet") -> Layout:
    """The layout of a folder with a `vae` and a UNet or a transformer. Raises `ModelLoadError` for a broken file."""
    components(folder)
    vae = read_json(folder / "vae" / "config.json")
    config = read_json(folder / denoiser / "config.json")
    factor, channels, packed = _first_stage(vae)
    # A transformer takes latents in patches of two by two cells, a UNet halves them once for each level.
    patches = denoiser == "transformer"
    levels = 2 if patches else len(config.get("block_out_channels", (0,) * 4))
    sample = config.get("sample_size") or (128 if patches else 64)
    cells = sample if isinstance(sample, int) else max(sample)
    pixels = cells * factor // (2 if packed else 1)
    patched = patches and not packed
    return Layout(
        factor=factor,
        grid=2 * factor if patched else factor,
        multiple=factor if packed else factor * 2 ** (levels - 1),
        latent_channels=channels,
        input_channels=channels if patches else int(config.get("in_channels", channels)),
        sample_pixels=pixels,
        can=capabilities_of(pipeline_class(folder)),
    )


def _first_stage(vae: dict[str, Any]) -> tuple[int, int, bool]:
    """Pixels per latent cell, channels, and whether the cells are patches of two by two already, as in FLUX.2."""
    if "temperal_downsample" in vae:  # of Qwen-Image, whose first stage was made for films
        return 2 ** len(vae["temperal_downsample"]), int(vae.get("z_dim", 16)), False
    factor = 2 ** (len(vae.get("block_out_channels", (0,) * 4)) - 1)
    channels = int(vae.get("latent_channels", 4))
    if vae.get("_class_name") == "AutoencoderKLFlux2":
        return 2 * factor, 4 * channels, True
    return factor, channels, False


def read_any_layout(folder: Path) -> Layout:
    """The layout of a folder whose parts have other names: the usual factor of 8 where nothing else is said."""
    parts = components(folder)
    vae = next((name for name in ("vae", "vqvae", "movq", "vqgan") if name in parts), None)
    config = read_json(folder / vae / "config.json") if vae else {}
    levels = len(config.get("block_out_channels") or config.get("encoder_block_out_channels") or (0,) * 4)
    factor = int(config.get("spatial_compression_ratio") or 2 ** (levels - 1))
    grid = _GRIDS.get(pipeline_class(folder), 2 * factor)
    channels = int(config.get("latent_channels", 4))
    return Layout(
        factor=factor,
        grid=grid,
        multiple=max(grid, factor * 4),
        latent_channels=channels,
        input_channels=channels,
        sample_pixels=int(config.get("sample_size") or 512),
        can=capabilities_of(pipeline_class(folder)),
    )


def size_near(area_pixels: int, ratio: float, *, multiple: int) -> tuple[int, int]:
    """Width and height, multiples of `multiple`, near an area and a ratio of width to height.

    A wrong ratio is seen at once, a somewhat smaller area is not: the ratio weighs three times as much.
    """
    ratio = min(max(ratio, MIN_RATIO), MAX_RATIO)
    ideal = math.sqrt(area_pixels * ratio), math.sqrt(area_pixels / ratio)
    sides = [[max(1, int(side / multiple) + more) * multiple for more in (-1, 0, 1)] for side in ideal]

    def badness(size: tuple[int, int]) -> float:
        width, height = size
        return 3 * abs(math.log(width / height / ratio)) + abs(math.log(width * height / area_pixels))

    return min(((width, height) for width in sides[0] for height in sides[1]), key=badness)


def nearest_size(sizes: Sequence[tuple[int, int]], ratio: float) -> tuple[int, int]:
    """The one whose ratio of width to height is the nearest; the largest of equals."""
    return min(sizes, key=lambda size: (abs(math.log(size[0] / size[1] / ratio)), -size[0] * size[1]))


def size_of_area(
    area_pixels: int, ratio: float, *, multiple: int, rounds_up: bool = False
) -> tuple[int, int]:
    """The size that a pipeline makes of a ratio which scales every size to one area, in multiples of `multiple`.

    It makes the same of its own answer.
    """
    scale = _fill_up if rounds_up else _cut
    size = scale(area_pixels, ratio, 1.0, multiple)
    while (again := scale(area_pixels, *size, multiple)) != size:
        size = again
    return size


def _cut(area_pixels: int, width: float, height: float, multiple: int) -> tuple[int, int]:
    scale = math.sqrt(area_pixels / (width * height))
    return int(width * scale // multiple * multiple), int(height * scale // multiple * multiple)


def _fill_up(area_pixels: int, width: float, height: float, multiple: int) -> tuple[int, int]:
    ratio = width / height
    across = math.sqrt(area_pixels * ratio)
    return math.ceil(across / multiple) * multiple, math.ceil(across / ratio / multiple) * multiple


def fit_within(width: int, height: int, *, area_pixels: int, multiple: int) -> tuple[int, int]:
    """The size itself, snapped, when its area is at most `area_pixels`; else the same ratio at that area."""
    if width * height <= area_pixels:
        return max(multiple, round(width / multiple) * multiple), max(
            multiple, round(height / multiple) * multiple
        )
    return size_near(area_pixels, width / height, multiple=multiple)
