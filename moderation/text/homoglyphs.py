"""One character as the plain letter that a reader sees in it.

Sources: Unicode character names; the confusables of UTS #39 as the package `confusable-homoglyphs` carries
them; and a short table of look-alikes that UTS #39 leaves out because they are only similar.
"""

import re
import unicodedata
from functools import cache

_LATIN_NAME = re.compile(
    r"(?:LATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL |SMALL |CAPITAL )?"
    r"|(?:NEGATIVE |CROSSED NEGATIVE )?(?:CIRCLED|SQUARED|PARENTHESIZED) LATIN (?:SMALL|CAPITAL) LETTER "
    r"|REGIONAL INDICATOR SYMBOL LETTER "
    r"|MODIFIER LETTER (?:SMALL|CAPITAL) )"
    r"(?:SCRIPT |TURNED |REVERSED |INVERTED |SIDEWAYS |DOTLESS |OPEN |CLOSED |INSULAR |BARRED |STRETCHED )*"
    r"([A-Z])(?: WITH .*| DIGRAPH)?"
)
_INVISIBLE = frozenset({"Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn"})
_SIMILAR = dict(
    zip(
        "əɛєεзкмтнвгпиύυμβγδηικλπστφχωνρ∂¢£€¥§†×æœßþðʃ",
        "eeeeekmthbrnnuuubydniklnotoxwvpdcleystxaosbds",
        strict=True,
    )
)
_TAGS = range(0xE0020, 0xE007F)  # an invisible copy of ASCII


@cache
def fold(character: str) -> str:
    """Lower case, without marks; "" for what cannot be seen, " " for any white space.

    A character that resembles no Latin letter or digit stays as it is, in lower case.
    """
    if character.isascii():
        return character.lower() if character.isprintable() else " " if character.isspace() else ""
    if ord(character) in _TAGS:
        return chr(ord(character) - 0xE0000).lower()
    if character.isspace():
        return " "
    if unicodedata.category(character) in _INVISIBLE:
        return ""
    return _look_alike(character) or character.casefold()


def _look_alike(character: str) -> str:
    if match := _LATIN_NAME.fullmatch(unicodedata.name(character, "")):
        return match[1].lower()
    if similar := _confusables().get(character):
        return similar
    lowered = character.lower()
    if similar := _SIMILAR.get(lowered) or _confusables().get(lowered):
        return similar
    try:
        return str(unicodedata.digit(character))
    except ValueError:
        return ""


@cache
def _confusables() -> dict[str, str]:
    """Each character that UTS #39 calls confusable with one ASCII letter or digit. About 1,500 entries."""
    from confusable_homoglyphs import confusables

    found: dict[str, str] = {}
    for character, others in confusables.confusables_data.items():
        if len(character) == 1 and not character.isascii():
            plain = [
                other["c"]
                for other in others
                if len(other["c"]) == 1 and other["c"].isascii() and other["c"].isalnum()
            ]
            if plain:
                found[character] = min(plain, key=lambda letter: (not letter.isalpha(), letter)).lower()
    return found
