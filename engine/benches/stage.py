"""A model on a device, and an easel of its own, for a measurement."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.model_catalog import ModelCatalogue, ModelEntry
from engine.painters.families import new_painter

if TYPE_CHECKING:
    from engine.easel.easel import Easel
    from engine.painters.painter import Painter


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    entry: ModelEntry
    painter: "Painter"
    device: str


def set_up(
    models: ModelCatalogue,
    *,
    model: str | None = None,
    device: str | None = None,
    threads: int | None = None,
) -> Stage:
    """The model, loaded. Raises `BadParameter` or `ModelBroken`."""
    import os

    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from engine.painters.weights import choose_device, use_threads

    use_threads(threads)
    chosen = choose_device(device)
    entry = models.find(model or models.names[0])
    painter = new_painter(entry, models.check(entry), device=chosen)
    painter.load()
    return Stage(entry=entry, painter=painter, device=str(chosen))


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
