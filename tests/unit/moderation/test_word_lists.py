"""The library's list works without naming a word; a community's list is a text file."""

from pathlib import Path

import pytest

from moderation.text.normalization import read
from moderation.text.word_lists import HashedWords, Kind, PlainWords, Severity, digest
from moderation.training.word_list import broken_spellings, innocent, lines_for


def hashed(words: dict[str, Severity], dictionary: set[str] | None = None) -> HashedWords:
    lines = set(lines_for(words))
    lines |= {(Kind.INNOCENT, digest(word)) for word in innocent(lines, dictionary or set())}
    return HashedWords.parse("".join(f"{kind}{key.hex()}\n" for kind, key in lines))


WORDS = {
    "marmalade": Severity.SEVERE,
    "boot": Severity.SEVERE,
    "teapot": Severity.MILD,
    "wet umbrella": Severity.SEVERE,
}


def found(text: str, words: HashedWords | None = None) -> list[Severity]:
    return [severity for _, severity in (words or hashed(WORDS)).find(read(text).candidates)]


@pytest.mark.parametrize(
    "text",
    [
        "marmalade",
        "M@rmal4de",
        "m a r m a l a d e",
        "marrrmalade",
        "edalamram",
        "wet umbrella",
        "a wet, umbrella",
    ],
)
def test_a_severe_word_is_found(text: str) -> None:
    assert found(text)[0] is Severity.SEVERE


def test_a_mild_word_is_mild() -> None:
    assert found("a TEAP0T") == [Severity.MILD]


@pytest.mark.parametrize("slip", ["marmelade", "marmalde", "marmalabde", "maramlade", "marmalades"])
def test_one_slip_in_a_long_severe_word_is_doubtful(slip: str) -> None:
    assert found(slip) == [Severity.MILD]


@pytest.mark.parametrize("other", ["mermelade", "boat", "boots", "teapots", "umbrella", "wet", "arm", "lade"])
def test_other_words_are_left_alone(other: str) -> None:
    assert not found(other)


@pytest.mark.parametrize("masked", ["m*rmalade", "marm*lade", "m*rm*l*d*", "b**t", "marma**de"])
def test_a_half_hidden_word_is_found(masked: str) -> None:
    assert found(f"a {masked} please") == [Severity.SEVERE]


def test_a_dictionary_word_is_not_taken_for_a_slip() -> None:
    words = {"marmalade": Severity.SEVERE, "parts": Severity.SEVERE}
    careful = hashed(words, {"marmalady", "strap"})
    assert found("marmalady strap", hashed(words)) == [Severity.MILD, Severity.SEVERE]
    assert not found("marmalady strap", careful)
    assert found("parts marmalade", careful)


def test_the_bundled_list_names_no_word() -> None:
    bundled = HashedWords.load_bundled()
    assert len(bundled.hashes[Kind.SEVERE]) > 300
    assert all(len(key) == 8 for keys in bundled.hashes.values() for key in keys)


@pytest.mark.parametrize(
    "harmless", ["apple", "castle", "girl on a swing", "cocktail", "assassin", "classic bass", "grape"]
)
def test_the_bundled_list_leaves_everyday_words_alone(harmless: str) -> None:
    assert not found(harmless, HashedWords.load_bundled())


def test_a_community_writes_its_words_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("# our own\n\nSpoiler\nseason  finale\nтайна\n", "utf-8")
    words = PlainWords.from_file(path)
    for text in ("a sp0iler", "the Season Finale", "большая тайна"):
        assert found_plain(words, text)
    assert not found_plain(words, "a season without its finale")


def found_plain(words: PlainWords, text: str) -> list[Severity]:
    return [severity for _, severity in words.find(read(text).candidates)]


def test_a_word_with_a_space_in_it_is_found_unless_both_pieces_are_words() -> None:
    words = {"marmalade": Severity.SEVERE}
    lines = {*lines_for(words), *broken_spellings(words, {"mar", "marma", "lade", "malade"})}
    split = HashedWords.parse("".join(f"{kind}{key.hex()}\n" for kind, key in lines))
    assert found("marm alade please", split) == [Severity.SEVERE]
    assert not found("marma lade please", split)
