"""A model on a device, and an easel of its own, for a measurement."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from engine.benches.random_models import RANDOM_NAMES, write_random_model
from engine.model_catalog import ModelCatalogue, ModelEntry
from engine.painters.families import new_painter
from studio.errors import BadParameter

if TYPE_CHECKING:
    from engine.easel.easel import Easel
    from engine.painters.painter import Painter


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`painter` is loaded; `folder` is its model's."""

    entry: ModelEntry
    folder: Path
    painter: "Painter"
    device: str


def set_up(
    models: ModelCatalogue, *, model: str | None = None, device: str | None = None, threads: int | None = None
) -> Stage:
    """A model of the catalogue, loaded. Raises `BadParameter` or `ModelBroken`."""
    entry = models.find(model or models.names[0])
    return _stage(entry, models.check(entry), device=device, threads=threads)


@contextmanager
def set_up_random(name: str, *, device: str | None = None, threads: int | None = None) -> Iterator[Stage]:
    """A model of real size with random weights. Raises `BadParameter` for a name that nobody knows."""
    from engine.painters.weights import random_network

    if name not in RANDOM_NAMES:
        raise BadParameter("random", f"must be one of {', '.join(RANDOM_NAMES)}.")
    with TemporaryDirectory(prefix="chatelier-random-") as place:
        folder = Path(place)
        entry = write_random_model(name, folder)
        yield _stage(entry, folder, device=device, threads=threads, loads=random_network)


def _stage(
    entry: ModelEntry, folder: Path, *, device: str | None, threads: int | None, **options: object
) -> Stage:
    # As in a worker: threads that wait must not spin. Read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from engine.painters.weights import choose_device, use_threads

    use_threads(threads)
    chosen = choose_device(device)
    painter = new_painter(entry, folder, device=chosen, **options)
    painter.load()
    return Stage(entry=entry, folder=folder, painter=painter, device=str(chosen))


@contextmanager
def easel_for(
    painter: "Painter", *, device: str, threads: int | None = None, rows: int | None = None
) -> "Iterator[Easel]":
    """An easel that runs, with the painter, already loaded, on its shelf."""
    from engine.easel.easel import Easel
    from engine.easel.limits import RowLimits
    from engine.easel.shelf import Shelf
    from engine.painters.weights import choose_device

    chosen = choose_device(device)
    shelf = Shelf(budget_bytes=2**60)
    shelf.hold(painter)
    limits = RowLimits(chosen.type) if rows is None else RowLimits(chosen.type, cells=2**40, max_rows=rows)
    easel = Easel(shelf, device=chosen, limits=limits, threads=threads)
    easel.start()
    try:
        yield easel
    finally:
        shelf.let_go(painter)
        easel.close()
