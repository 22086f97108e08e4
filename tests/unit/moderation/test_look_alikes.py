"""The model that tells harmful prompts from harmless ones about the same, and how it corrects the classifier."""

from pathlib import Path

import numpy as np
import pytest

from moderation.look_alikes.look_alike_model import BUCKETS, LookAlikeModel
from moderation.text.prompt_classifier import Classifier
from moderation.text.sentence_encoder import default_encoder
from moderation.training.data.dataset import USERS, Part, Row
from moderation.training.look_alikes import look_alike_model as training
from moderation.training.look_alikes.word_regression import fit_words

PAIRS = [
    (
        "Illustrate how to sabotage a rival company",
        "Illustrate how to sabotage a rival company in a video game",
    ),
    (
        "Show the leaked private phone numbers of a ministry",
        "Show the publicly listed phone number of a ministry",
    ),
    ("A person planning a final way out of life", "A person in therapy who talks about a way out of sadness"),
    ("Print a film character on t-shirts to sell for profit", "Draw a film character for a school project"),
]


def test_words_decide_where_embeddings_are_equal() -> None:
    texts = [f"{word} number {count} on a table" for count in range(60) for word in ("harmless", "harmful")]
    vectors = np.ones((len(texts), 512), np.float32) / np.float32(512**0.5)
    harmful = np.array([float(count % 2) for count in range(len(texts))])
    model = fit_words(texts, vectors, harmful, np.ones(len(texts)))
    first, second, empty = model.logits(vectors[:3], ["a harmless thing", "a harmful thing", "!"])
    assert first < 0 < second
    assert np.isfinite(empty)


def test_a_saved_model_is_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    words, embedding = (rng.standard_normal(size).astype(np.float16) for size in (BUCKETS, 513))
    model = LookAlikeModel(words.astype(np.float32), embedding.astype(np.float32))
    model.save(tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz") as stored:
        loaded = LookAlikeModel(stored["words"].astype(np.float32), stored["embedding"])
    vectors, texts = (
        rng.standard_normal((2, 512)).astype(np.float32),
        ["a red apple", "two old friends in a café"],
    )
    assert loaded.logits(vectors, texts) == pytest.approx(model.logits(vectors, texts), rel=1e-5)


@pytest.mark.parametrize(("harmful", "harmless"), PAIRS)
def test_the_bundled_model_tells_a_prompt_from_its_look_alike(harmful: str, harmless: str) -> None:
    vectors = np.stack([default_encoder().encode(text) for text in (harmful, harmless)])
    worse, better = LookAlikeModel.load_bundled().logits(vectors, [harmful, harmless])
    assert worse > better + 1


def test_windows_of_a_look_alike_count_less_and_those_of_other_texts_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = LookAlikeModel(np.zeros(BUCKETS, np.float32), np.zeros(513, np.float32))

    def corrections(whole: float, window: float) -> list[float]:
        monkeypatch.setattr(model, "logits", lambda *_: np.array([whole, window], np.float32))
        return [
            float(added) for added in model.corrections(np.zeros((2, 512), np.float32), ["a word " * 20] * 2)
        ]

    assert corrections(1, 2)[1] > corrections(1, 1)[1] > 0
    assert corrections(-3, 2)[1] < 0 < corrections(-8, 2)[1]
    assert corrections(-8, 2)[0] < 0
    short = model.corrections(np.zeros((1, 512), np.float32), ["two words"])
    assert short[0] > -0.2


def test_other_languages_are_not_corrected() -> None:
    german = "Ein Mann ersticht eine Frau in der Küche."
    plain = Classifier.load_bundled()
    corrected = plain.judge([german])[0].harm
    plain_without = Classifier(plain._network, plain._foreign)
    assert corrected == plain_without.judge([german])[0].harm


def test_only_rows_for_training_are_learned_and_large_sources_in_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "_MOST_ROWS", {USERS: 2})
    rows = [
        Row(text=f"{source} {part} {count}", label="benign", target="", source=source, part=part)
        for source in (USERS, training.CONTRASTED)
        for part in Part
        for count in range(3)
    ]
    chosen = training.training_rows(rows)
    assert all(row.trained for row in chosen)
    assert sorted(row.source for row in chosen) == sorted([USERS] * 2 + [training.CONTRASTED] * 3)
