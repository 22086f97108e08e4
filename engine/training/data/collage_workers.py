"""Collages put together by several processes at once, so that a GPU does not wait for them."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from engine.layout_prior import CollageComposer
from engine.training.data.captions import Captions

_WEIGHTED_IMAGE = 16

Batch = tuple[np.ndarray, list[str]]


class _Compositions(IterableDataset[Batch]):
    """Portions of pictures and their captions without end; every worker has its own seeds."""

    def __init__(self, library: Path, *, seed: int, side_px: int) -> None:
        self._library, self._seed, self._side_px = library, seed, side_px

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        number = worker.id if worker is not None else 0
        collage = CollageComposer.load(self._library)
        seeds = itertools.count((self._seed + 7919 * number) % 2**31)
        captions = Captions(collage.library, seed=self._seed + number)
        while True:
            prompts = [captions.draw() for _ in range(_WEIGHTED_IMAGE)]
            pictures = [
                np.asarray(
                    collage.compose(prompt, seed=next(seeds), width=self._side_px, height=self._side_px)
                )
                for prompt in prompts
            ]
            yield np.stack(pictures), prompts


def compose_ahead(library: Path, *, seed: int, side_px: int, workers: int) -> Callable[[int], Batch]:
    """A source of pictures, uint8 (n, side, side, 3), and captions, made ahead by `workers` processes."""
    loader = DataLoader(
        _Compositions(library, seed=seed, side_px=side_px),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=8,
        multiprocessing_context="spawn",
        persistent_workers=True,
    )
    weighted_images = iter(loader)

    def draw(count: int) -> Batch:
        pictures: list[np.ndarray] = []
        captions: list[str] = []
        while len(captions) < count:
            more, words = next(weighted_images)
            pictures.append(np.asarray(more))
            captions += words
        return np.concatenate(pictures)[:count], captions[:count]

    return draw
