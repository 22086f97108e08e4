"""Logistic regression over the words of texts, in buckets, and their embeddings; Adam over all texts at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.look_alikes.look_alike_model import (
    BUCKETS,
    LookAlikeModel,
    buckets_of_phrases,
    buckets_of_word,
    words_of,
)

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Places = NDArray[np.int64]

_EMBEDDING_SCALE = 4.0  # an embedding has length 1: without this its penalty is too heavy
_PENALTY = 1.0  # on half the squares of the weights of all texts
_STEPS, _RATE = 250, 0.03
_MEAN_DECAY, _SQUARE_DECAY = 0.9, 0.99


@dataclass(frozen=True)
class WordBags:
    """The buckets of N texts one after the other, the text of each, and how much it counts."""

    places: Places
    rows: Places
    shares: Doubles
    count: int

    @classmethod
    def of(cls, texts: Sequence[str]) -> "WordBags":
        found = [_buckets(text) for text in texts]
        sizes = np.array([len(places) for places in found])
        rows = np.repeat(np.arange(len(texts)), sizes)
        return cls(np.concatenate(found), rows, (1 / np.sqrt(np.maximum(sizes, 1)))[rows], len(texts))

    def rarity(self) -> Doubles:
        """For each bucket the logarithm of all texts to those that have it; 0 where only one has."""
        pairs = np.unique(self.rows * BUCKETS + self.places)
        having = np.bincount(pairs % BUCKETS, minlength=BUCKETS)
        return np.where(having > 1, np.log(self.count / (having + 1)), 0.0)

    def sums(self, weights: Doubles) -> Doubles:
        found: Doubles = np.bincount(
            self.rows, weights=weights[self.places] * self.shares, minlength=self.count
        ).astype(np.float64)
        return found

    def gradient(self, errors: Doubles) -> Doubles:
        found: Doubles = np.bincount(
            self.places, weights=errors[self.rows] * self.shares, minlength=BUCKETS
        ).astype(np.float64)
        return found


def _buckets(text: str) -> Places:
    words = words_of(text)
    of_words = [place for word in dict.fromkeys(words) for place in buckets_of_word(word)]
    return np.array([*of_words, *buckets_of_phrases(words)], np.int64)


def fit_words(texts: Sequence[str], vectors: Floats, harmful: Doubles, importance: Doubles) -> LookAlikeModel:
    """N texts, N×512 embeddings, N labels from 0 to 1, and how much each counts."""
    bags, size = WordBags.of(texts), vectors.shape[1]
    rarity, scaled = bags.rarity(), vectors.astype(np.float64) * _EMBEDDING_SCALE
    importance = importance / importance.mean()
    weights = np.zeros(BUCKETS + size + 1)
    means, squares = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        of_words, of_vector = weights[:BUCKETS], weights[BUCKETS:-1]
        odds = bags.sums(of_words * rarity) + scaled @ of_vector + weights[-1]
        errors = (1 / (1 + np.exp(-odds)) - harmful) * importance
        gradient = np.concatenate(
            [
                bags.gradient(errors) * rarity + _PENALTY * of_words,
                scaled.T @ errors + _PENALTY * of_vector,
                [errors.sum()],
            ]
        ) / len(texts)
        means += (1 - _MEAN_DECAY) * (gradient - means)
        squares += (1 - _SQUARE_DECAY) * (gradient * gradient - squares)
        rate = _RATE * 0.5 * (1 + np.cos(np.pi * step / _STEPS))
        length = np.sqrt(squares / (1 - _SQUARE_DECAY**step)) + 1e-7
        weights -= rate * (means / (1 - _MEAN_DECAY**step)) / length
    embedding = np.append(weights[BUCKETS:-1] * _EMBEDDING_SCALE, weights[-1])
    return LookAlikeModel((weights[:BUCKETS] * rarity).astype(np.float32), embedding.astype(np.float32))
