"""`python -m engine.training.beholder --model DIR`: train the image encoder of a model's collage prior."""

import math
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch.nn import functional

from engine.painters.collage import Collage
from engine.painters.collage.beholder import CELLS, HOURS, SCENES, SIDE_PX, VECTOR, Beholder
from engine.painters.collage.parse import parse
from engine.training.captions import Captions
from engine.training.checkpoint import Average, load_state, save_state

BATCH, FRESH, POOL = 64, 16, 10_000
LEARNING_RATE = 1.5e-3


@dataclass(frozen=True, slots=True)
class Example:
    """`picture` is uint8 (128, 128, 3). `things` holds rows of cell, extent (4) and subject; `place` scene and hour."""

    picture: np.ndarray
    things: np.ndarray
    place: tuple[int, int]


class Examples:
    """Collages of random prompts, with what lies where in them."""

    def __init__(self, collage: Collage, *, seed: int) -> None:
        self._collage = collage
        self._captions = Captions(collage.library, seed=seed)
        self._rng = np.random.default_rng(seed)
        self._rows = {subject.name: row for row, subject in enumerate(collage.library.subjects)}

    def draw(self) -> Example:
        wish = self._collage.fill(parse(self._captions.draw(), self._collage.library), self._rng)
        sheet = self._collage.lay_out(wish, self._rng, width=SIDE_PX, height=SIDE_PX)
        rows = []
        for thing, box in sheet.placed:
            subject = sheet.chosen[thing].subject
            if subject is None:
                continue
            middle, level = box.left + box.width / 2, box.top + box.height / 2
            column, row = (min(CELLS - 1, max(0, int(at / SIDE_PX * CELLS))) for at in (middle, level))
            rows.append(
                [
                    row * CELLS + column,
                    middle / SIDE_PX * CELLS - column - 0.5,
                    level / SIDE_PX * CELLS - row - 0.5,
                    math.log(box.width / SIDE_PX),
                    math.log(box.height / SIDE_PX),
                    self._rows[subject.name],
                ]
            )
        backdrop = sheet.backdrop
        hour = HOURS.index(backdrop.time) if backdrop.time else 0
        return Example(
            np.asarray(sheet.picture),
            np.array(rows, np.float32).reshape(-1, 6),
            (SCENES.index(backdrop.scene), hour),
        )


def disturb(pictures: torch.Tensor) -> torch.Tensor:
    """What painting and copying do to a picture, roughly: softness, a shift of its light, noise."""
    count = len(pictures)
    soft = functional.avg_pool2d(functional.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    pictures = torch.lerp(pictures, soft, torch.rand(count, 1, 1, 1))
    light = 1 + 0.2 * (torch.rand(count, 1, 1, 1) - 0.5)
    shift = 0.12 * (torch.rand(count, 3, 1, 1) - 0.5)
    return pictures * light + shift + 0.1 * torch.rand(count, 1, 1, 1) * torch.randn_like(pictures)


def loss_of(beholder: Beholder, examples: list[Example]) -> tuple[torch.Tensor, float]:
    """The loss (middles, extents, subjects, scene and hour), and the share of things whose subject is named right."""
    pictures = torch.from_numpy(np.stack([example.picture for example in examples])).permute(0, 3, 1, 2)
    pictures = disturb(pictures.float() / 127.5 - 1).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        there, extents, vectors, places = (made.float() for made in beholder(pictures))
    at = torch.cat(
        [
            torch.from_numpy(example.things[:, 0].astype(np.int64)) + row * CELLS**2
            for row, example in enumerate(examples)
        ]
    )
    things = torch.from_numpy(np.concatenate([example.things for example in examples]))
    wanted, near = torch.zeros(there.numel()), torch.zeros(there.numel())
    wanted[at] = 1
    near = functional.max_pool2d(wanted.view(-1, 1, CELLS, CELLS), 3, 1, 1).flatten()
    weight = torch.where((near > 0) & (wanted == 0), 0.1, torch.where(wanted > 0, 12.0, 1.0))
    found = functional.binary_cross_entropy_with_logits(there.flatten(), wanted, weight=weight)
    placed = (extents.reshape(-1, 4)[at] - things[:, 1:5]).abs().mean()
    likeness = beholder.likeness(vectors.reshape(-1, VECTOR)[at])
    subjects = things[:, 5].long()
    named = functional.cross_entropy(likeness, subjects)
    scenes, hours = places.split([len(SCENES), len(HOURS)], 1)
    scene = torch.tensor([example.place[0] for example in examples])
    hour = torch.tensor([example.place[1] for example in examples])
    where = functional.cross_entropy(scenes, scene) + 0.5 * functional.cross_entropy(hours, hour)
    right = float((likeness.argmax(1) == subjects).float().mean())
    return 4 * found + placed + named + 0.3 * where, right


def train(
    model: Annotated[Path, typer.Option(help="A model's folder; its prior gets the encoder.")],
    out: Annotated[Path, typer.Option(help="Folder of the run: its checkpoint.")],
    minutes: Annotated[float, typer.Option(help="How long to train, in minutes.", min=0.0)] = 60,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 takes all.", min=0)] = 0,
) -> None:
    """Train on collages of the model's own library. Ctrl-C saves; the same command goes on."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if threads:
        torch.set_num_threads(threads)
    collage = Collage.load(model / "prior")
    state = out / "beholder.pt"
    beholder = Beholder([subject.name for subject in collage.library.subjects])
    try:
        _learn(beholder, collage, state, minutes=minutes, prior=model / "prior")
    except KeyboardInterrupt:
        sys.exit("Stopped. Everything learnt is saved; the same command goes on.")
    print(f"The encoder is in {model / 'prior'}")


def _learn(beholder: Beholder, collage: Collage, state: Path, *, minutes: float, prior: Path) -> None:
    beholder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(
        beholder.parameters(), lr=LEARNING_RATE, weight_decay=0.01, betas=(0.9, 0.98)
    )
    average = Average(beholder, decay=0.998)
    step = load_state(state, model=beholder, average=average, optimizer=optimizer)
    examples, pool = Examples(collage, seed=step + 21), []
    dice = np.random.default_rng(step)
    begun = told = time.monotonic()
    share, seen_right = 0.0, 0.0
    try:
        while share < 1:
            share = min(1.0, (time.monotonic() - begun) / 60 / max(minutes, 1e-9))
            for group in optimizer.param_groups:
                group["lr"] = (
                    LEARNING_RATE * min(1, (step + 1) / 100) * (0.02 + 0.98 * math.cos(math.pi / 2 * share))
                )
            pool += [examples.draw() for _ in range(FRESH if pool else 6 * BATCH)]
            pool = pool[-POOL:]
            batch = [pool[at] for at in dice.choice(len(pool), min(BATCH, len(pool)), replace=False)]
            loss, right = loss_of(beholder, batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(beholder.parameters(), 2.0)
            optimizer.step()
            step += 1
            average.update(beholder)
            seen_right += 0.02 * (right - seen_right)
            if time.monotonic() - told > 60:
                told = time.monotonic()
                print(
                    f"{share:.2f} step {step} loss {float(loss.detach()):.2f} named {seen_right:.2f}",
                    flush=True,
                )
                save_state(state, step, model=beholder, average=average, optimizer=optimizer)
    finally:
        save_state(state, step, model=beholder, average=average, optimizer=optimizer)
        averaged = Beholder(beholder.names)
        average.copy_to(averaged)
        averaged.save(prior)


if __name__ == "__main__":
    typer.run(train)
