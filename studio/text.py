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


_SEEN_BEFORE, _SEEN_AFTER = 32, 28  # characters around the part that is pointed at


def point_at(text: str, span: tuple[int, int]) -> str:
    """Two lines for a typeface of fixed width: the text around a part of it, and carets under that part."""
    start, end = span
    end = max(start + 1, min(end, start + _SEEN_AFTER))
    first, last = max(0, start - _SEEN_BEFORE), end + _SEEN_AFTER
    before = ("…" if first else "") + text[first:start]
    after = text[end:last] + ("…" if last < len(text) else "")
    carets = " " * _columns(before) + "^" * max(1, _columns(text[start:end]))
    return f"{before}{text[start:end]}{after}\n{carets}"


def _columns(text: str) -> int:
    """How wide a text is where letters of East Asia take two columns and marks on a letter none."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)
