"""The exam: paint the answers, judge them, add up the figures."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

from engine.layout_prior import CollageComposer
from engine.training.evaluation import eval_prompts as asked
from engine.training.evaluation.collages import NOT_JUDGED, judge_collages
from engine.training.evaluation.detectors import colour_of, number_of, position_of
from engine.training.evaluation.eval_prompts import Question
from engine.training.evaluation.metrics import (
    distribution,
    diversity,
    frechet,
    is_unchanged,
    seam,
    share_within,
)
from engine.training.evaluation.sampling import TOGETHER, EvaluationRun, edges
from engine.training.evaluation.scorer.network import Scorer

T = TypeVar("T")
SCORER = Path(__file__).parents[2] / "models/scorer"
# A quick exam asks every so many of the questions; its figures say whether something broke, not how good it is.
QUICK_STRIDE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Shares are 0..1. Seams are 1 where there is none. `distance` and `variety` are on the scorer's vectors."""

    single_top1: float
    single_top5: float
    pair_top1: float
    pair_top5: float
    colour_right: float
    count_right: float
    position_right: float
    attached_right: float
    pattern_right: float
    season_right: float
    distance: float
    variety: float
    edit_seam: float
    edit_kept: float
    expand_seam: float
    expand_kept: float
    four_seconds: float
    pictures: int

    def rows(self) -> list[tuple[str, str]]:
        """What each figure is called, and the figure as people read it."""
        return [(TITLES[name], format_figure(name, value)) for name, value in asdict(self).items()]


TITLES = {
    "single_top1": "One thing: own caption first of 200",
    "single_top5": "One thing: own caption among the first five of 200",
    "pair_top1": "Two things: own caption first of 200",
    "pair_top5": "Two things: own caption among the first five of 200",
    "colour_right": "Colour right",
    "count_right": "Number right, one to six",
    "position_right": "Position right",
    "attached_right": "Collages: what is worn, held, ridden, leant on or inside is attached",
    "pattern_right": "Collages: the pattern shows",
    "season_right": "Collages: the season shows",
    "distance": "Fréchet distance to drawings, on scorer vectors",
    "variety": "Variety over seeds: mean cosine distance",
    "edit_seam": "Edits: steepness across the seam, 1 is none",
    "edit_kept": "Edits that leave every pixel outside the mask alone",
    "expand_seam": "Expansions: steepness across the seam, 1 is none",
    "expand_kept": "Expansions that leave every old pixel alone",
    "four_seconds": "Four pictures, seconds (median)",
    "pictures": "Pictures painted",
}
_SHARES = frozenset(name for name in TITLES if name.endswith(("top1", "top5", "right", "kept")))
# Lower is better.
LOW = frozenset({"distance", "edit_seam", "expand_seam", "four_seconds"})


def format_figure(name: str, value: float) -> str:
    """A figure as people read it; a dash for what was not asked."""
    if math.isnan(value):
        return "–"
    if name in _SHARES:
        return f"{100 * value:.0f} %"
    return f"{value:.0f}" if name == "pictures" else f"{value:.2f}"


def exam_size(*, quick: bool) -> int:
    """How many pictures an exam paints."""
    parts = (asked.singles(), asked.pairs(), asked.colours(), asked.counts(), asked.positions())
    count = sum(len(_some(part, quick)) for part in parts)
    count += 2 * (len(_some(asked.EDITS, quick)) + len(_some(asked.EXPANSIONS, quick)))
    return count + 2 * TOGETHER * len(_some(asked.DIVERSE, quick))


def _some(parts: Sequence[T], quick: bool) -> Sequence[T]:
    return parts[::QUICK_STRIDE] if quick else parts


def sit(
    sitting: EvaluationRun,
    *,
    scorer: Path = SCORER,
    quick: bool = False,
    note: Callable[[str], None] = print,
    composer: CollageComposer | None = None,
) -> Figures:
    """All questions, painted and judged. Takes minutes. Raises ModelBroken for a scorer that cannot be read.

    The plain prompts are judged on the collages of a `composer`; without one they are not asked.
    """
    note("Collages")
    collages = judge_collages(composer) if composer is not None else NOT_JUDGED
    judge = Scorer.load(scorer)
    note("One thing each")
    single_questions = _some(asked.singles(), quick)
    single_pictures = sitting.answer(single_questions)
    note("Two things each")
    pair_questions = _some(asked.pairs(), quick)
    pair_pictures = sitting.answer(pair_questions)
    singles = _scores(judge, single_pictures, single_questions, asked.singles())
    pairs = _scores(judge, pair_pictures, pair_questions, asked.pairs())
    note("Colours, numbers and positions")
    colour = _share_right(sitting, _some(asked.colours(), quick), colour_of)
    number = _share_right(sitting, _some(asked.counts(), quick), lambda picture: str(number_of(picture)))
    position = _share_right(sitting, _some(asked.positions(), quick), position_of)
    note("Variety")
    variety = [
        _variety(sitting, judge, prompt, seed=6000 + 10 * at)
        for at, prompt in enumerate(_some(asked.DIVERSE, quick))
    ]
    note("Edits and expansions")
    edit_seam, edit_kept = _edits(sitting, quick=quick)
    expand_seam, expand_kept = _expansions(sitting, quick=quick)
    vectors = judge.see([*single_pictures, *pair_pictures])[0].numpy()
    reference = load_file(scorer / "reference.safetensors")
    return Figures(
        single_top1=share_within(singles, 1),
        single_top5=share_within(singles, 5),
        pair_top1=share_within(pairs, 1),
        pair_top5=share_within(pairs, 5),
        colour_right=colour,
        count_right=number,
        position_right=position,
        attached_right=collages.attached,
        pattern_right=collages.patterned,
        season_right=collages.seasonal,
        distance=frechet(distribution(vectors), (reference["mean"], reference["spread"])),
        variety=float(np.mean(variety)),
        edit_seam=edit_seam,
        edit_kept=edit_kept,
        expand_seam=expand_seam,
        expand_kept=expand_kept,
        four_seconds=median(sitting.seconds) if sitting.seconds else math.nan,
        pictures=exam_size(quick=quick),
    )


def _scores(
    judge: Scorer,
    pictures: list[Image.Image],
    questions: Sequence[Question],
    all_questions: Sequence[Question],
) -> np.ndarray:
    """(pictures, captions): each picture's own caption first on the diagonal, then the captions of all others."""
    own = [question.caption for question in questions]
    rest = [question.caption for question in all_questions if question not in questions]
    seen, _ = judge.see(pictures)
    scores: np.ndarray = (seen @ judge.read([*own, *rest]).T).numpy()
    return scores


def _share_right(
    sitting: EvaluationRun, questions: Sequence[Question], detect: Callable[[Image.Image], str]
) -> float:
    pictures = sitting.answer(questions)
    found = [
        detect(picture) == question.answer[0] for picture, question in zip(pictures, questions, strict=True)
    ]
    return sum(found) / len(found)


def _variety(sitting: EvaluationRun, judge: Scorer, prompt: str, *, seed: int) -> float:
    pictures = [
        *sitting.imagine(prompt, seed=seed, count=TOGETHER),
        *sitting.imagine(prompt, seed=seed + 1000, count=TOGETHER),
    ]
    return diversity(judge.see(pictures)[0].numpy())


def _edits(sitting: EvaluationRun, *, quick: bool) -> tuple[float, float]:
    seams, unchanged = [], []
    for at, (prompt, put, shares) in enumerate(_some(asked.EDITS, quick)):
        (source,) = sitting.imagine(prompt, seed=8000 + at)
        painted, mask = sitting.edit(source, put, shares=shares, seed=8100 + at)
        seams.append(seam(painted, edges(source.size, shares)))
        unchanged.append(is_unchanged(source, painted, ~mask))
    return float(np.mean(seams)), sum(unchanged) / len(unchanged)


def _expansions(sitting: EvaluationRun, *, quick: bool) -> tuple[float, float]:
    seams, unchanged = [], []
    for at, (prompt, sides) in enumerate(_some(asked.EXPANSIONS, quick)):
        (source,) = sitting.imagine(prompt, seed=9000 + at)
        painted = sitting.expand(source, prompt, sides=sides, seed=9100 + at)
        left = _first(painted.width - source.width, "left" in sides, "right" in sides)
        top = _first(painted.height - source.height, "top" in sides, "bottom" in sides)
        frame = (left, top, left + source.width, top + source.height)
        seams.append(seam(painted, frame))
        unchanged.append(
            is_unchanged(source, painted.crop(frame), np.ones((source.height, source.width), bool))
        )
    return float(np.mean(seams)), sum(unchanged) / len(unchanged)


def _first(added: int, before: bool, after: bool) -> int:
    """How many of the added pixels lie before the old picture."""
    if before and after:
        return added // 2
    return added if before else 0
