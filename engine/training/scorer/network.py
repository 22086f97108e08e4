"""The scorer's two networks: how well do these words fit this picture?

As in CLIP (Radford et al. 2021), a picture and a caption each become a unit vector, and their product is the score.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from studio.errors import ModelBroken

SIDE_PX = 128
WIDTH = 256
WORDS_MAX = 24
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
        straight = self.short(functional.avg_pool2d(x, 2) if self.stride == 2 else x)
        return functional.relu(made + straight)


class Sight(nn.Module):
    """A picture as a vector: (n, 3, 128, 128) in -1..1 → features (n, 2 * 256) and their projection (n, 256)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 48, 4, 4), nn.BatchNorm2d(48), nn.ReLU())
        self.blocks = nn.Sequential(
            Block(48, 48),
            Block(48, 96, 2),
            Block(96, 96),
            Block(96, 192, 2),
            Block(192, 192),
            Block(192, WIDTH, 2),
        )
        # Where things are must outlive the pooling: each of the 4 x 4 cells gets a vector of its own.
        self.place = nn.Parameter(torch.zeros(1, WIDTH, 4, 4))
        self.project = nn.Sequential(nn.Linear(2 * WIDTH, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, WIDTH))

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """(n, 2 * 256): the mean and the maximum over the picture."""
        cells = self.blocks(self.stem(pictures))
        placed = functional.relu(cells + cells * self.place)
        return torch.cat([placed.mean((2, 3)), placed.amax((2, 3))], 1)

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.features(pictures)
        return features, self.project(features)


class Reading(nn.Module):
    """A caption as a vector: (n, 24) word ids, 0 for none → (n, 256)."""

    def __init__(self, words: int, width: int = 192) -> None:
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
    """Both networks and the words they know. `names` are the subjects that the picture side also learns to name."""

    def __init__(self, words: Sequence[str], names: Sequence[str]) -> None:
        super().__init__()
        self.words, self.names = tuple(words), tuple(names)
        self._ids = {word: at for at, word in enumerate(words, start=2)}
        self.sight = Sight()
        self.reading = Reading(len(words) + 2)
        self.naming = nn.Linear(2 * WIDTH, len(names))
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
        """Unit vectors (n, 256) and features (n, 512) of pictures of any size."""
        seen = [self.sight(as_input(pictures[at : at + 32])) for at in range(0, len(pictures), 32)]
        features, vectors = (torch.cat(parts) for parts in zip(*seen, strict=True))
        return functional.normalize(vectors, dim=1), features

    @torch.no_grad()
    def read(self, captions: Sequence[str]) -> torch.Tensor:
        """Unit vectors (n, 256)."""
        parts = [self.reading(self.ids(captions[at : at + 64])) for at in range(0, len(captions), 64)]
        return functional.normalize(torch.cat(parts), dim=1)

    def save(self, folder: Path) -> None:
        """`scorer.safetensors` in half precision and `words.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: _halved(value) for name, value in self.state_dict().items()}
        save_file(weights, folder / "scorer.safetensors")
        said = {"words": self.words, "names": self.names}
        (folder / "words.json").write_text(json.dumps(said, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Scorer":
        """Ready to score. Raises ModelBroken."""
        try:
            said: dict[str, Any] = json.loads((folder / "words.json").read_text(encoding="utf-8"))
            weights = load_file(folder / "scorer.safetensors")
        except (OSError, ValueError) as problem:
            raise ModelBroken(f"The scorer in {folder} cannot be read: {problem}") from problem
        scorer = cls(said["words"], said["names"])
        scorer.load_state_dict({name: _widened(value) for name, value in weights.items()})
        return scorer.eval()


def words_of(captions: Sequence[str]) -> list[str]:
    """Every word of the captions, sorted."""
    return sorted({word for caption in captions for word in _WORD.findall(caption.lower())})


def as_input(pictures: Sequence[Image.Image]) -> torch.Tensor:
    """RGB pictures of any size → float -1..1 (n, 3, 128, 128)."""
    small = [
        np.asarray(
            picture.convert("RGB").resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC, reducing_gap=3)
        )
        for picture in pictures
    ]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 127.5 - 1


def _halved(value: torch.Tensor) -> torch.Tensor:
    return value.half().contiguous() if value.is_floating_point() else value.contiguous()


def _widened(value: torch.Tensor) -> torch.Tensor:
    return value.float() if value.is_floating_point() else value
