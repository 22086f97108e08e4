"""A prompt of any length and script, cut into plain words, commas and emoji."""

import unicodedata
from collections.abc import Iterator

from engine.layout_prior.library.cutout_library import Library

PROMPT_LETTERS_MAX = 600


def tokens(prompt: str, library: Library) -> Iterator[str]:
    """Lower-case words; an emoji becomes the name of its subject between commas, punctuation becomes a comma."""
    text = unicodedata.normalize("NFKC", prompt[: 4 * PROMPT_LETTERS_MAX]).lower()
    word = ""
    for letter in text[:PROMPT_LETTERS_MAX]:
        kind = unicodedata.category(letter)
        if kind[0] in "LN" or (letter in "'’-" and word):
            word += "'" if letter == "’" else letter
            continue
        if kind[0] == "M" or kind == "Cf":
            continue
        if word:
            yield from _split(word)
            word = ""
        subject = library.by_emoji.get(letter)
        if subject is not None:
            yield from (",", f"={subject.name}", ",")
        elif kind[0] == "P":
            yield ","
    if word:
        yield from _split(word)


def _split(word: str) -> Iterator[str]:
    """'t-shirt' and '3d' stay whole where the hyphen belongs; possessives lose their ending."""
    word = word.strip("'-").removesuffix("'s") if word not in ("woman's", "man's") else word
    if word:
        yield word
