"""Harmless embeddings in other languages, made from English ones.

The encoder sets every language a little apart from English, and scatters translations. Few harmless prompts in other
languages are at hand, many in English: each is moved by the difference between a sentence in another language and the
same sentence in English. Without these the classifier flags three times as many harmless captions in German and French.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from moderation.training.data.languages import LANGUAGES, translations
from moderation.training.embedding_cache import embeddings

Floats = NDArray[np.float32]

_PER_LANGUAGE = 1_500


def move_to_languages(english: Floats, cache: Path | None, *, seed: int) -> Floats:
    """N×512 embeddings of harmless English in; 1,500 embeddings for each language out."""
    rng = np.random.default_rng(seed)
    moved = [english[:0]]
    for language in LANGUAGES:
        there, here = zip(*translations(language, seed=seed), strict=True)
        differences = embeddings(there, cache) - embeddings(here, cache)
        chosen = _choose(english, rng) + _choose(differences, rng)
        moved.append(chosen / np.linalg.norm(chosen, axis=1, keepdims=True))
    return np.concatenate(moved).astype(np.float32)


def _choose(vectors: Floats, rng: np.random.Generator) -> Floats:
    chosen: Floats = vectors[rng.integers(0, len(vectors), _PER_LANGUAGE)]
    return chosen


def without_words(count: int) -> Sequence[NDArray[np.int64]]:
    """Texts that are not there have no words."""
    return [np.array([], np.int64)] * count
