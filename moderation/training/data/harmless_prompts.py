"""Harmless prompts that sound like painters' requests, or look worse than they are.

The published rows are captions and news-like sentences. People who paint write otherwise: fragments, styles,
battles, monsters, wounds of saints, kitchens full of knives. These lines teach the classifier that.
"""

import random
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

_FRAMED = (("creature_frames", "creatures"), ("thing_frames", "things"), ("campaigns", "causes"))


@cache
def parts() -> Mapping[str, list[str]]:
    text = resources.files("moderation.training.data").joinpath("harmless_prompts.toml").read_text("utf-8")
    return tomllib.loads(text)


def harmless(captions: list[str], *, seed: int) -> Iterator[str]:
    """Look-alikes and subjects in many dresses, and the captions cut short as people type them."""
    rng = random.Random(seed)
    for caption in captions:
        words = caption.rstrip(".").lower().split()
        yield " ".join(words[: rng.randint(2, 6)])
        yield add_styles(caption.rstrip("."), rng)
    for subject in parts()["subjects"]:
        yield from (add_styles(subject, rng) for _ in range(12))


def look_alikes(*, seed: int) -> Iterator[str]:
    """What looks worse than it is: fantasy, weapons on a wall, campaigns against harm."""
    rng = random.Random(seed)
    for line in parts()["look_alikes"]:
        yield from (line, line.capitalize() + ".", add_styles(line, rng), add_styles(line, rng))
    for frames, names in _FRAMED:
        for frame in parts()[frames]:
            for name in parts()[names]:
                text = frame.format(name)
                yield text if rng.random() < 0.5 else add_styles(text, rng)


def add_styles(text: str, rng: random.Random) -> str:
    """The text with one to four styles behind it, or one before."""
    styles = rng.sample(parts()["styles"], rng.randint(1, 4))
    return f"{styles[0]} of {text}" if rng.random() < 0.2 else ", ".join([text, *styles])
