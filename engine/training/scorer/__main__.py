"""`python -m engine.training.scorer --out DIR`: train the scorer of `chatelier bench thimble`, or go on training it."""

import math
import signal
import sys
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch.nn import functional

from engine.training.checkpoint import Average, load_state, save_state
from engine.training.cutouts import render_stack
from engine.training.scorer.network import Scorer, words_of
from engine.training.scorer.scenes import Scene, Scenes
from engine.training.sources import SCORER_STYLES, fetch, gather, own_drawings
from engine.training.synonyms import synonyms

BATCH = 96
POOL = 12_000
FRESH = 24
LEARNING_RATE = 1.5e-3


class Pool:
    """Scenes, used several times each and replaced one by one as new ones come."""

    def __init__(self, scenes: Scenes, capacity: int) -> None:
        self._scenes, self._capacity = scenes, capacity
        self.held: list[Scene] = []
        self._next = 0

    def add(self, count: int) -> None:
        for _ in range(count):
            scene = self._scenes.draw()
            if len(self.held) < self._capacity:
                self.held.append(scene)
            else:
                self.held[self._next % self._capacity] = scene
                self._next += 1

    def draw(self, count: int, rng: np.random.Generator) -> list[Scene]:
        return [self.held[at] for at in rng.choice(len(self.held), count, replace=False)]


def disturb(pictures: torch.Tensor) -> torch.Tensor:
    """What painting does to a picture, roughly: a little blur, a shift of all colours, noise, a small move."""
    count = len(pictures)
    soft = functional.avg_pool2d(functional.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    share = torch.rand(count, 1, 1, 1) * 1.2
    pictures = torch.lerp(pictures, soft, share.clamp(max=1))
    pictures = pictures * (1 + 0.2 * (torch.rand(count, 1, 1, 1) - 0.5)) + 0.2 * (
        torch.rand(count, 3, 1, 1) - 0.5
    )
    pictures = pictures + torch.rand(count, 1, 1, 1) * 0.12 * torch.randn_like(pictures)
    down, across = (int(torch.randint(-6, 7, ())) for _ in range(2))
    return torch.roll(pictures, (down, across), (2, 3))


def loss_of(scorer: Scorer, scenes: list[Scene]) -> torch.Tensor:
    """Contrast of pictures with captions both ways (InfoNCE), and naming what is in the picture."""
    pictures = torch.from_numpy(np.stack([scene.picture for scene in scenes]))
    pictures = disturb(pictures.permute(0, 3, 1, 2).float() / 127.5 - 1).to(memory_format=torch.channels_last)
    named = torch.zeros(len(scenes), len(scorer.names))
    for row, scene in zip(named, scenes, strict=True):
        row[list(scene.subjects)] = 1 / len(scene.subjects)
    with torch.autocast("cpu", torch.bfloat16):
        features, seen = scorer.sight(pictures)
        read = scorer.reading(scorer.ids([scene.caption for scene in scenes]))
        names = scorer.naming(features)
    seen, read = functional.normalize(seen.float(), dim=1), functional.normalize(read.float(), dim=1)
    scores = scorer.warmth.clamp(max=4.0).exp() * seen @ read.T
    right = torch.arange(len(scenes))
    contrast = functional.cross_entropy(scores, right) + functional.cross_entropy(scores.T, right)
    return contrast / 2 + 0.5 * functional.cross_entropy(names.float(), named)


@torch.no_grad()
def check(scorer: Scorer, average: Average, scenes: list[Scene]) -> str:
    """Share of held-out pictures whose own caption is the best, and among the five best, of all captions."""
    judge = Scorer(scorer.words, scorer.names)
    average.copy_to(judge)
    judge.eval()
    pictures = torch.from_numpy(np.stack([scene.picture for scene in scenes])).permute(0, 3, 1, 2)
    seen = torch.cat([judge.sight(part.float() / 127.5 - 1)[1] for part in pictures.split(32)])
    scores = functional.normalize(seen, dim=1) @ judge.read([scene.caption for scene in scenes]).T
    places = (scores > scores.diagonal()[:, None]).sum(1)
    return (
        f"top-1 {(places < 1).float().mean():.3f}, top-5 {(places < 5).float().mean():.3f} of {len(scenes)}"
    )


def train(
    out: Annotated[Path, typer.Option(help="Folder of the run: downloads, checkpoint and the scorer.")],
    minutes: Annotated[float, typer.Option(help="How long to train, in minutes.", min=0.0)] = 60,
    cache: Annotated[Path | None, typer.Option(help="Folder for downloads and drawings.")] = None,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 takes all.", min=0)] = 0,
) -> None:
    """Train the scorer on a CPU and write it to OUT/scorer. Ctrl-C saves; the same command goes on."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if threads:
        torch.set_num_threads(threads)
    cache = cache or out / "cache"
    fetch(cache)
    stacks = [
        render_stack([*gather(cache), *own_drawings()], cache / "drawings"),
        render_stack(gather(cache, SCORER_STYLES), cache / "drawings-scorer"),
    ]
    state = out / "scorer.pt"
    started = state.stat().st_mtime_ns if state.exists() else 11
    scenes = Scenes(stacks, synonyms(), seed=started)
    sampled = Scenes(stacks, synonyms(), seed=1)
    test = [sampled.draw() for _ in range(400)]
    words = words_of([*synonyms(), *scenes.names, *(sampled.draw().caption for _ in range(3000))])
    scorer = Scorer(words, scenes.names)
    try:
        _learn(scorer, Pool(scenes, POOL), test, state, minutes=minutes, out=out)
    except KeyboardInterrupt:
        sys.exit("Stopped. Everything learnt is saved; the same command goes on.")


def _learn(scorer: Scorer, pool: Pool, test: list[Scene], state: Path, *, minutes: float, out: Path) -> None:
    scorer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(scorer.parameters(), lr=LEARNING_RATE, weight_decay=0.02, betas=(0.9, 0.98))
    average = Average(scorer, decay=0.998)
    step = load_state(state, model=scorer, average=average, optimizer=optimizer)
    rng = np.random.default_rng(step + 1)
    pool.add(10 * BATCH)
    begun = told = time.monotonic()
    share = 0.0
    try:
        while share < 1:
            share = min(1.0, (time.monotonic() - begun) / 60 / max(minutes, 1e-9))
            for group in optimizer.param_groups:
                group["lr"] = (
                    LEARNING_RATE * min(1, (step + 1) / 100) * (0.02 + 0.98 * math.cos(math.pi / 2 * share))
                )
            pool.add(3 * FRESH if len(pool.held) < POOL // 4 else FRESH)
            loss = loss_of(scorer, pool.draw(BATCH, rng))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(scorer.parameters(), 1.0)
            optimizer.step()
            step += 1
            average.update(scorer)
            if time.monotonic() - told > 120:
                told = time.monotonic()
                print(
                    f"{share:.2f} step {step} loss {float(loss.detach()):.2f} {check(scorer, average, test)}",
                    flush=True,
                )
                _save(scorer, average, optimizer, state, step, out)
    finally:
        _save(scorer, average, optimizer, state, step, out)
    print(f"step {step}: {check(scorer, average, test)}. The scorer is in {out / 'scorer'}")


def _save(
    scorer: Scorer, average: Average, optimizer: torch.optim.Optimizer, state: Path, step: int, out: Path
) -> None:
    save_state(state, step, model=scorer, average=average, optimizer=optimizer)
    averaged = Scorer(scorer.words, scorer.names)
    average.copy_to(averaged)
    averaged.save(out / "scorer")


if __name__ == "__main__":
    typer.run(train)
