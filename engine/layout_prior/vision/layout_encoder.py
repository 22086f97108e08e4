"""The layout encoder: a small network that finds where things are in a picture, and before which scene at what hour.

It is the image encoder of retrieval-augmented models, together with the appearances of their cut-outs, which tell what
the things are. A picture of 96 x 96 px becomes 12 x 12 cells; each says how likely the middle of a thing lies in it and
how large that thing is (after CenterNet, arXiv:1904.07850).
"""

import itertools
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from engine.layout_prior.layout.boxes import Box
from engine.layout_prior.scenes.backgrounds import SCENE_NAMES
from engine.layout_prior.scenes.sky import LIGHTS, Colour
from engine.layout_prior.vision.appearance_index import RIM, SIDE, View
from engine.layout_prior.vision.scene_summary import HOURS, SceneSummary, Seen
from studio.errors import ModelLoadError

SIDE_PX, CELLS = 96, 12
SCENES = ("", *SCENE_NAMES)
THINGS_MAX = 6
SURE_MIN = 0.3
# A box may be off by so much of its size; every mixture of these is tried.
_STRETCHES, _SHIFTS = (0.74, 0.86, 1.0, 1.16), (-0.12, -0.06, 0.0, 0.06, 0.12)
_LOOKED_AT_PX, _MARGIN = 192, 0.25


class Cell(nn.Module):
    """A residual pair of convolutions; `stride` 2 halves the sides."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.one = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.norm_one = nn.BatchNorm2d(after)
        self.two = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.norm_two = nn.BatchNorm2d(after)
        self.straight = nn.Conv2d(before, after, 1, bias=False) if before != after else nn.Identity()
        self.stride = stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made = self.norm_two(self.two(functional.relu(self.norm_one(self.one(x)))))
        return functional.relu(made + self.straight(functional.avg_pool2d(x, 2) if self.stride == 2 else x))


class LayoutEncoder(nn.Module):
    """Where, and before what."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 24, 4, 4), nn.BatchNorm2d(24), nn.ReLU())
        self.fine = nn.Sequential(Cell(24, 24), Cell(24, 48, 2), Cell(48, 48))
        self.middle = nn.Sequential(Cell(48, 96, 2), Cell(96, 96))
        self.coarse = Cell(96, 160, 2)
        self.down = nn.ModuleList([nn.Conv2d(160, 64, 1), nn.Conv2d(96, 64, 1), nn.Conv2d(48, 64, 1)])
        self.join = nn.ModuleList([Cell(64, 64), Cell(64, 64)])
        self.there = nn.Conv2d(64, 1, 1)
        self.extent = nn.Conv2d(64, 4, 1)
        self.place = nn.Linear(160, len(SCENES) + len(HOURS))
        nn.init.constant_(self.there.bias, -4.0)  # type: ignore[arg-type]

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(n, 3, 96, 96) in -1..1 → logits of a middle (n, 12, 12), extents (n, 12, 12, 4), and logits of scenes and
        hours (n, 20). An extent is how far the middle lies right of and below the cell's own, in cells, and the
        logarithms of width and height as shares of the picture.
        """
        fine = self.fine(self.stem(pictures))
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        joined = self.join[0](
            functional.interpolate(self.down[0](coarse), scale_factor=2) + self.down[1](middle)
        )
        joined = self.join[1](functional.interpolate(joined, scale_factor=2) + self.down[2](fine))
        return (
            self.there(joined)[:, 0],
            self.extent(joined).permute(0, 2, 3, 1),
            self.place(coarse.mean((2, 3))),
        )

    @torch.no_grad()
    def look(self, picture: Image.Image) -> SceneSummary:
        """What an RGB picture of any size shows."""
        picture = picture.convert("RGB")
        small = np.asarray(picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC))
        tensor = torch.from_numpy(small.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        there, extents, places = self(tensor)
        boxes = _without_nested(_boxes(there[0].sigmoid(), extents[0].flatten(0, 1)))
        large = _with_margin(picture.resize((_LOOKED_AT_PX, _LOOKED_AT_PX), Image.Resampling.BICUBIC))
        scenes, hours = places[0].split([len(SCENES), len(HOURS)])
        light = LIGHTS[HOURS[int(hours.argmax())]] if int(scenes.argmax()) else (1.0, 1.0, 1.0)
        aspect = picture.width / picture.height
        things = [_to_seen(large, box, sure, aspect=aspect, light=light) for box, sure in boxes]
        return SceneSummary(
            things=tuple(things),
            scenes=scenes.softmax(0).numpy(),
            hours=hours.softmax(0).numpy(),
            tone=_tone(small, things),
        )

    def save(self, folder: Path) -> None:
        """`layout_encoder.safetensors`, in half precision."""
        weights = {
            name: _cast(value, torch.float16).contiguous() for name, value in self.state_dict().items()
        }
        save_file(weights, folder / "beholder.safetensors")

    @classmethod
    def load(cls, folder: Path) -> "LayoutEncoder":
        """Ready to look. Raises ModelBroken."""
        try:
            weights = load_file(folder / "beholder.safetensors")
        except (OSError, SafetensorError) as problem:
            raise ModelLoadError(f"The image encoder in {folder} cannot be read: {problem}") from problem
        layout_encoder = cls()
        layout_encoder.load_state_dict({name: _cast(value, torch.float32) for name, value in weights.items()})
        return layout_encoder.eval()


def _cast(value: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return value.to(dtype) if value.is_floating_point() else value


def _boxes(chances: torch.Tensor, extents: torch.Tensor) -> list[tuple[Box, float]]:
    """Boxes in shares of the picture around the surest middles (12, 12), none beside a surer one."""
    peaks = chances * (functional.max_pool2d(chances[None, None], 3, 1, 1)[0, 0] == chances)
    sure, at = peaks.flatten().topk(THINGS_MAX)
    found = []
    for cell, chance in zip(at.tolist(), sure.tolist(), strict=True):
        right, down, width, height = extents[cell].tolist()
        width, height = (min(1.0, max(0.04, math.exp(side))) for side in (width, height))
        row, column = divmod(cell, CELLS)
        middle, level = (column + 0.5 + right) / CELLS, (row + 0.5 + down) / CELLS
        if chance >= SURE_MIN:
            found.append((Box(middle - width / 2, level - height / 2, width, height), chance))
    return found


def _without_nested(boxes: Sequence[tuple[Box, float]]) -> list[tuple[Box, float]]:
    """Without those that lie for the most part in a larger one: ears of a cow, flames of a rocket."""
    separate: list[tuple[Box, float]] = []
    for box, chance in sorted(
        boxes, key=lambda candidate: -candidate[0].width * candidate[0].height * candidate[1]
    ):
        if all(_overlap(box, other) < 0.6 for other, _ in separate):
            separate.append((box, chance))
    return separate


def _overlap(box: Box, other: Box) -> float:
    """The share of a box that lies in another."""
    wide = min(box.right, other.right) - max(box.left, other.left)
    tall = min(box.bottom, other.bottom) - max(box.top, other.top)
    return max(0.0, wide) * max(0.0, tall) / (box.width * box.height)


def _with_margin(picture: Image.Image) -> Image.Image:
    """A picture that goes on at all sides as it ends."""
    wide = round(_MARGIN * picture.width)
    return Image.fromarray(
        np.pad(np.asarray(picture), ((wide, wide), (wide, wide), (0, 0)), mode="edge"), "RGB"
    )


def _to_seen(large: Image.Image, box: Box, sure: float, *, aspect: float, light: Colour) -> Seen:
    """`aspect` is the picture's width over its height before it was made square; `light` is taken off again."""
    parts, grounds, aspects = [], [], []
    rim = 0.1 * box.width
    outside = (box.left - 0.2 * box.width, box.right + 0.1 * box.width)
    for wider, taller, right, down in itertools.product(_STRETCHES, _STRETCHES, _SHIFTS, _SHIFTS):
        width, height = box.width * wider, box.height * taller
        left = box.left + (box.width - width) / 2 + right * box.width
        top = box.top + (box.height - height) / 2 + down * box.height
        rimmed = _grow(Box(left, top, width, height), SIDE / (SIDE - 2 * RIM))
        parts.append(_cut(large, rimmed, SIDE))
        beside = [_cut(large, Box(at, rimmed.top, rim, rimmed.height), SIDE).mean(1) for at in outside]
        grounds.append((beside[0] + beside[1]) / 2)
        aspects.append(aspect * width / height)
    plain = np.array(light, np.float32)
    view = View(
        parts=np.minimum(1, np.stack(parts) / plain),
        grounds=np.minimum(1, np.stack(grounds) / plain),
        aspects=np.array(aspects, np.float32),
    )
    pixels = (255 * np.minimum(1, _cut(large, box, 24) / plain)).astype(np.uint8)
    return Seen(view=view, box=box, sure=sure, pixels=pixels)


def _grow(box: Box, factor: float) -> Box:
    width, height = box.width * factor, box.height * factor
    return Box(box.left - (width - box.width) / 2, box.top - (height - box.height) / 2, width, height)


def _cut(large: Image.Image, box: Box, side: int) -> np.ndarray:
    """A part of a square picture that has a margin around it, in shares of the side without the margin, as float 0..1
    (side, side, 3).
    """
    px = large.width / (1 + 2 * _MARGIN)
    least, most = 0.0, float(large.width)
    left, top, right, bottom = (
        min(max((at + _MARGIN) * px, least), most) for at in (box.left, box.top, box.right, box.bottom)
    )
    left, top = min(left, most - 2), min(top, most - 2)
    corners = (left, top, max(right, left + 1), max(bottom, top + 1))
    return np.asarray(large.resize((side, side), Image.Resampling.BOX, box=corners), np.float32) / 255


def _tone(small: np.ndarray, things: Sequence[Seen]) -> np.ndarray:
    """The middle colour of what lies outside all things, 0..1."""
    outside = np.ones(small.shape[:2], bool)
    for thing in things:
        left, top = (max(0, int(SIDE_PX * side)) for side in (thing.box.left, thing.box.top))
        outside[top : int(SIDE_PX * thing.box.bottom) + 1, left : int(SIDE_PX * thing.box.right) + 1] = False
    if outside.mean() < 0.05:
        outside[:6], outside[-6:], outside[:, :6], outside[:, -6:] = True, True, True, True
    tone: np.ndarray = np.median(small[outside], axis=0) / 255
    return tone
