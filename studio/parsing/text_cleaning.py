"""Text as people send it, made safe to store and to show."""

import re
import unicodedata

_DROPPED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn"}
# Scripts whose spelling needs the zero-width non-joiner: Arabic (Persian, Urdu), Syriac, those of India, Myanmar,
# Khmer, Mongolian. Elsewhere it only hides.
_JOINING = "\u0620-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af"
# What is kept although its category says "format": the joiner of emoji, the non-joiner inside a word, and the flags of
# England, Scotland and other regions (a black flag, a region in tag characters, the end: UTS #51, ED-14a).
_MEANT = re.compile(
    "\u200d"
    f"|(?<=[{_JOINING}])\u200c(?=[{_JOINING}])"
    "|\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
)


def clean_text(text: str) -> str:
    """NFC, one line, no control, invisible or direction-changing characters, runs of spaces as one."""
    spaced = unicodedata.normalize("NFC", "".join(" " if letter.isspace() else letter for letter in text))
    parts, start = [], 0
    for meant in _MEANT.finditer(spaced):
        parts += [_visible(spaced[start : meant.start()]), meant[0]]
        start = meant.end()
    return " ".join("".join([*parts, _visible(spaced[start:])]).split()).strip("\u200d")


def truncate(text: str, longest: int) -> str:
    """At most `longest` characters, with an ellipsis where the rest was."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _visible(text: str) -> str:
    return "".join(letter for letter in text if unicodedata.category(letter) not in _DROPPED_CATEGORIES)


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
