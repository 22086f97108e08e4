"""Names that a reader takes for one another, as one text: so that a name can belong to one person.

Sources: Unicode normalisation and character names; the confusables of UTS #39 as the package `confusable-homoglyphs`
carries them. Unlike the reading of prompts in `moderation.text.normalization`, folding keeps what tells two names
apart in their own script, such as the vowel signs of Devanagari.
"""

import hashlib
import re
import unicodedata
from functools import cache

_LATIN_LETTER = re.compile(
    r"(?:LATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL |SMALL |CAPITAL )?"
    r"|(?:NEGATIVE |CROSSED NEGATIVE )?(?:CIRCLED|SQUARED) LATIN (?:SMALL|CAPITAL) LETTER "
    r"|REGIONAL INDICATOR SYMBOL LETTER )"
    r"(?:DOTLESS )?([A-Z])(?: WITH .*)?"
)
# Letters of width or look nothing, although their category is not Cc or Cf: fillers, blanks, variation selectors.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_DROPPED = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"}
_PUNCTUATION = {"Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sk"}
_MARKS = {"Mn", "Me"}
_SAME_TO_THE_EYE = str.maketrans({"1": "l", "i": "l", "|": "l", "0": "o"})
_MOST_MARKS_LATIN, _MOST_MARKS = 2, 4  # on one letter: Vietnamese needs two, Tibetan up to four
_DIGEST_DIGITS = 32


def without_clutter(text: str) -> str:
    """The text without characters that show nothing, and without marks piled upon one letter."""
    characters: list[str] = []
    latin, marks = False, 0
    for character in unicodedata.normalize("NFD", _INVISIBLE.sub("", text)):
        if unicodedata.category(character) in _MARKS:
            marks += 1
            if marks > (_MOST_MARKS_LATIN if latin else _MOST_MARKS):
                continue
        else:
            latin, marks = character.isascii(), 0
        characters.append(character)
    return unicodedata.normalize("NFC", "".join(characters))


def fold_name(name: str) -> str:
    """Equal for names that look alike: case, marks on Latin letters, look-alike letters, spaces and punctuation aside.

    A name of punctuation alone stays what it is. Empty only when nothing of the name can be seen.
    """
    visible = _visible(name)
    letters = [character for character in visible if unicodedata.category(character) not in _PUNCTUATION]
    folded = "".join(letters or visible).translate(_SAME_TO_THE_EYE)
    return unicodedata.normalize("NFC", folded.replace("rn", "m").replace("vv", "w"))


def name_digest(name: str) -> str:
    """The folded name as 32 hexadecimal digits: it can be compared, and is no name any more."""
    return hashlib.sha256(fold_name(name).encode()).hexdigest()[:_DIGEST_DIGITS]


def _visible(name: str) -> list[str]:
    text = unicodedata.normalize("NFKD", _INVISIBLE.sub("", name))
    text = unicodedata.normalize("NFKD", text.casefold())
    seen: list[str] = []
    on_latin = False
    for character in text:
        category = unicodedata.category(character)
        if category in _DROPPED:
            continue
        if category in _MARKS:
            if not on_latin:
                seen.append(character)
            continue
        plain = _plain(character)
        on_latin = plain.isascii()
        seen.append(plain)
    return seen


@cache
def _plain(character: str) -> str:
    """The ASCII letter or digit that a character looks like in either case, else one for all of its look-alikes."""
    if character.isascii():
        return character
    if match := _LATIN_LETTER.fullmatch(unicodedata.name(character, "")):
        return match[1].lower()
    confusables = _confusables()
    for form in (character, character.upper(), character.lower()):
        for other in confusables.get(form, ()):
            if other.isascii() and other.isalnum():
                return other.lower()
    return min(character, *confusables.get(character, ()))


@cache
def _confusables() -> dict[str, tuple[str, ...]]:
    """For each character the single characters that it is confused with, letters before digits."""
    from confusable_homoglyphs import confusables

    found = {}
    for character, others in confusables.confusables_data.items():
        single = [confusable["c"] for confusable in others if len(confusable["c"]) == 1]
        if len(character) == 1 and single:
            found[character] = tuple(sorted(single, key=lambda letter: (not letter.isalpha(), letter)))
    return found
