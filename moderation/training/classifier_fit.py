"""The fit of the prompt classifier: a hidden layer over embeddings, weights for words beside it, softmax, Adam."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from moderation.text.prompt_classifier import BUCKETS, CLASSES, ClassifierNetwork

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

_HIDDEN_UNITS = 160
_EPOCHS = 12
_BATCH_ROWS = 1024
_STEP = 3e-3
_DECAY, _DECAY_OF_WORDS = 0.02, 0.4
_DROPPED, _DROPPED_WORDS = 0.3, 0.3
_SMOOTHING = 0.05


def fit(
    vectors: Floats, words: list[Places], targets: Places, weights: Floats, *, seed: int
) -> ClassifierNetwork:
    """`words` are the places of each text's words among the buckets; `weights` say how much each row counts."""
    rng = np.random.default_rng(seed)
    parameters: list[Floats] = []
    for wide, narrow in pairwise((vectors.shape[1], _HIDDEN_UNITS, len(CLASSES))):
        parameters.append((rng.standard_normal((wide, narrow)) * np.sqrt(2 / wide)).astype(np.float32))
        parameters.append(np.zeros(narrow, np.float32))
    parameters.append(np.zeros((BUCKETS, len(CLASSES)), np.float32))
    moments = [(np.zeros_like(parameter), np.zeros_like(parameter)) for parameter in parameters]
    wanted = np.full((len(targets), len(CLASSES)), _SMOOTHING / len(CLASSES), np.float32)
    wanted[np.arange(len(targets)), targets] += 1 - _SMOOTHING
    batches = -(-len(targets) // _BATCH_ROWS)
    step = 0
    for _ in range(_EPOCHS):
        order = rng.permutation(len(targets))
        for start in range(0, len(order), _BATCH_ROWS):
            rate = _STEP * 0.5 * (1 + np.cos(np.pi * step / (_EPOCHS * batches)))
            batch = order[start : start + _BATCH_ROWS]
            step += 1
            bags = TrainingBags.of([words[row] for row in batch], rng)
            gradients = _gradients(parameters, vectors[batch], bags, wanted[batch], weights[batch], rng)
            _adam(parameters, gradients, moments, rate=rate, step=step)
    return ClassifierNetwork(*parameters)


class TrainingBags:
    """The words of a batch, some of them dropped: flat places, the row of each, and how much it counts."""

    def __init__(self, places: Places, rows: Places, shares: Floats, count: int) -> None:
        self.places, self.rows, self.shares, self.count = places, rows, shares, count

    @classmethod
    def of(cls, words: list[Places], rng: np.random.Generator) -> "TrainingBags":
        sizes = np.array([len(places_of_text) for places_of_text in words])
        places, rows = np.concatenate(words), np.repeat(np.arange(len(words)), sizes)
        shares = (1 / np.sqrt(np.maximum(sizes, 1)))[rows] / (1 - _DROPPED_WORDS)
        mask = rng.random(len(places)) >= _DROPPED_WORDS
        return cls(places[mask], rows[mask], shares[mask].astype(np.float32), len(words))

    def logits(self, table: Floats) -> Floats:
        found = np.zeros((self.count, table.shape[1]), np.float32)
        np.add.at(found, self.rows, table[self.places] * self.shares[:, None])
        return found

    def gradient(self, error: Floats, table: Floats) -> Floats:
        found = np.zeros_like(table)
        np.add.at(found, self.places, error[self.rows] * self.shares[:, None])
        return found


def _gradients(
    parameters: list[Floats],
    x: Floats,
    bags: TrainingBags,
    wanted: Floats,
    weights: Floats,
    rng: np.random.Generator,
) -> list[Floats]:
    w1, b1, w2, b2, table = parameters
    before = x @ w1 + b1
    dropout = (rng.random(before.shape, np.float32) >= _DROPPED) / np.float32(1 - _DROPPED)
    hidden = np.maximum(before, 0) * dropout
    logits = hidden @ w2 + b2 + bags.logits(table)
    logits -= logits.max(1, keepdims=True)
    chances = np.exp(logits)
    chances /= chances.sum(1, keepdims=True)
    error = (chances - wanted) * (weights / weights.sum())[:, None]
    back = (error @ w2.T) * dropout * (before > 0)
    return [x.T @ back, back.sum(0), hidden.T @ error, error.sum(0), bags.gradient(error, table)]


def _adam(
    parameters: list[Floats],
    gradients: list[Floats],
    moments: list[tuple[Floats, Floats]],
    *,
    rate: float,
    step: int,
) -> None:
    """Kingma and Ba, 2015, with decay of the weights kept apart (Loshchilov and Hutter, 2019)."""
    for parameter, gradient, (mean, square) in zip(parameters, gradients, moments, strict=True):
        mean[:] += np.float32(0.1) * (gradient - mean)
        square[:] += np.float32(0.001) * (gradient * gradient - square)
        length = np.sqrt(square / (1 - 0.999**step)) + 1e-8
        parameter[:] -= np.float32(rate) * (mean / np.float32(1 - 0.9**step) / length)
        if parameter.ndim == 2:
            decay = _DECAY_OF_WORDS if len(parameter) == BUCKETS else _DECAY
            parameter[:] *= np.float32(1 - rate * decay)
