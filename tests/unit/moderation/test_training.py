"""How the prompt classifier is taught: rows it never sees, words it may lean on, and made prompts that name nobody."""

import json
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from typer.testing import CliRunner

from moderation.text.prompt_classifier import BUCKETS, CLASSES, ClassifierNetwork, word_places
from moderation.training import classifier_fit as fitting
from moderation.training import embedding_cache, language_transfer
from moderation.training.classifier_fit import fit
from moderation.training.data.dataset import Part, part_of, read_rows
from moderation.training.data.languages import LANGUAGES, foreign_prompts, translations
from moderation.training.data.privacy_prompts import public_sides, secrets

TEXTS = [f"{word} number {count} on a table" for count in range(120) for word in ("harmless", "harmful")]


def test_a_row_is_always_in_the_same_part_whatever_its_capitals() -> None:
    parts = [part_of(text) for text in TEXTS * 20]
    assert parts == [part_of(text.upper()) for text in TEXTS * 20]
    shares = {part: sum(split is part for split in parts) / len(parts) for part in Part}
    assert shares[Part.TRAIN] == pytest.approx(5 / 6, abs=0.06)
    assert shares[Part.CHOOSE] == pytest.approx(1 / 12, abs=0.05)


def test_the_unseen_rows_are_written_for_the_evaluation(tmp_path: Path) -> None:
    import typer

    from moderation.training.data import dataset

    lines = [
        json.dumps({"text": text, "label": "benign", "category": "", "source": "made"}) for text in TEXTS
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    app = typer.Typer()
    app.command()(dataset.write)
    out = tmp_path / "unseen.jsonl"
    result = CliRunner().invoke(app, [str(tmp_path / "rows.jsonl"), "--out", str(out), "--part", "measure"])
    assert result.exit_code == 0, result.output
    written = list(read_rows(out))
    assert 0 < len(written) < len(TEXTS) / 6
    assert {row.part for row in written} == {Part.MEASURE}


def test_words_tell_apart_what_embeddings_do_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fitting, "_BATCH_ROWS", 12)
    texts = TEXTS[:120]
    vectors = np.ones((len(texts), 512), np.float32) / 512**0.5
    words = [word_places(text) for text in texts]
    targets = np.array([count % 2 for count in range(len(texts))])
    network = fit(vectors, words, targets, np.ones(len(texts), np.float32), seed=1)
    network.save(tmp_path / "network.npz")
    with (tmp_path / "network.npz").open("rb") as file:
        loaded = ClassifierNetwork.load(file)
    unseen = [word_places(f"a {word} thing") for word in ("harmless", "harmful")]
    harm = 1 - loaded.chances(vectors[:2], unseen)[:, 0]
    assert harm[0] < 0.5 < harm[1]
    assert loaded.chances(vectors[:2], unseen).shape == (2, len(CLASSES))


def test_a_text_without_words_has_no_places() -> None:
    assert len(word_places("!!! …")) == 0
    places = word_places("Red red apple")
    assert len(places) == 4, "red, apple and two pairs"
    assert places.max() < BUCKETS


def test_made_prompts_differ_and_are_the_same_each_time() -> None:
    for make in (secrets, public_sides):
        made = list(make(count=300, seed=5))
        assert made == list(make(count=300, seed=5))
        assert len(set(made)) > 290
        assert not any("{" in text for text in made)
    assert not set(secrets(count=300, seed=5)) & set(public_sides(count=300, seed=5))


def test_prompts_that_are_kept_for_measuring_are_in_no_translation() -> None:
    prompts = list(foreign_prompts(scenes=40, seed=1))
    unseen = {prompt.text for prompt in prompts if prompt.place is not None}
    assert {prompt.language for prompt in prompts} == set(LANGUAGES)
    for language in LANGUAGES:
        assert not unseen & {there for there, _ in translations(language, seed=1)}
    assert not unseen & {prompt.text for prompt in prompts if prompt.place is None}


def test_english_embeddings_are_moved_by_what_sets_a_language_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    english = {here for language in LANGUAGES for _, here in translations(language, seed=1)}
    first, second = np.eye(2, 512, dtype=np.float32)
    monkeypatch.setattr(
        language_transfer,
        "embeddings",
        lambda texts, _: np.stack([first if text in english else first + second for text in texts]),
    )
    moved = language_transfer.move_to_languages(first[None], None, seed=1)
    assert len(moved) % len(LANGUAGES) == 0
    assert moved[:, :2] == pytest.approx(np.full((len(moved), 2), 0.5**0.5))


def test_embeddings_are_kept_in_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Encoder:
        texts: ClassVar[list[str]] = []

        def encode_texts(self, texts: list[str]) -> np.ndarray:
            self.texts += texts
            return np.array([[len(text)] * 512 for text in texts], np.float32)

    monkeypatch.setattr(embedding_cache, "default_encoder", Encoder)
    assert embedding_cache.embeddings(["a", "bcd", "a"], tmp_path)[:, 0].tolist() == [1, 3, 1]
    assert embedding_cache.embeddings(["bcd", "ef"], tmp_path)[:, 0].tolist() == [3, 2]
    assert Encoder.texts == ["a", "bcd", "ef"]
