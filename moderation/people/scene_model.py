"""How likely a scene harms the well-known person in it: logistic regression over sentence embeddings.

It reads a text in which the name is replaced by "someone", because the encoder knows names and they distract it.
`moderation/training/regressions.py` trains it.
"""

from collections.abc import Sequence
from functools import cache

from moderation.text.prompt_classifier import Regression
from moderation.text.sentence_encoder import default_encoder
from moderation.text.windows import windows_of

SOMEONE = "someone"


class SceneModel:
    def __init__(self, regression: Regression) -> None:
        self._regression = regression

    @classmethod
    @cache
    def load_bundled(cls) -> "SceneModel":
        return cls(Regression.load("public_figures.npz"))

    def judge(self, texts: Sequence[str]) -> float:
        """The worst of the texts and of their windows that mention somebody."""
        return max(map(self._judge, texts), default=0.0)

    def _judge(self, text: str) -> float:
        windowed = windows_of(text)
        places = zip(windowed.texts, windowed.spans, strict=True)
        spans = [span for words, span in places if SOMEONE in words.split()] or [windowed.spans[0]]
        return float(self._regression.chances(default_encoder().encode_spans(windowed.pieces, spans)).max())
