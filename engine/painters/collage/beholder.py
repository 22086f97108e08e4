"""The beholder: a small network that sees what is in a picture, and where, as vectors among the library's subjects.

It is the image encoder of retrieval-augmented models. A picture of 96 x 96 px becomes 12 x 12 cells; each says how
likely the middle of a thing lies in it, how large that thing is, and what it is as a vector (after CenterNet,
arXiv:1904.07850, with vectors in place of classes). The nearest rows of a table are the subjects that look like it.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from engine.painters.collage.backdrop import SCENE_NAMES
from engine.painters.collage.impression import HOURS, Impression, Seen
from engine.painters.collage.layout import Box
from engine.painters.collage.remake import Kinship
from studio.errors import ModelBroken

SIDE_PX, CELLS, VECTOR = 96, 12, 48
SCENES = ("", *SCENE_NAMES)
THINGS_MAX = 6
SURE_MIN = 0.25
_SHARPNESS = 14.0


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


class Beholder(nn.Module):
    """`names` are the subjects of its table, in the order of its rows."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = tuple(names)
        self.stem = nn.Sequential(nn.Conv2d(3, 24, 4, 4), nn.BatchNorm2d(24), nn.ReLU())
        self.fine = nn.Sequential(Cell(24, 24), Cell(24, 48, 2), Cell(48, 48))
        self.middle = nn.Sequential(Cell(48, 96, 2), Cell(96, 96))
        self.coarse = Cell(96, 160, 2)
        self.down = nn.ModuleList([nn.Conv2d(160, 64, 1), nn.Conv2d(96, 64, 1), nn.Conv2d(48, 64, 1)])
        self.join = nn.ModuleList([Cell(64, 64), Cell(64, 64)])
        self.there = nn.Conv2d(64, 1, 1)
        self.extent = nn.Conv2d(64, 4, 1)
        self.vector = nn.Conv2d(64, VECTOR, 1)
        self.place = nn.Linear(160, len(SCENES) + len(HOURS))
        self.table = nn.Parameter(torch.randn(len(names), VECTOR))
        nn.init.constant_(self.there.bias, -4.0)  # type: ignore[arg-type]

    def forward(
        self, pictures: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """(n, 3, 96, 96) in -1..1 → logits of a middle (n, 12, 12), extents (n, 12, 12, 4), vectors
        (n, 12, 12, 48), and logits of scenes and hours (n, 20). An extent is how far the middle lies right of and
        below the cell's own, in cells, and the logarithms of width and height as shares of the picture.
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
            self.vector(joined).permute(0, 2, 3, 1),
            self.place(coarse.mean((2, 3))),
        )

    def likeness(self, vectors: torch.Tensor) -> torch.Tensor:
        """(n, 48) → logits over the subjects (n, names): cosines, sharpened."""
        return _SHARPNESS * functional.normalize(vectors, dim=1) @ functional.normalize(self.table, dim=1).T

    @torch.no_grad()
    def kinship(self) -> Kinship:
        """The table as unit vectors, for finding subjects."""
        return Kinship(self.names, functional.normalize(self.table, dim=1).numpy())

    @torch.no_grad()
    def look(self, picture: Image.Image) -> Impression:
        """What an RGB picture of any size shows."""
        small = np.asarray(picture.convert("RGB").resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC))
        tensor = torch.from_numpy(small.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        there, extents, vectors, places = self(tensor)
        chances = there[0].sigmoid()
        peaks = chances * (functional.max_pool2d(chances[None, None], 3, 1, 1)[0, 0] == chances)
        sure, at = peaks.flatten().topk(THINGS_MAX)
        boxes, kinds = extents[0].flatten(0, 1), vectors[0].flatten(0, 1)
        things = [
            _seen(small, divmod(cell, CELLS), chance, boxes[cell], kinds[cell])
            for chance, cell in zip(sure.tolist(), at.tolist(), strict=True)
            if chance >= SURE_MIN
        ]
        scenes, hours = places[0].split([len(SCENES), len(HOURS)])
        return Impression(
            things=tuple(things),
            scenes=scenes.softmax(0).numpy(),
            hours=hours.softmax(0).numpy(),
            tone=_tone(small, things),
        )

    def save(self, folder: Path) -> None:
        """`beholder.safetensors` in half precision and `beholder.json`."""
        weights = {
            name: _cast(value, torch.float16).contiguous() for name, value in self.state_dict().items()
        }
        save_file(weights, folder / "beholder.safetensors")
        said = json.dumps({"names": self.names}, ensure_ascii=False)
        (folder / "beholder.json").write_text(said + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Beholder":
        """Ready to look. Raises ModelBroken."""
        try:
            names = json.loads((folder / "beholder.json").read_text(encoding="utf-8"))["names"]
            weights = load_file(folder / "beholder.safetensors")
        except (OSError, ValueError, KeyError) as problem:
            raise ModelBroken(f"The image encoder in {folder} cannot be read: {problem}") from problem
        beholder = cls(names)
        beholder.load_state_dict({name: _cast(value, torch.float32) for name, value in weights.items()})
        return beholder.eval()


def _cast(value: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return value.to(dtype) if value.is_floating_point() else value


def _seen(
    small: np.ndarray, cell: tuple[int, int], sure: float, extent: torch.Tensor, vector: torch.Tensor
) -> Seen:
    right, down, width, height = (float(part) for part in extent)
    width, height = min(1.0, max(0.04, np.exp(width))), min(1.0, max(0.04, np.exp(height)))
    middle, level = (cell[1] + 0.5 + right) / CELLS, (cell[0] + 0.5 + down) / CELLS
    box = Box(middle - width / 2, level - height / 2, width, height)
    left, top, right, bottom = (
        min(SIDE_PX, max(0.0, SIDE_PX * side))
        for side in (box.left, box.top, max(box.left, 0) + width, max(box.top, 0) + height)
    )
    pixels = Image.fromarray(small).resize((24, 24), Image.Resampling.BOX, box=(left, top, right, bottom))
    unit = functional.normalize(vector, dim=0).numpy()
    return Seen(vector=unit, box=box, sure=sure, pixels=np.asarray(pixels))


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
