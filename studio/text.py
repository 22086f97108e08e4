"""Text as people send it, made safe to store and to show."""

import unicodedata

# Characters that are kept although their category says "control" or "format":
# the zero-width joiner and the variation selectors hold emoji together.
_KEPT = {"\u200d"}
_DROPPED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn"}


def clean_text(text: str) -> str:
    """NFC, one line, no control, invisible or direction-changing characters, runs of spaces as one."""
    spaced = "".join(" " if character.isspace() else character for character in text)
    visible = "".join(
        character
        for character in unicodedata.normalize("NFC", spaced)
        if character in _KEPT or unicodedata.category(character) not in _DROPPED_CATEGORIES
    )
    return " ".join(visible.split()).strip("\u200d")
