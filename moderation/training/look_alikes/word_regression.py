"""Softmax regression over the words of texts, in buckets, and their embeddings; Adam over all texts at once."""

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
Places = NDArray[np.int64]

_EMBEDDING_SCALE = 4.0  # an embedding has length 1: without this its penalty is too heavy
_PENALTY = 0.5  # on half the squares of the weights of all texts
_STEPS, _RATE = 200, 0.04
_MEAN_DECAY, _SQUARE_DECAY = 0.9, 0.99


@dataclass(frozen=True)
class WordBags:
    """The buckets of N texts, those of one text after those of another, and how much each counts.

    `starts` has the first place of each text, which has at least one. `by_bucket` orders the places by their bucket.
    """

    places: Places
    starts: Places
    rows: Places
    shares: Floats
    by_bucket: Places

    @classmethod
    def of(cls, texts: Sequence[str]) -> "WordBags":
        found = [_buckets(text) for text in texts]
        sizes = np.array([len(places) for places in found])
        rows, places = np.repeat(np.arange(len(texts)), sizes), np.concatenate(found)
        shares = (1 / np.sqrt(sizes))[rows].astype(np.float32)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        return cls(places, starts, rows, shares, np.argsort(places, kind="stable"))

    def rarity(self) -> Floats:
        """For each bucket the logarithm of all texts to those that have it; 0 where only one has."""
        pairs = np.unique(self.rows * BUCKETS + self.places)
        having = np.bincount(pairs % BUCKETS, minlength=BUCKETS)
        return np.where(having > 1, np.log(len(self.starts) / (having + 1)), 0.0).astype(np.float32)

    def sums(self, weights: Floats) -> Floats:
        """BUCKETS×K in, N×K out."""
        found: Floats = np.add.reduceat(weights[self.places] * self.shares[:, None], self.starts, axis=0)
        return found

    def gradient(self, errors: Floats) -> Floats:
        """N×K in, BUCKETS×K out."""
        found = np.zeros((BUCKETS, errors.shape[1]), np.float32)
        order = self.by_bucket
        buckets, starts = np.unique(self.places[order], return_index=True)
        shares = self.shares[order, None]
        found[buckets] = np.add.reduceat(errors[self.rows[order]] * shares, starts, axis=0)
        return found


def _buckets(text: str) -> Places:
    words = words_of(text) or [""]
    of_words = [place for word in dict.fromkeys(words) for place in buckets_of_word(word)]
    return np.array([*of_words, *buckets_of_phrases(words)], np.int64)


def fit_words(
    texts: Sequence[str], vectors: Floats, classes: Places, importance: Floats, kinds: Sequence[int]
) -> LookAlikeModel:
    """N texts, N×512 embeddings, the class of each and how much it counts; the `Kind` of each of the K classes."""
    bags, count = WordBags.of(texts), len(kinds)
    rarity = bags.rarity()[:, None]
    scaled = np.hstack([vectors * np.float32(_EMBEDDING_SCALE), np.ones((len(texts), 1), np.float32)])
    importance = (importance / importance.mean()).astype(np.float32)[:, None]
    wanted = np.eye(count, dtype=np.float32)[classes]
    weights = np.zeros((BUCKETS + scaled.shape[1], count), np.float32)
    penalty = np.full((len(weights), 1), _PENALTY, np.float32)
    penalty[-1] = 0  # the bias
    means, squares = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        logits = bags.sums(weights[:BUCKETS] * rarity) + scaled @ weights[BUCKETS:]
        chances = np.exp(logits - logits.max(1, keepdims=True))
        errors = (chances / chances.sum(1, keepdims=True) - wanted) * importance
        gradient = np.concatenate([bags.gradient(errors) * rarity, scaled.T @ errors])
        gradient = (gradient + penalty * weights) / np.float32(len(texts))
        means += np.float32(1 - _MEAN_DECAY) * (gradient - means)
        squares += np.float32(1 - _SQUARE_DECAY) * (gradient * gradient - squares)
        rate = _RATE * 0.5 * (1 + np.cos(np.pi * step / _STEPS))
        length = np.sqrt(squares / np.float32(1 - _SQUARE_DECAY**step)) + np.float32(1e-7)
        weights -= np.float32(rate) * (means / np.float32(1 - _MEAN_DECAY**step)) / length
    embedding = weights[BUCKETS:].copy()
    embedding[:-1] *= np.float32(_EMBEDDING_SCALE)
    return LookAlikeModel(weights[:BUCKETS] * rarity, embedding, kinds)
