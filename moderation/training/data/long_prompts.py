"""Long prompts as people write them, as they are, mixed, and with harm in the middle.

People describe a picture in many clauses: the subject, styles, artists, the camera. The published harmful rows are
single sentences. Without these rows the classifier takes many clauses for harm, and misses harm among them.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from moderation.text.text_windows import WORDS, WindowedText, windows_of

_FEWEST_HARMFUL_SHARE = 0.7  # of the harmful words that a window must hold to be called harmful


@dataclass(frozen=True, slots=True)
class HiddenHarm:
    """`texts` are the whole prompt and those of its windows that hold most of the harmful words."""

    prompt: str
    texts: tuple[str, ...]


def mix_prompts(prompts: Sequence[str], *, count: int, seed: int) -> Iterator[str]:
    """Prompts of clauses from two to four others."""
    rng = random.Random(seed)
    for _ in range(count):
        clauses = [windows_of(prompt).pieces for prompt in rng.sample(prompts, rng.randint(2, 4))]
        chosen = [piece for pieces in clauses for piece in pieces[: rng.randint(1, 4)]]
        yield " ".join(piece if piece[-1] in ",.;:!?|" else piece + "," for piece in chosen).rstrip(",")


def carriers(prompts: Sequence[str], *, count: int, seed: int) -> Iterator[str]:
    """Prompts of more words than a window has: long ones as they are, short ones one after another."""
    rng = random.Random(seed)
    for _ in range(count):
        text = rng.choice(prompts)
        while len(text.split()) <= WORDS:
            text = f"{text.rstrip('.,')}, {rng.choice(prompts)}"
        yield text


def hide(harm: str, carrier: str, rng: random.Random) -> HiddenHarm:
    """The harmful text between two clauses of the carrier, or at one of its ends."""
    pieces = windows_of(carrier).pieces
    place = rng.randint(0, len(pieces))
    before, after = " ".join(pieces[:place]), " ".join(pieces[place:])
    harm = harm.strip().rstrip(".")
    joint = rng.choice([", ", ", ", ". ", " and "])
    start = f"{before.rstrip(',.')}{joint}" if before else ""
    prompt = f"{start}{harm}, {after}".rstrip(", ")
    first = len(start.split())
    return HiddenHarm(prompt, tuple(_with_words(windows_of(prompt), first, first + len(harm.split()))))


def _with_words(windowed: WindowedText, first: int, last: int) -> Iterator[str]:
    """The whole, and the windows that hold most of the words from `first` to before `last`."""
    sizes = [len(piece.split()) for piece in windowed.pieces]
    for (start, stop), text in zip(windowed.spans, windowed.texts, strict=True):
        begin, end = sum(sizes[:start]), sum(sizes[:stop])
        if min(end, last) - max(begin, first) >= _FEWEST_HARMFUL_SHARE * (last - first):
            yield text
