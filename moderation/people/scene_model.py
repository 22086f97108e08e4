"""How likely a scene harms the well-known person in it: logistic regression over sentence embeddings.

It reads a text in which the name is replaced by "someone", because the encoder knows names and they distract it.
`moderation/training/public_figures.py` trains it.
"""

from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from moderation.text.sentence_encoder import default_encoder
from moderation.text.windows import windows_of

SOMEONE = "someone"
Floats = NDArray[np.float32]


class SceneModel:
    """`weights` has 513 numbers: one for each of the embedding, and the bias."""

    def __init__(self, weights: Floats) -> None:
        self._weights = weights

    @classmethod
    @cache
    def load_bundled(cls) -> "SceneModel":
        stored = resources.files("moderation.weights").joinpath("public_figures.npz")
        with stored.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return cls(arrays["weights"].astype(np.float32))

    def chances(self, embeddings: Floats) -> Floats:
        """N×512 in, N numbers from 0 to 1 out."""
        chances: Floats = 1 / (1 + np.exp(-(embeddings @ self._weights[:-1] + self._weights[-1])))
        return chances

    def judge(self, texts: Sequence[str]) -> float:
        """The worst of the texts and of their windows that mention somebody."""
        return max(map(self._judge, texts), default=0.0)

    def _judge(self, text: str) -> float:
        windowed = windows_of(text)
        places = zip(windowed.texts, windowed.spans, strict=True)
        spans = [span for words, span in places if SOMEONE in words.split()] or [windowed.spans[0]]
        return float(self.chances(default_encoder().encode_spans(windowed.pieces, spans)).max())
