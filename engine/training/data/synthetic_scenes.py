"""Scenes put together by the hundred, as tensors: drawings pasted onto backdrops, for networks that learn to see.

This is no collage: nothing is laid out, nothing casts a shadow. It makes a thousand scenes in the time in which the
collage makes thirty.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from engine.layout_prior.language.vocabulary import COLOURS
from engine.layout_prior.library.cutout_library import Library
from engine.layout_prior.scenes.backgrounds import SCENE_NAMES, paint_plain, paint_scene
from engine.layout_prior.scenes.drawing import Canvas
from engine.training.data.rendered_cutouts import Stack

DRAWING_PX = 44
HOURS = ("day", "night", "sunset", "rain")
WALLS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey")


@dataclass(frozen=True, slots=True)
class Bank:
    """Drawings fitted into squares: `pixels` is uint8 (drawings, 4, 44, 44), straight alpha, `names` their subjects.

    `extents` (drawings, 2) is how much of a square's width and height each one fills.
    """

    pixels: torch.Tensor
    names: tuple[str, ...]

    @property
    def extents(self) -> torch.Tensor:
        solid = self.pixels[:, 3] > 40
        return torch.stack([solid.any(1).sum(1), solid.any(2).sum(1)], 1) / DRAWING_PX

    def rows_of(self) -> dict[str, list[int]]:
        """Subject → rows of its drawings."""
        rows: dict[str, list[int]] = {}
        for row, name in enumerate(self.names):
            rows.setdefault(name, []).append(row)
        return rows


def gather_bank(stacks: Sequence[Stack], file: Path) -> Bank:
    """All drawings of the stacks; the pixels are kept in `file` for the next time."""
    if not file.exists():
        fitted = [_fit(stack.picture(cutout)) for stack in stacks for cutout in stack.cutouts]
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, np.stack(fitted))
    names = tuple(cutout.name for stack in stacks for cutout in stack.cutouts)
    return Bank(torch.from_numpy(np.load(file)), names)


def library_bank(library: Library) -> Bank:
    """Every cut-out of a model's library."""
    fitted, names = [], []
    for subject in library.subjects:
        for look, files in {"": subject.files, **subject.looks}.items():
            for style in files:
                fitted.append(_fit(library.picture(subject, style, look)))
                names.append(subject.name)
    return Bank(torch.from_numpy(np.stack(fitted)), tuple(names))


def _fit(picture: Image.Image) -> np.ndarray:
    box = picture.getchannel("A").point(lambda alpha: 255 * (alpha > 8)).getbbox()
    seen = picture.crop(box) if box else picture
    seen.thumbnail((DRAWING_PX, DRAWING_PX), Image.Resampling.BOX, reducing_gap=None)
    square = Image.new("RGBA", (DRAWING_PX, DRAWING_PX))
    square.paste(seen, ((DRAWING_PX - seen.width) // 2, (DRAWING_PX - seen.height) // 2))
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


@dataclass(frozen=True, slots=True)
class Backdrops:
    """`pixels` is float 0..1 (backdrops, 3, side, side). `scenes`, `hours` and `walls` say what each shows."""

    pixels: torch.Tensor
    scenes: tuple[str, ...]
    hours: tuple[str, ...]
    walls: tuple[str, ...]


def paint_backdrops(side: int, *, variants: int, seed: int) -> Backdrops:
    """`variants` of every scene at every hour, and as many plain walls again, a third of them in no named colour."""
    rng = np.random.default_rng(seed)
    made: list[tuple[Image.Image, str, str, str]] = []
    for scene in SCENE_NAMES:
        for hour in HOURS:
            for _ in range(variants):
                painted = paint_scene(scene, Canvas(rng, side, side, hour))
                made.append((painted.picture, scene, hour, ""))
    for at in range(len(made)):
        wall = WALLS[at % len(WALLS)] if at % 3 else ""
        tone = [part / 255 for part in COLOURS[wall]] if wall else rng.uniform(0.3, 1, 3)
        red, green, blue = (float(part) for part in tone)
        painted = paint_plain((red, green, blue), exact=bool(wall), width=side, height=side, rng=rng)
        made.append((painted.picture, "", "day", wall))
    pixels = np.stack([np.asarray(picture.convert("RGB")) for picture, *_ in made])
    _, scenes, hours, walls = zip(*made, strict=True)
    return Backdrops(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255, scenes, hours, walls)


@dataclass(slots=True)
class Mosaic:
    """Up to six drawings on each of several backdrops. Places are shares of the side; rows below 0 are left out."""

    backdrops: torch.Tensor  # (n) rows
    drawings: torch.Tensor  # (n, 6) rows
    middles: torch.Tensor  # (n, 6, 2), across and down
    sides: torch.Tensor  # (n, 6)
    tilts: torch.Tensor  # (n, 6), radians
    flips: torch.Tensor  # (n, 6), 1 or -1
    tints: torch.Tensor  # (n, 6, 4): red, green, blue and how much


def render_mosaic(mosaic: Mosaic, bank: Bank, backdrops: Backdrops) -> torch.Tensor:
    """Pictures, float 0..1 (n, 3, side, side)."""
    canvas = backdrops.pixels[mosaic.backdrops].clone()
    count, side = len(canvas), canvas.shape[-1]
    for slot in range(mosaic.drawings.shape[1]):
        there = (mosaic.drawings[:, slot] >= 0).nonzero().flatten()
        if not len(there):
            continue
        drawn = bank.pixels[mosaic.drawings[there, slot]].float() / 255
        drawn = torch.cat([_tint(drawn[:, :3], mosaic.tints[there, slot]), drawn[:, 3:]], 1)
        grid = functional.affine_grid(
            _placing(mosaic, there, slot), [len(there), 4, side, side], align_corners=False
        )
        placed = functional.grid_sample(drawn, grid, align_corners=False)
        alpha = placed[:, 3:]
        canvas[there] = canvas[there] * (1 - alpha) + placed[:, :3] * alpha
    assert len(canvas) == count  # noqa: S101
    return canvas


def _placing(mosaic: Mosaic, there: torch.Tensor, slot: int) -> torch.Tensor:
    """(n, 2, 3): from places in the picture, -1..1, to places in the drawing."""
    middle = 2 * mosaic.middles[there, slot] - 1
    scale, tilt, flip = mosaic.sides[there, slot], mosaic.tilts[there, slot], mosaic.flips[there, slot]
    cosine, sine = tilt.cos() / scale, tilt.sin() / scale
    turn = torch.stack([torch.stack([flip * cosine, flip * sine], 1), torch.stack([-sine, cosine], 1)], 1)
    return torch.cat([turn, -turn @ middle[:, :, None]], 2)


def _tint(rgb: torch.Tensor, tints: torch.Tensor) -> torch.Tensor:
    """Drawings (n, 3, h, w) in another colour, their light and shade kept."""
    luma = (rgb * torch.tensor([0.3, 0.59, 0.11])[:, None, None]).sum(1, keepdim=True)
    wanted = tints[:, :3, None, None]
    painted = (wanted * luma / 0.55).clamp(0, 1) + 0.5 * (luma - 0.75).clamp(min=0)
    return torch.lerp(rgb, painted.clamp(0, 1), tints[:, 3, None, None, None])


def disturb(pictures: torch.Tensor) -> torch.Tensor:
    """Pictures (0..1) as painting and copying leave them, in -1..1: softer, in other light, noisy."""
    count = len(pictures)
    soft = functional.avg_pool2d(functional.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    pictures = 2 * torch.lerp(pictures, soft, torch.rand(count, 1, 1, 1)) - 1
    light = 1 + 0.2 * (torch.rand(count, 1, 1, 1) - 0.5)
    shift = 0.16 * (torch.rand(count, 3, 1, 1) - 0.5)
    return pictures * light + shift + 0.12 * torch.rand(count, 1, 1, 1) * torch.randn_like(pictures)
