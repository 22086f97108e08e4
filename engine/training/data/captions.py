"""Random prompts in the words people use, so that text and collage belong together in training."""

import random
from collections.abc import Sequence

from engine.layout_prior.language.vocabulary import COLOURS
from engine.layout_prior.library.cutout_library import Library

_PLACES = (
    "in the sky", "on grass", "in a meadow", "in a park", "in the snow", "in winter", "on the beach", "on the sea",
    "in the ocean", "underwater", "in a room", "in the kitchen", "in the city", "on the street", "in the forest",
    "in space", "in the desert", "in the mountains", "on a wooden table", "on a table", "in the rain",
)  # fmt: skip
_TIMES = ("at night", "at sunset", "in the evening", "under a starry sky", "at dawn", "on a sunny day")
_JOINTS = (
    "and", "and", "with", "next to", "next to", "beside", "to the left of", "to the right of", "above", "below",
    "in front of", "behind", "on top of", "under",
)  # fmt: skip
_NUMBERS = ("two", "three", "four", "five", "six", "2", "3", "several")
_SIZES = ("small", "big", "tiny", "huge", "little", "large")
_STYLES = (
    "cartoon", "glossy 3d", "drawing of", "clip art of", "flat", "flat sticker of", "line icon of", "sketch of",
    "pixel art", "watercolour", "picture of", "photo of", "painting of",
)  # fmt: skip


class Captions:
    """Draws prompts about the subjects of a library; the same seed draws the same prompts."""

    def __init__(self, library: Library, *, seed: int) -> None:
        self._rng = random.Random(seed)
        self._names = [subject.name for subject in library.subjects]
        self._words = list(library.words)

    def draw(self) -> str:
        """One prompt."""
        rng = self._rng
        parts = [self._thing()]
        for _ in range(rng.choices((0, 1, 2), (60, 33, 7))[0]):
            parts += [rng.choice(_JOINTS), self._thing()]
        if rng.random() < 0.04:
            parts = []
        kind = rng.random()
        if kind < 0.45 or not parts:
            parts.append(rng.choice(_PLACES))
            if rng.random() < 0.3:
                parts.append(rng.choice(_TIMES))
        elif kind < 0.7:
            parts.append(f"on a {rng.choice(list(COLOURS))} background")
        elif kind < 0.78:
            parts.append(rng.choice(_TIMES))
        style = rng.choice(_STYLES) + " " if rng.random() < 0.25 else ""
        return style + " ".join(parts)

    def _thing(self) -> str:
        rng = self._rng
        name = rng.choice(self._words if rng.random() < 0.4 else self._names)
        adjectives: list[str] = []
        if rng.random() < 0.12:
            adjectives.append(rng.choice(_SIZES))
        if rng.random() < 0.35:
            adjectives.append(rng.choice(list(COLOURS)))
        described = " ".join([*adjectives, name])
        if rng.random() < 0.2:
            return f"{rng.choice(_NUMBERS)} {plural(described)}"
        if rng.random() < 0.12:
            return described
        return ("an " if described[0] in "aeiou" else "a ") + described


def plural(words: str) -> str:
    if words.endswith(("s", "x", "ch", "sh")):
        return words if words.endswith("s") else words + "es"
    if words.endswith("y") and words[-2:-1] not in "aeiou":
        return words[:-1] + "ies"
    return words + "s"


def corpus(captions: Captions, library: Library, *, drawn: int) -> Sequence[str]:
    """Text for the tokenizer: drawn prompts, and every name and keyword once."""
    texts = [captions.draw() for _ in range(drawn)]
    for subject in library.subjects:
        texts.append(subject.name)
        texts.extend(subject.keywords)
    return texts
