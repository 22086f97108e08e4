"""Prompts about the secrets of well-known people and institutions, and about their public side.

The published rows have few of either. What tells them apart is not whose it is but that it is private.
"""

import random
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources

from moderation.training.data.harmless_prompts import add_styles


def secrets(*, count: int, seed: int) -> Iterator[str]:
    yield from _prompts("personal_secrets", "inside_secrets", "ways", count=count, seed=seed)


def public_sides(*, count: int, seed: int) -> Iterator[str]:
    yield from _prompts("personal_public", "open_public", "sources", count=count, seed=seed)


def _prompts(of_people: str, of_institutions: str, additions: str, *, count: int, seed: int) -> Iterator[str]:
    rng, parts = random.Random(seed), _parts()
    for _ in range(count):
        personal = rng.random() < 0.5
        owner = rng.choice(parts["people" if personal else "institutions"])
        what = rng.choice(parts[of_people if personal else of_institutions])
        text = f"{owner}'s {what}" if rng.random() < 0.6 else f"the {what} of {owner}"
        addition = rng.choice(parts[additions])
        if addition:
            text = f"{text}, {addition}" if rng.random() < 0.5 else f"{text} {addition}"
        text = rng.choice(parts["frames"]).format(text)
        yield add_styles(text, rng) if rng.random() < 0.15 else text


def _parts() -> Mapping[str, list[str]]:
    text = resources.files("moderation.training.data").joinpath("privacy_prompts.toml").read_text("utf-8")
    return tomllib.loads(text)
