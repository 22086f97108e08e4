"""`python -m engine.training.evaluation.train_scorer --out DIR`: train the scorer of `chatelier bench thimble`.

Training resumes from the newest checkpoint in `DIR`.
"""

import signal
import sys
from pathlib import Path
from typing import Annotated

import torch
import typer
from safetensors.numpy import save_file
from torch.nn import functional

from engine.training.data.emoji_sources import SCORER_STYLES, fetch, gather, own_drawings
from engine.training.data.rendered_cutouts import render_stack
from engine.training.data.synonyms import synonyms
from engine.training.data.synthetic_scenes import disturb, gather_bank, paint_backdrops
from engine.training.evaluation.eval_prompts import objects
from engine.training.evaluation.metrics import distribution
from engine.training.evaluation.scorer.dataset import Lot, Scenes, vocabulary
from engine.training.evaluation.scorer.network import SIDE_PX, Scorer, words_of
from engine.training.stages.checkpoint import Average
from engine.training.stages.training_loop import TrainingLoop, TrainingSettings

BATCH = 128
REFERENCE = 2000
LEARNING_RATE = 1.5e-3


def loss_of(scorer: Scorer, lot: Lot) -> torch.Tensor:
    """Contrast of pictures with captions both ways (InfoNCE), and naming what is in the picture."""
    pictures = disturb(lot.pictures).to(memory_format=torch.channels_last)
    named = torch.zeros(len(pictures), len(scorer.names))
    for row, subjects in zip(named, lot.subjects, strict=True):
        row[list(subjects)] = 1 / len(subjects)
    with torch.autocast("cpu", torch.bfloat16):
        features, seen = scorer.sight(pictures)
        read = scorer.reading(scorer.ids(lot.captions))
        names = scorer.naming(features)
    seen, read = functional.normalize(seen.float(), dim=1), functional.normalize(read.float(), dim=1)
    scores = scorer.warmth.clamp(max=4.0).exp() * seen @ read.T
    right = torch.arange(len(scores))
    contrast = functional.cross_entropy(scores, right) + functional.cross_entropy(scores.T, right)
    return contrast / 2 + 0.7 * functional.cross_entropy(names.float(), named)


@torch.no_grad()
def check(scorer: Scorer, average: Average, lot: Lot) -> str:
    """Share of held-out pictures whose own caption is the best, and among the five best, of all captions."""
    judge = Scorer(scorer.words, scorer.names)
    average.copy_to(judge)
    judge.eval()
    seen = torch.cat([judge.sight(2 * part - 1)[1] for part in torch.split(lot.pictures, 32)])
    scores = functional.normalize(seen, dim=1) @ judge.read(lot.captions).T
    places = (scores > scores.diagonal()[:, None]).sum(1)
    return (
        f"top-1 {(places < 1).float().mean():.3f}, top-5 {(places < 5).float().mean():.3f} of {len(places)}"
    )


def train(
    out: Annotated[Path, typer.Option(help="Folder of the run: downloads, checkpoint and the scorer.")],
    minutes: Annotated[float, typer.Option(help="How long to train, in minutes.", min=0.0)] = 60,
    steps: Annotated[int | None, typer.Option(help="Instead, up to so many steps in all.", min=1)] = None,
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
    bank = gather_bank(stacks, cache / "drawings.npy")
    backdrops = paint_backdrops(SIDE_PX, variants=6, seed=4)
    asked = sorted({name for word in objects() for name in synonyms().get(word, [word])[:2]})
    state = _state_of(out)
    sampled = Scenes(bank, backdrops, synonyms(), asked=asked, seed=1)
    test = sampled.draw(400)
    scenes = Scenes(
        bank, backdrops, synonyms(), asked=asked, seed=state.stat().st_mtime_ns if state.exists() else 11
    )
    scorer = Scorer(words_of(vocabulary(scenes.names, synonyms())), scenes.names)
    try:
        _learn(scorer, scenes, test, minutes=minutes, steps=steps, out=out)
    except KeyboardInterrupt:
        sys.exit("Stopped. Everything learnt is saved; the same command goes on.")


def _state_of(out: Path) -> Path:
    return out / "scorer.pt"


def _learn(
    scorer: Scorer, scenes: Scenes, test: Lot, *, minutes: float, steps: int | None, out: Path
) -> None:
    scorer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    course = TrainingLoop(
        scorer, _state_of(out), TrainingSettings.for_vision(peak=LEARNING_RATE, weight_decay=0.02)
    )

    def report(step: int, loss: float, share: float) -> None:
        print(f"{share:.2f} step {step} loss {loss:.2f} {check(scorer, course.average, test)}", flush=True)
        _save(scorer, course.average, out)

    try:
        course.learn(
            lambda: loss_of(scorer, scenes.draw(BATCH)), minutes=minutes, steps=steps, on_save=report
        )
    finally:
        _save(scorer, course.average, out)
    _save_reference(Scorer.load(out / "scorer"), scenes.draw(REFERENCE), out / "scorer")
    checked = check(scorer, course.average, test)
    print(f"step {course.step}: {checked}. The scorer is in {out / 'scorer'}")


@torch.no_grad()
def _save_reference(judge: Scorer, lot: Lot, folder: Path) -> None:
    """What drawings look like to the scorer: mean and covariance of its vectors, for Fréchet distances."""
    seen = torch.cat([judge.sight(2 * part - 1)[1] for part in torch.split(lot.pictures, 64)])
    mean, spread = distribution(functional.normalize(seen, dim=1).numpy())
    save_file({"mean": mean, "spread": spread}, folder / "reference.safetensors")


def _save(scorer: Scorer, average: Average, out: Path) -> None:
    averaged = Scorer(scorer.words, scorer.names)
    average.copy_to(averaged)
    averaged.save(out / "scorer")


if __name__ == "__main__":
    typer.run(train)
