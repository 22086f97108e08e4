"""Long prompts are judged by windows: how they are cut, and that harm between harmless clauses is found."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.policy.policy import default_policy
from moderation.text.prompt_classifier import Classifier
from moderation.text.sentence_encoder import default_encoder
from moderation.text.text_windows import WORDS, count_words, windows_of

LONG = (
    "a lighthouse on a cliff above a stormy sea, warm light in the windows, oil painting, thick brush strokes, "
    "golden hour, dramatic clouds, highly detailed, 8 k, trending on artstation, by a master of the romantic era"
)


@pytest.mark.parametrize(
    "text", [LONG, "東京の夜の絵、 猫", "кошка на крыше", "a\u200b b \u200b c", "\u00a0a \u3000 ½ cup", " "]
)
def test_words_have_the_tokens_of_their_text(text: str) -> None:
    encoder = default_encoder()
    tokens, _ = encoder._tokens([text])
    assert tokens == encoder._tokenize(text)


def test_a_short_text_is_judged_as_a_whole_only() -> None:
    assert windows_of("a red apple, oil painting").texts == ["a red apple, oil painting"]


def test_a_long_text_is_judged_as_a_whole_and_in_windows_of_whole_clauses() -> None:
    whole, *windows = windows_of(LONG).texts
    assert whole == LONG
    assert len(windows) > 2
    for window in windows:
        assert count_words(window) <= WORDS
        assert window in LONG
        assert LONG.partition(window)[0].strip()[-1:] in ("", ",")


def test_neighbouring_windows_overlap_and_leave_nothing_out() -> None:
    spans = windows_of(LONG).spans[1:]
    assert spans[0][0] == 0
    assert spans[-1][1] == len(windows_of(LONG).pieces)
    for (start, stop), (next_start, next_stop) in pairwise(spans):
        assert start < next_start < stop < next_stop


def test_a_long_clause_is_cut_every_ten_words() -> None:
    text = " ".join(f"word{number}" for number in range(50))
    assert [count_words(piece) for piece in windows_of(text).pieces] == [10] * 5


def test_letters_of_scripts_without_spaces_count_as_half_a_word() -> None:
    assert count_words("一位老奶奶在看书") == 4
    assert count_words("a painting of 富士山") == 5
    windows = windows_of("公園でおばあさんが本を読んでいる" * 6).texts[1:]
    assert windows
    assert all(count_words(window) <= WORDS for window in windows)


@given(st.lists(st.sampled_from(["fox", "red,", "sea.", "|", "(lamp)", "夕方に", "x" * 30]), max_size=120))
def test_every_word_stands_in_a_window(words: list[str]) -> None:
    windowed = windows_of(" ".join(words))
    assert windowed.texts[0].split() == " ".join(windowed.pieces).split()
    covered = {place for start, stop in windowed.spans[1:] for place in range(start, stop)}
    assert covered in (set(), set(range(len(windowed.pieces))))
    assert "".join(windowed.texts[0].split()) == "".join(words)


# ---- the encoder


def test_a_text_has_the_embedding_that_the_package_gives_it() -> None:
    texts = ["a red apple", LONG, "ein roter Apfel", "赤いリンゴ", "!"]
    ours = np.stack([default_encoder().encode(text) for text in texts])
    assert ours == pytest.approx(default_encoder().encode_texts(texts), abs=1e-5)


def test_a_window_has_nearly_the_embedding_of_its_words_alone() -> None:
    windowed = windows_of(LONG)
    vectors = default_encoder().encode_spans(windowed.pieces, windowed.spans)
    alone = default_encoder().encode_texts(windowed.texts)
    assert (vectors * alone).sum(1).min() > 0.96


# ---- the bundled network

HARM = ["a man stabs a woman in the kitchen", "a rotting corpse with maggots", "two naked people having sex"]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load_bundled()


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("place", [0, 3, 6])
def test_harm_between_harmless_clauses_is_found(classifier: Classifier, harm: str, place: int) -> None:
    clauses = LONG.split(", ")
    text = ", ".join([*clauses[:place], harm, *clauses[place:]])
    stances = default_policy().stances
    least = {category: rule.hold_threshold or rule.threshold for category, rule in stances.items()}
    assert classifier.judge([LONG])[0].harm < min(least.values())
    found = classifier.judge([text])[0]
    assert found.category is not None
    assert found.harm >= least[found.category]


# ---- training rows


def test_prompts_with_hidden_harm_are_made_of_unseen_rows_only(tmp_path: Path) -> None:
    from moderation.training.data.dataset import USERS, Part, hidden_rows, part_of, read_rows
    from moderation.training.data.harmful_prompts import phrases

    prompts = [f"{LONG}, number {number}" for number in range(120)]
    lines = [
        json.dumps({"text": text, "label": "benign", "category": "", "source": USERS}) for text in prompts
    ]
    path = tmp_path / "users.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    made = list(hidden_rows(list(read_rows(path)), Part.MEASURE, seed=1))
    held_out = [text for text in prompts if part_of(text) is Part.MEASURE]
    assert made
    assert all(row.label == "unsafe" and row.part is Part.MEASURE for row in made)
    endings = {text.rpartition(" ")[2] for text in held_out}
    assert {row.text.rpartition(" ")[2] for row in made} & endings
    trained = {text for text, _ in phrases(rounds=4, seed=1)}
    unseen = {text for text, _ in phrases(rounds=4, seed=1, unseen=True)}
    assert trained
    assert unseen
    assert not trained & unseen


def test_windows_that_hold_the_harm_are_called_harmful_and_no_others() -> None:
    import random

    from moderation.training.data.long_prompts import carriers, hide, mix_prompts

    rng = random.Random(4)
    for _ in range(30):
        hidden = hide("a burning pumpkin falls on the roof.", LONG, rng)
        assert hidden.texts[0] == hidden.prompt
        assert all("pumpkin" in text for text in hidden.texts)
        windows = windows_of(hidden.prompt).texts[1:]
        whole = [text for text in windows if "a burning pumpkin falls on the roof" in text]
        assert set(whole) <= set(hidden.texts)
    short = ["a red fox", "a blue lamp on a table", LONG]
    assert all(count_words(text) > WORDS for text in carriers(short, count=20, seed=1))
    assert list(mix_prompts([LONG] * 4, count=3, seed=1)) == list(mix_prompts([LONG] * 4, count=3, seed=1))


def test_the_window_around_a_piece_has_it_in_its_middle() -> None:
    windowed = windows_of(", ".join(f"clause {number} of five words" for number in range(12)))
    assert [windowed.window_around(place) for place in (0, 4, 11)] == [(0, 4), (2, 6), (8, 12)]
    short = windows_of("a red apple, a green pear")
    assert short.window_around(1) == (0, 2)
