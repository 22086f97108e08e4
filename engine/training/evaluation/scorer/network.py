"""The scorer's two networks: how well do these words fit this picture?

As in CLIP (Radford et al. 2021), a picture and a caption each become a unit vector, and their product is the score.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from studio.errors import ModelLoadError

SIDE_PX = 72
WIDTH = 192
WORDS_MAX = 24
_SCALE = ".scale"
_WORD = re.compile(r"[a-z0-9]+")


class Block(nn.Module):
    """Two convolutions beside a straight path; a stride of 2 halves the sides."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.one = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.norm_one = nn.BatchNorm2d(after)
        self.two = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.norm_two = nn.BatchNorm2d(after)
        self.short = nn.Conv2d(before, after, 1, bias=False) if before != after else nn.Identity()
        self.stride = stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, before, side, side) → (n, after, side / stride, side / stride)"""
        made = self.norm_two(self.two(functional.relu(self.norm_one(self.one(x)))))
        straight = self.short(functional.avg_pool2d(x, 2, ceil_mode=True) if self.stride == 2 else x)
        return functional.relu(made + straight)


class Sight(nn.Module):
    """A picture as a vector: (n, 3, 72, 72) in -1..1 → features (n, 2 * 192) and their projection (n, 192)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 32, 4, 4), nn.BatchNorm2d(32), nn.ReLU())
        self.blocks = nn.Sequential(
            Block(32, 32),
            Block(32, 64, 2),
            Block(64, 64),
            Block(64, 128, 2),
            Block(128, 128),
            Block(128, WIDTH, 2),
        )
        # Where things are must outlive the pooling: each of the 3 x 3 cells gets a vector of its own.
        self.place = nn.Parameter(torch.zeros(1, WIDTH, 3, 3))
        self.project = nn.Sequential(nn.Linear(2 * WIDTH, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, WIDTH))

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """(n, 2 * 192): the mean and the maximum over the picture."""
        cells = self.blocks(self.stem(pictures))
        placed = functional.relu(cells + cells * self.place)
        return torch.cat([placed.mean((2, 3)), placed.amax((2, 3))], 1)

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.features(pictures)
        return features, self.project(features)


class Reading(nn.Module):
    """A caption as a vector: (n, 24) word ids, 0 for none → (n, 192)."""

    def __init__(self, words: int, width: int = 160) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.places = nn.Parameter(0.02 * torch.randn(1, WORDS_MAX, width))
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, 0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.project = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, WIDTH))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        there = ids > 0
        there[:, 0] = True
        made = self.layers(self.embed(ids) + self.places, src_key_padding_mask=~there)
        weights = there[..., None].to(made.dtype)
        pooled: torch.Tensor = self.project((made * weights).sum(1) / weights.sum(1))
        return pooled


class Scorer(nn.Module):
    """Both networks and the words they know. `names` are the subjects that the picture side learns to name, too:
    a second task that makes training quicker, and nothing else; it is not kept.
    """

    def __init__(self, words: Sequence[str], names: Sequence[str]) -> None:
        super().__init__()
        self.words, self.names = tuple(words), tuple(names)
        self._ids = {word: at for at, word in enumerate(words, start=2)}
        self.sight = Sight()
        self.reading = Reading(len(words) + 2)
        self.naming = nn.Linear(2 * WIDTH, len(names)) if names else nn.Identity()
        self.warmth = nn.Parameter(torch.tensor(2.7))

    def ids(self, captions: Sequence[str]) -> torch.Tensor:
        """(n, 24) ids: 0 for no word, 1 for an unknown one."""
        rows = np.zeros((len(captions), WORDS_MAX), np.int64)
        for row, caption in zip(rows, captions, strict=True):
            found = [self._ids.get(word, 1) for word in _WORD.findall(caption.lower())][:WORDS_MAX]
            row[: len(found)] = found
        return torch.from_numpy(rows)

    @torch.no_grad()
    def see(self, pictures: Sequence[Image.Image]) -> tuple[torch.Tensor, torch.Tensor]:
        """Unit vectors (n, 192) and features (n, 384) of pictures of any size."""
        seen = [self.sight(as_input(pictures[at : at + 32])) for at in range(0, len(pictures), 32)]
        features, vectors = (torch.cat(parts) for parts in zip(*seen, strict=True))
        return functional.normalize(vectors, dim=1), features

    @torch.no_grad()
    def read(self, captions: Sequence[str]) -> torch.Tensor:
        """Unit vectors (n, 192)."""
        parts = [self.reading(self.ids(captions[at : at + 64])) for at in range(0, len(captions), 64)]
        return functional.normalize(torch.cat(parts), dim=1)

    def save(self, folder: Path) -> None:
        """`scorer.safetensors`, matrices in eight bits with a scale for each row, and `words.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        weights: dict[str, torch.Tensor] = {}
        for name, value in self.state_dict().items():
            if not name.startswith("naming."):
                weights |= _pack(name, value)
        save_file(weights, folder / "scorer.safetensors")
        vocabulary = json.dumps({"words": self.words}, ensure_ascii=False)
        (folder / "words.json").write_text(vocabulary + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Scorer":
        """Ready to score. Raises ModelBroken."""
        try:
            words: list[str] = json.loads((folder / "words.json").read_text(encoding="utf-8"))["words"]
            packed = load_file(folder / "scorer.safetensors")
        except (OSError, ValueError, KeyError) as problem:
            raise ModelLoadError(f"The scorer in {folder} cannot be read: {problem}") from problem
        scorer = cls(words, ())
        weights = {name: _unpack(name, packed) for name in packed if not name.endswith(_SCALE)}
        scorer.load_state_dict(weights, strict=False)
        return scorer.eval()


def words_of(captions: Sequence[str]) -> list[str]:
    """Every word of the captions, sorted."""
    return sorted({word for caption in captions for word in _WORD.findall(caption.lower())})


def as_input(pictures: Sequence[Image.Image]) -> torch.Tensor:
    """RGB pictures of any size → float -1..1 (n, 3, 72, 72)."""
    small = [
        np.asarray(
            picture.convert("RGB").resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC, reducing_gap=3)
        )
        for picture in pictures
    ]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 127.5 - 1


def _pack(name: str, value: torch.Tensor) -> dict[str, torch.Tensor]:
    if value.dim() < 2:
        return {name: value.contiguous()}
    scale = value.flatten(1).abs().amax(1).clamp(min=1e-8) / 127
    rows = value / scale.view(-1, *[1] * (value.dim() - 1))
    return {name: rows.round().to(torch.int8).contiguous(), name + _SCALE: scale}


def _unpack(name: str, packed: dict[str, torch.Tensor]) -> torch.Tensor:
    value, scale = packed[name], packed.get(name + _SCALE)
    return value if scale is None else value.float() * scale.view(-1, *[1] * (value.dim() - 1))
