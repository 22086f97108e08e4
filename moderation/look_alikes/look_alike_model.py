"""Whether a text is harmful, resembles harmful ones or is ordinary: softmax regression over words and embeddings.

A harmful prompt and its look-alike have one subject, so their embeddings are close; single words such as "in a video
game", "publicly listed" or "a support group" tell them apart. Which words do so depends on the subject. So each subject
has a class for its harm and one for its look-alikes, and their chances are added up. The regression sees words, two and
three words in a row, parts of words, and the embedding. `moderation/training/look_alikes` trains it.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BUCKETS = 2**15
_PART_LETTERS = (3, 4, 5)
_MOST_WORDS = 60  # of a text; what comes later only the embedding knows
_REMEMBERED_WORDS = 16_384  # with the sums of their weights, about 5 MB
_LARGEST = 127  # of a weight in a file
_WORD = re.compile(r"[^\W_]+")
# What it adds to the classifier's logarithm of the odds of harm: a share of its own within limits, and a balance where
# the text is not ordinary. Of texts with few words and of windows it knows less. Chosen on five folds of the rows for
# training and on those for choosing.
_SHARE, _BALANCE, _LEAST, _MOST = 1.5, 1.5, -4.0, 1.0
_FEW_WORDS, _BALANCE_OF_FEW, _LEAST_OF_FEW, _MOST_OF_FEW = 12, 0.0, -1.0, 0.4
_VERY_FEW_WORDS, _LEAST_OF_VERY_FEW = 7, -0.1
_SHARE_OF_WINDOW, _BALANCE_OF_WINDOW, _LEAST_OF_WINDOW = 0.4, 0.45, 0.0
# Times the chance that the whole text is a look-alike, whose windows lack what makes it harmless.
_WINDOW_OF_LOOK_ALIKE = -2.0


class Kind(IntEnum):
    HARMFUL = 0
    LOOK_ALIKE = 1
    ORDINARY = 2


@dataclass(frozen=True, slots=True)
class LookAlikeScores:
    """Of N texts: the logarithm of the odds of harm, and the chances that a text is a look-alike or ordinary."""

    harm: Floats
    look_alike: Floats
    ordinary: Floats


def buckets_of_word(word: str) -> list[int]:
    """Where a word in lower case and its parts of three to five letters fall."""
    framed = f" {word} "
    parts = (framed[at : at + size] for size in _PART_LETTERS for at in range(len(framed) - size + 1))
    return [_bucket(f"w {word}"), *(_bucket(f"c {part}") for part in parts)]


def buckets_of_phrases(words: Sequence[str]) -> list[int]:
    """Where two and three words in a row fall."""
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    triples = [f"{pair} {third}" for pair, third in zip(pairs, words[2:], strict=False)]
    return [_bucket(phrase) for phrase in (*pairs, *triples)]


def words_of(text: str) -> list[str]:
    return _WORD.findall(text.lower())[:_MOST_WORDS]


def _bucket(text: str) -> int:
    return crc32(text.encode()) % BUCKETS


class LookAlikeModel:
    """Safe for many threads."""

    def __init__(self, words: Floats, embedding: Floats, kinds: Sequence[int]) -> None:
        """Of K classes: `words` is BUCKETS×K, `embedding` 513×K with the bias last, `kinds` has a `Kind` for each."""
        self._words = words
        self._embedding = embedding
        self._kinds = np.array(kinds, np.int64)
        self._weigh_word = lru_cache(_REMEMBERED_WORDS)(self._weights_of_word)

    @classmethod
    def load_bundled(cls) -> "LookAlikeModel":
        stored = resources.files("moderation.weights").joinpath("look_alikes.npz")
        with stored.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            words = arrays["words"].astype(np.float32) * arrays["steps"]
            return cls(words, arrays["embedding"].astype(np.float32), arrays["kinds"])

    def save(self, path: Path) -> None:
        """The weights of words in steps of a 127th of the largest of their class."""
        steps = np.maximum(np.abs(self._words).max(0) / _LARGEST, 1e-9).astype(np.float32)
        words = np.round(self._words / steps).astype(np.int8)
        np.savez_compressed(
            path, words=words, steps=steps, embedding=self._embedding.astype(np.float16), kinds=self._kinds
        )

    def scores(self, vectors: Floats, texts: Sequence[str]) -> LookAlikeScores:
        """N×512 embeddings and their texts in."""
        logits = vectors @ self._embedding[:-1] + self._embedding[-1]
        logits += np.stack([self._weigh(words_of(text)) for text in texts])
        harmful, look_alike, ordinary = (_log_sum(logits[:, self._kinds == kind]) for kind in Kind)
        harmless = np.logaddexp(look_alike, ordinary)
        every = np.logaddexp(harmful, harmless)
        return LookAlikeScores(
            harm=harmful - harmless, look_alike=np.exp(look_alike - every), ordinary=np.exp(ordinary - every)
        )

    def corrections(self, vectors: Floats, texts: Sequence[str]) -> Floats:
        """Of a text, which comes first, and its windows: what to add to the classifier's logarithm of the odds."""
        scores = self.scores(vectors, texts)
        corrected: Floats = np.maximum(_SHARE_OF_WINDOW * scores.harm, _LEAST_OF_WINDOW) + _BALANCE_OF_WINDOW
        corrected += _WINDOW_OF_LOOK_ALIKE * scores.look_alike[0]
        least, most, balance = _limits(len(words_of(texts[0])))
        corrected[0] = np.clip(_SHARE * scores.harm[0], least, most) + balance * (1 - scores.ordinary[0])
        return corrected.astype(np.float32)

    def _weigh(self, words: Sequence[str]) -> Floats:
        """The sum by the root of the number, as in training: long texts have more words that say little."""
        phrases = np.array(buckets_of_phrases(words), np.int64)
        weights: Floats = self._words[phrases].sum(0)
        count = len(phrases)
        for sums, places in map(self._weigh_word, dict.fromkeys(words)):
            weights += sums
            count += places
        weights /= np.float32(math.sqrt(max(1, count)))
        return weights

    def _weights_of_word(self, word: str) -> tuple[Floats, int]:
        places = buckets_of_word(word)
        return self._words[places].sum(0), len(places)


def _limits(words: int) -> tuple[float, float, float]:
    """The least and the most share, and the balance, of a text with so many words."""
    if words >= _FEW_WORDS:
        return _LEAST, _MOST, _BALANCE
    least = _LEAST_OF_FEW if words >= _VERY_FEW_WORDS else _LEAST_OF_VERY_FEW
    return least, _MOST_OF_FEW, _BALANCE_OF_FEW


def _log_sum(logits: Floats) -> Floats:
    """The logarithm of the sum of the exponentials of each row; minus infinity where there is no column."""
    summed: Floats = np.logaddexp.reduce(logits, axis=1, initial=-np.inf)
    return summed
