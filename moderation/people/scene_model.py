"""How likely a scene harms the well-known person in it: logistic regression over sentence embeddings.

It reads a text in which the name is replaced by "someone", because the encoder knows names and they distract it.
`moderation/training/regressions.py` trains it.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from moderation.text.prompt_classifier import Regression
from moderation.text.sentence_encoder import default_encoder
from moderation.text.text_windows import WindowedText, windows_of

SOMEONE = "someone"


class SceneModel:
    def __init__(self, regression: Regression) -> None:
        self._regression = regression

    @classmethod
    @cache
    def load_bundled(cls) -> "SceneModel":
        return cls(Regression.load("public_figures.npz"))

    def judge(self, texts: Sequence[str]) -> float:
        """The worst of the texts and, of long ones, of the windows around the people in them."""
        return max(map(self._judge, texts), default=0.0)

    def _judge(self, text: str) -> float:
        windowed = windows_of(text)
        chances = (self._chance(windowed.pieces[start:stop]) for start, stop in _spans_with_people(windowed))
        return max(chances)

    def _chance(self, pieces: Sequence[str]) -> float:
        vectors = default_encoder().encode_spans(pieces, [(0, len(pieces))])
        return float(self._regression.chances(vectors)[0])


def _spans_with_people(windowed: WindowedText) -> Iterator[tuple[int, int]]:
    """Of each person the window that shows most of what stands before and behind; of nobody the whole text."""
    whole, *windows = windowed.spans
    named = [place for place, piece in enumerate(windowed.pieces) if SOMEONE in piece.split()]
    if not windows or not named:
        yield whole
        return
    shown = 0
    for place in named:
        if place >= shown:
            around = [(start, stop) for start, stop in windows if start <= place < stop]
            best = max(around, key=lambda span: min(place - span[0], span[1] - 1 - place), default=whole)
            shown = best[1]
            yield best
