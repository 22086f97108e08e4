"""Whether a text is harmful or only resembles harmful ones: logistic regression over its words and its embedding.

A harmful prompt and its look-alike have one subject, so their embeddings are close; single words such as "in a video
game", "publicly listed" or "a support group" tell them apart. The regression sees words, two and three words in a row,
parts of words, and the embedding. `moderation/training/look_alikes` trains it.
"""

import math
import re
from collections.abc import Sequence
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
_REMEMBERED_WORDS = 16_384  # with the sum of their weights, about 2 MB
_WORD = re.compile(r"[^\W_]+")
# What it adds to the classifier's logarithm of the odds of harm, chosen on rows for choosing: a share of its own and a
# balance, but not less than so much, and hardly less of a short text.
_SHARE, _BALANCE = 0.75, -0.2
_LEAST, _LEAST_OF_FEW = -1.5, 0.1
# To windows of a text as it added to the whole where that is in doubt; less where the whole is a look-alike, whose
# windows lack what makes it harmless; a little where the whole is nothing of the kind, as most of users' prompts are.
_DOUBTFUL, _RESEMBLING = -2.0, -4.25
_TO_RESEMBLING, _TO_OTHERS, _TO_OTHER_WHOLE = -1.6, 0.4, -0.5
_FEW_WORDS = 12


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

    def __init__(self, words: Floats, embedding: Floats) -> None:
        """`words` has a weight for each bucket, `embedding` 513: one for each number of an embedding, and the bias."""
        self._words = words
        self._embedding = embedding
        self._weigh_word = lru_cache(_REMEMBERED_WORDS)(self._weight_of_word)

    @classmethod
    def load_bundled(cls) -> "LookAlikeModel":
        stored = resources.files("moderation.weights").joinpath("look_alikes.npz")
        with stored.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return cls(arrays["words"].astype(np.float32), arrays["embedding"].astype(np.float32))

    def save(self, path: Path) -> None:
        words, embedding = self._words.astype(np.float16), self._embedding.astype(np.float32)
        np.savez_compressed(path, words=words, embedding=embedding)

    def logits(self, vectors: Floats, texts: Sequence[str]) -> Floats:
        """N×512 embeddings and their texts in, N logarithms of the odds of harm out."""
        found: Floats = vectors @ self._embedding[:-1] + self._embedding[-1]
        found += np.array([self._weigh(words_of(text)) for text in texts], np.float32)
        return found

    def corrections(self, vectors: Floats, texts: Sequence[str]) -> Floats:
        """Of a text, which comes first, and its windows: what to add to the classifier's logarithm of the odds."""
        logits = self.logits(vectors, texts)
        least = np.full(len(texts), _LEAST_OF_FEW, np.float32)
        if len(words_of(texts[0])) >= _FEW_WORDS:
            least[0] = _LEAST
        corrected: Floats = np.maximum(_SHARE * logits, least) + np.float32(_BALANCE)
        if len(texts) > 1 and logits[0] <= _RESEMBLING:
            corrected[:] = _TO_OTHERS
            corrected[0] = _TO_OTHER_WHOLE
        elif logits[0] <= _DOUBTFUL:
            corrected[1:] = _TO_RESEMBLING
        return corrected

    def _weigh(self, words: Sequence[str]) -> float:
        """The mean by the root of the number, as in training: long texts have more words that say little."""
        sums, counts = zip(*map(self._weigh_word, dict.fromkeys(words)), strict=True) if words else ((), ())
        phrases = buckets_of_phrases(words)
        weight: float = sum(sums) + float(self._words[np.array(phrases, np.int64)].sum())
        return weight / math.sqrt(max(1, sum(counts) + len(phrases)))

    def _weight_of_word(self, word: str) -> tuple[float, int]:
        places = buckets_of_word(word)
        return float(self._words[places].sum()), len(places)
