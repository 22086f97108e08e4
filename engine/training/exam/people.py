"""Who appears when a prompt names a person: counted in compositions, without painting."""

from collections import Counter
from pathlib import Path

import numpy as np

from engine.painters.collage import Collage
from engine.painters.collage.parse import parse
from engine.training.exam.questions import PEOPLE

SEEDS = 200


def who_appears(model: Path, *, seeds: int = SEEDS) -> dict[str, Counter[str]]:
    """Prompt → how often each gender and each skin appeared; both are empty words where a drawing leaves them open."""
    collage = Collage.load(model / "prior")
    found: dict[str, Counter[str]] = {}
    for prompt in PEOPLE:
        counted: Counter[str] = Counter()
        for seed in range(seeds):
            sheet = collage.lay_out(
                parse(prompt, collage.library), np.random.default_rng([seed, 77]), width=64, height=64
            )
            for look in sheet.chosen[0].looks:
                *gender, skin = look.split() or [""]
                counted[skin or "neutral yellow"] += 1
                counted[gender[0] if gender else "gender left open"] += 1
        found[prompt] = counted
    return found
