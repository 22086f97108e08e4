"""Who appears when a prompt names a person: counted in compositions, without painting."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.layout_prior import CollageComposer
from engine.training.evaluation.eval_prompts import PEOPLE

SEEDS = 200
NEUTRAL, OPEN = "neutral yellow", "left open"


def who_appears(prior: Path, *, seeds: int = SEEDS) -> dict[str, Counter[str]]:
    """Prompt → how often each gender and each skin appeared over the first `seeds` seeds. Raises `ModelLoadError`.

    `prior` is the folder of that name in a model.
    """
    collage = CollageComposer.load(prior)
    found: dict[str, Counter[str]] = {}
    for prompt in PEOPLE:
        counted: Counter[str] = Counter()
        for seed in range(seeds):
            sheet = collage.sheet_of(prompt, seed=seed, width=64, height=64)
            for look in sheet.chosen[0].looks:
                *gender, skin = look.split() or [""]
                counted[skin or NEUTRAL] += 1
                counted[gender[0] if gender else OPEN] += 1
        found[prompt] = counted
    return found


def rows_of(found: Mapping[str, Counter[str]]) -> Iterator[tuple[str, str]]:
    """``a doctor``, ``woman 50 %, man 50 %; light 20 %, …``: genders, then skins, each with its share."""
    for prompt, counted in found.items():
        people = sum(counted.values()) // 2  # each counts with a gender and with a skin
        genders = [kind for kind in ("woman", "man", OPEN) if counted[kind]]
        skins = sorted(set(counted) - {"woman", "man", OPEN})
        shares = [
            ", ".join(f"{kind} {counted[kind] / people:.0%}" for kind in kinds) for kinds in (genders, skins)
        ]
        yield prompt, "; ".join(shares)
