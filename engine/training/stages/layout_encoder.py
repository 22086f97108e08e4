"""`python -m engine.training.stages.layout_encoder --model DIR`: train the image encoder of a model's collage prior."""

import math
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch.nn import functional

from engine.layout_prior import CollageComposer
from engine.layout_prior.library.cutout_library import Library
from engine.layout_prior.vision.appearance_index import save_appearances
from engine.layout_prior.vision.layout_encoder import CELLS, SCENES, SIDE_PX, LayoutEncoder
from engine.layout_prior.vision.scene_summary import HOURS
from engine.training.data.synthetic_scenes import (
    Mosaic,
    disturb,
    library_bank,
    paint_backdrops,
    render_mosaic,
)
from engine.training.stages.training_loop import TrainingLoop, TrainingSettings

BATCH = 64
LEARNING_RATE = 1.5e-3
EVERYDAY_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Lot:
    """`pictures` is float 0..1 (n, 3, 96, 96). `things` holds rows of picture, cell and extent (4);
    `places` (n, 2) are the rows of scene and hour.
    """

    pictures: torch.Tensor
    things: torch.Tensor
    places: torch.Tensor


class Examples:
    """Mosaics of a library's cut-outs, with what lies where in them."""

    def __init__(self, library: Library, *, seed: int) -> None:
        self._bank = library_bank(library)
        self._extents = self._bank.extents
        self._backdrops = paint_backdrops(SIDE_PX, variants=5, seed=8)
        self._rng = np.random.default_rng(seed)
        names = [subject.name for subject in library.subjects]
        subjects = np.array([names.index(name) for name in self._bank.names])
        drawings = [np.flatnonzero(subjects == row) for row in range(len(names))]
        self._drawings = drawings
        called = {subject.name for word in library.words for subject in library.find_named(word)[:1]}
        self._everyday = np.array(
            [row for row, name in enumerate(names) if name in called] or range(len(names))
        )
        self._places = torch.tensor(
            [
                [SCENES.index(scene), HOURS.index(hour)]
                for scene, hour in zip(self._backdrops.scenes, self._backdrops.hours, strict=True)
            ]
        )

    def draw(self, count: int) -> Lot:
        rng = self._rng
        mosaic = Mosaic(
            backdrops=torch.from_numpy(rng.integers(0, len(self._backdrops.scenes), count)),
            drawings=torch.full((count, 6), -1),
            middles=torch.zeros(count, 6, 2),
            sides=torch.ones(count, 6),
            tilts=0.25 * (torch.rand(count, 6) - 0.5),
            flips=1 - 2 * (torch.rand(count, 6) < 0.5).float(),
            tints=torch.cat([torch.rand(count, 6, 3), 0.85 * (torch.rand(count, 6, 1) < 0.2)], 2),
        )
        rows = []
        for at in range(count):
            for slot, (row, across, down, side) in enumerate(self._paste_things()):
                mosaic.drawings[at, slot] = row
                mosaic.middles[at, slot] = torch.tensor([across, down])
                mosaic.sides[at, slot] = side
                rows.append(self._target(at, row, across, down, side))
        pictures = render_mosaic(mosaic, self._bank, self._backdrops)
        return Lot(pictures, torch.tensor(rows), self._places[mosaic.backdrops])

    def _paste_things(self) -> list[tuple[int, float, float, float]]:
        """One large thing, copies of one, or two to four things that hardly overlap."""
        rng = self._rng
        kind = rng.random()
        if kind < 0.35:
            side = rng.uniform(0.35, 0.95)
            across, down = side / 2 + (1 - side) * rng.random(2)
            return [(self._drawing(), across, down, side)]
        count = int(rng.integers(2, 5))
        copies, first = kind < 0.55, self._drawing()
        middles: list[tuple[float, float]] = []
        for _ in range(40):
            place = (rng.uniform(0.16, 0.84), rng.uniform(0.16, 0.84))
            if len(middles) < count and all(np.hypot(place[0] - x, place[1] - y) > 0.31 for x, y in middles):
                middles.append(place)
        return [
            (first if copies else self._drawing(), across, down, rng.uniform(0.24, 0.42))
            for across, down in middles
        ]

    def _drawing(self) -> int:
        """Subjects with an everyday word more often; each as often as its like, however many drawings it has."""
        everyday = self._rng.random() < EVERYDAY_SHARE
        subject = self._rng.choice(self._everyday) if everyday else self._rng.integers(len(self._drawings))
        return int(self._rng.choice(self._drawings[int(subject)]))

    def _target(self, at: int, row: int, across: float, down: float, side: float) -> list[float]:
        column, line = (min(CELLS - 1, max(0, int(place * CELLS))) for place in (across, down))
        wide, tall = (side * float(share) for share in self._extents[row])
        return [
            at,
            line * CELLS + column,
            across * CELLS - column - 0.5,
            down * CELLS - line - 0.5,
            math.log(max(wide, 0.02)),
            math.log(max(tall, 0.02)),
        ]


def loss_of(layout_encoder: LayoutEncoder, lot: Lot) -> tuple[torch.Tensor, float]:
    """The loss (middles, extents, scene and hour), and the share of things whose middle is found."""
    pictures = disturb(lot.pictures).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        there, extents, places = (made.float() for made in layout_encoder(pictures))
    at = (lot.things[:, 0] * CELLS**2 + lot.things[:, 1]).long()
    wanted = torch.zeros(there.numel())
    wanted[at] = 1
    near = functional.max_pool2d(wanted.view(-1, 1, CELLS, CELLS), 3, 1, 1).flatten()
    weight = torch.where((near > 0) & (wanted == 0), 0.1, torch.where(wanted > 0, 8.0, 1.0))
    found = functional.binary_cross_entropy_with_logits(there.flatten(), wanted, weight=weight)
    placed = (extents.reshape(-1, 4)[at] - lot.things[:, 2:6]).abs().mean()
    scenes, hours = places.split([len(SCENES), len(HOURS)], 1)
    where = functional.cross_entropy(scenes, lot.places[:, 0])
    where = where + 0.5 * functional.cross_entropy(hours, lot.places[:, 1])
    return 4 * found + 2 * placed + 0.3 * where, float((there.flatten()[at] > 0).float().mean())


def train(
    model: Annotated[Path, typer.Option(help="A model's folder; its prior gets the encoder.")],
    out: Annotated[Path, typer.Option(help="Folder of the run: its checkpoint.")],
    minutes: Annotated[float, typer.Option(help="How long to train, in minutes.", min=0.0)] = 60,
    steps: Annotated[int | None, typer.Option(help="Instead, up to so many steps in all.", min=1)] = None,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 takes all.", min=0)] = 0,
) -> None:
    """Train on collages of the model's own library. Ctrl-C saves; the same command goes on."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if threads:
        torch.set_num_threads(threads)
    collage = CollageComposer.load(model / "prior")
    state = out / "beholder.pt"
    layout_encoder = LayoutEncoder()
    save_appearances(collage.library, model / "prior")
    try:
        _learn(layout_encoder, collage.library, state, minutes=minutes, steps=steps, prior=model / "prior")
    except KeyboardInterrupt:
        sys.exit("Stopped. Everything learnt is saved; the same command goes on.")
    print(f"The encoder is in {model / 'prior'}")


def _learn(
    layout_encoder: LayoutEncoder,
    library: Library,
    state: Path,
    *,
    minutes: float,
    steps: int | None,
    prior: Path,
) -> None:
    layout_encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    course = TrainingLoop(
        layout_encoder, state, TrainingSettings.for_vision(peak=LEARNING_RATE, weight_decay=0.01, clip=2.0)
    )
    examples = Examples(library, seed=course.step + 21)
    seen_right = 0.0

    def draw_loss() -> torch.Tensor:
        nonlocal seen_right
        loss, right = loss_of(layout_encoder, examples.draw(BATCH))
        seen_right += 0.02 * (right - seen_right)
        return loss

    def report(step: int, loss: float, share: float) -> None:
        print(f"{share:.2f} step {step} loss {loss:.2f} found {seen_right:.2f}", flush=True)

    try:
        course.learn(draw_loss, minutes=minutes, steps=steps, on_save=report, save_seconds=60)
    finally:
        averaged = LayoutEncoder()
        course.average.copy_to(averaged)
        averaged.save(prior)


if __name__ == "__main__":
    typer.run(train)
