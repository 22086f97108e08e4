"""The bundled scorer of the exam."""

from pathlib import Path

from engine.layout_prior import CollageComposer
from engine.training.evaluation.evaluate import SCORER
from engine.training.evaluation.metrics import share_within
from engine.training.evaluation.scorer.network import Scorer

PRIOR = Path(__file__).parents[3] / "engine/models/thimble/prior"


def test_the_scorer_prefers_a_picture_s_own_words() -> None:
    scorer, collage = Scorer.load(SCORER), CollageComposer.load(PRIOR)
    prompts = ["a banana", "an elephant", "a guitar", "a red car", "a tree", "a key"]
    pictures = [collage.compose(prompt, seed=4, width=256, height=256) for prompt in prompts]
    seen, _ = scorer.see(pictures)
    scores = (seen @ scorer.read(prompts).T).numpy()
    assert share_within(scores, 1) >= 0.5
    assert share_within(scores, 3) >= 0.8
