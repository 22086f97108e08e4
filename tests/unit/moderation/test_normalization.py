"""However a word is hidden, the normaliser reads it; and what is not hidden it leaves alone."""

import base64
import codecs
import string
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.rules.prompt import PromptSubject
from moderation.rules.prompt_judge import PromptJudge
from moderation.text.homoglyphs import fold
from moderation.text.normalization import MAX_CHARACTERS, fold_text, read
from moderation.text.word_lists import PlainWords
from moderation.text.word_segmentation import View, squeeze

WORD = "pumpkin"
LIST = PlainWords.of([WORD, "small lantern"])


def views(text: str) -> set[View]:
    return {candidate.view for candidate, _ in LIST.find(read(text).candidates)}


def shifted(start: int) -> str:
    return "".join(chr(start + ord(letter) - ord("a")) for letter in WORD)


HIDDEN = {
    "capitals": "PUMPKIN",
    "mixed case": "pUmPkIn",
    "full width": shifted(0xFF41),
    "mathematical bold": shifted(0x1D41A),
    "circled": shifted(0x24D0),
    "negative squared": shifted(0x1F170),
    "regional indicators": shifted(0x1F1E6),
    "invisible tags": shifted(0xE0061),
    "cyrillic letters": "рumрkіn",
    "greek letters": "ρυmρκιn",
    "small capitals": "ᴘᴜᴍᴘᴋɪɴ",
    "accents": "púmpkïñ",
    "stacked marks": "p\u0301\u0336u\u0489m\u0333p\u035fk\u0321i\u0334n\u0310",
    "zero-width spaces": "\u200b".join(WORD),
    "soft hyphens": "pump\u00adkin",
    "leetspeak": "pumpk1n",
    "leetspeak with signs": "pumpk!n",
    "leetspeak groups": "pump|<in",
    "dots": ".".join(WORD),
    "hyphens": "-".join(WORD),
    "underscores": "pump_kin",
    "one hyphen": "pump-kin",
    "spaced letters": " ".join(WORD),
    "spaced letters and leetspeak": "p u m p k 1 n",
    "a space after the first letter": "p umpkin",
    "repeated letters": "puuumpkiiin",
    "a doubled letter": "pumpkkin",
    "backwards": WORD[::-1],
    "right-to-left override": f"\u202e{WORD[::-1]}\u202c",
    "asterisk": "p*mpkin",
    "two asterisks": "p*mpk*n",
    "HTML entities": "".join(f"&#{ord(letter)};" for letter in WORD),
    "HTML entities twice": "&amp;#112;umpkin",
    "percent signs": "".join(f"%{ord(letter):02x}" for letter in WORD),
    "escapes": "".join(f"\\u{ord(letter):04x}" for letter in WORD),
    "base 64": base64.b64encode(f"a {WORD} here".encode()).decode(),
    "hexadecimal": WORD.encode().hex(),
    "humps": "smallPumpkinPhoto",
    "short words between humps": "aPumpkinOnATable",
    "no spaces": "onepumpkinonatable",
    "ROT13": codecs.encode(f"a {WORD} on the floor", "rot13"),
    "ROT13 of the word alone": codecs.encode(WORD, "rot13"),
    "base 64 of the word alone": base64.b64encode(WORD.encode()).decode(),
    "between brackets": f"({WORD})",
    "in inverted commas": f"«{WORD}»",
}


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN.keys())
def test_a_hidden_word_is_read_alone_and_inside_a_sentence(text: str) -> None:
    assert views(text)
    assert views(f"a photograph of {text} on the table")


@pytest.mark.parametrize("text", ["a small lantern", "SMALL  LANTERN", "small-lantern", "ѕmall\nlantеrn"])
def test_a_phrase_is_read_whatever_stands_between_its_words(text: str) -> None:
    assert views(text)


@pytest.mark.parametrize(
    "text",
    [
        "pumpkinesque oil",
        "a spumpkin",
        "lantern, small",
        "pump the kin",
        "a pump is in the kitchen",
        "",
        "   ",
        "🎃🎃🎃",
        "カボチャ",
        "1 2 3 4 5",
    ],
)
def test_only_whole_words_count(text: str) -> None:
    assert not views(text)


@pytest.mark.parametrize(
    "town", ["Scunthorpe", "Penistone", "Clitheroe", "Lightwater", "Sussex", "Middlesex", "Essex"]
)
def test_a_town_is_no_offence_for_what_its_name_contains(town: str) -> None:
    inner = PlainWords.of(["sex", "stone", "light", "thorpe", "eroe"])
    assert not list(inner.find(read(f"a view of {town} at dawn").candidates))


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("a photorealistic psychotherapist, trendingonartstation", ["trending on art station"]),
        ("nuclearpowerplant at dawn", ["nuclear power plant"]),
        ("amanstabsawomanwithaknife", ["a man stabs a woman with a knife"]),
        (
            "thekittensareplayingwithaballofwool" * 3,
            [" ".join(["the kittens are playing with a ball of wool"] * 3)],
        ),
        ("by Kuvshinov, Rutkowski, Mohrbacher and Balenciaga", []),
        ("an ilustration of Middlesbrough", []),
    ],
)
def test_words_without_a_space_between_are_read_apart_and_names_are_not(text: str, joined: list[str]) -> None:
    assert [phrase for phrase in read(text).joined if phrase != "photo realistic"] == joined


@pytest.mark.parametrize(
    "text",
    ["4 k, 8 k, 3 5 mm", "8 k 4 k", "by James Gurney, 4 k 8 k, trending", "a rhythm of nymphs, f / 1. 8"],
)
def test_amounts_that_stand_letter_by_letter_are_no_word(text: str) -> None:
    reading = read(text)
    spelled = [
        candidate.text for candidate in reading.candidates if candidate.view in (View.SPELLED, View.LEET)
    ]
    assert not any(map(str.isalpha, spelled))
    assert reading.spoken == (" ".join(reading.words),)


def test_words_that_happen_to_stand_side_by_side_are_not_joined() -> None:
    assert not list(PlainWords.of(["penis"]).find(read("a pen is on the island").candidates))


def test_a_number_is_no_leetspeak() -> None:
    assert not list(
        PlainWords.of(["asi", "oeil", "iob"]).find(read("room 451 at 10:30, 108 of 300").candidates)
    )


@pytest.mark.parametrize(
    "text",
    [
        "45s exposure",
        "(45s),",
        "4.5s",
        "50mm",
        "4k",
        "35mm f1.8",
        "5s",
        "24-70mm",
        "1/45s",
        "the 1980s",
        "f/22",
        "3rd",
    ],
)
def test_a_number_with_a_unit_is_never_read_as_letters(text: str) -> None:
    assert View.LEET not in {candidate.view for candidate in read(text).candidates}
    assert "ass exposure" not in {candidate.text for candidate in read("45s exposure").candidates}


@pytest.mark.parametrize("text", ["pumpk1n 45s", "4s5", "53x", "p4s", "f46", "900k"])
def test_what_only_resembles_a_number_with_a_unit_is_still_read_as_letters(text: str) -> None:
    assert View.LEET in {candidate.view for candidate in read(text).candidates}


def test_words_keep_their_order() -> None:
    assert read("A red Äpple, 2 blue PEARS!").words == ("a", "red", "apple", "2", "blue", "pears")


def test_a_text_too_long_to_be_read_whole_says_so() -> None:
    assert not read("word " * (MAX_CHARACTERS // 5)).cut
    assert read("x" * (MAX_CHARACTERS + 1)).cut


def test_more_disguises_than_are_read_are_not_passed_over_in_silence() -> None:
    assert read(" ".join(f"w{number}rd" for number in range(400))).cut
    assert read("a b " * 200).cut


def test_a_character_that_decomposes_into_many_does_not_blow_the_text_up() -> None:
    assert sum(map(len, read("\ufdfa" * MAX_CHARACTERS).words)) <= 20_000


anything = st.text(max_size=300)
letters = st.text(string.ascii_lowercase, min_size=4, max_size=12)


@given(anything)
def test_any_text_can_be_read(text: str) -> None:
    reading = read(text)
    assert all(word and not word.isspace() for word in reading.words)
    assert len(set(reading.candidates)) == len(reading.candidates)


@given(anything)
def test_folding_a_folded_text_changes_nothing(text: str) -> None:
    once = fold_text(text)
    assert fold_text(once) == once


@given(anything)
def test_capitals_make_no_difference_to_latin_text(text: str) -> None:
    latin = "".join(character for character in text if character.isascii())
    assert fold_text(latin.upper()) == fold_text(latin.lower())


@given(st.characters())
def test_a_folded_character_is_short_and_has_no_capital(character: str) -> None:
    assert len(fold(character)) <= 3
    assert fold(character) == fold(character).lower()


@given(letters)
def test_squeezing_leaves_no_letter_twice_in_a_row(word: str) -> None:
    squeezed = squeeze(word + word[-1])
    assert all(first != second for first, second in pairwise(squeezed))


@given(letters, st.sampled_from([".", "-", "_", "\u200b", "\u0301", "/"]))
def test_any_word_is_read_through_any_separator(word: str, separator: str) -> None:
    assert list(PlainWords.of([word]).find(read(f"see {separator.join(word)} there").candidates))


@given(letters)
def test_any_word_is_read_spelled_out(word: str) -> None:
    assert list(PlainWords.of([word]).find(read(f"see the {' '.join(word)} there").candidates))


@given(letters, anything)
def test_a_word_that_stands_in_the_clear_is_always_found(word: str, noise: str) -> None:
    quiet = "".join(character for character in noise if character.isalpha() and character.isascii())[:100]
    assert list(PlainWords.of([word]).find(read(f"{quiet} {word} {quiet}").candidates))


@cache
def default_judge() -> PromptJudge:
    return PromptJudge()


@pytest.mark.parametrize(
    "tag",
    "instagood digitalartwork streetphotography octanerender killerqueen callofduty assassinscreed dunkindonuts "
    "hellraiser butterknife greatwhiteshark essexcounty childrenswear bodybuilding grapefruit".split(),
)
def test_hash_tags_and_names_of_products_are_no_offence(tag: str) -> None:
    assert default_judge().judge(PromptSubject(prompt=f"a logo with #{tag}")).allows


def test_words_without_spaces_are_judged_as_with_them() -> None:
    assert not default_judge().judge(PromptSubject(prompt="amanstabsawomanwithaknife")).allows
