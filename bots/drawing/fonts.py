"""Fonts for names in any script: what the machine has, and Pillow's own Latin letters otherwise."""

from collections.abc import Iterator
from functools import cache

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# By what they cover, widest first among those that look well; Debian's packages are named in docs/frontends/discord.md.
_FILES = (
    "NotoSans-Regular.ttf",
    "DejaVuSans.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansArabic-Regular.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "DroidSansFallbackFull.ttf",
    "unifont.otf",
    "unifont.ttf",
)
_NOWHERE = "\U0010fffe"  # a code point that no font draws: its picture is that of a missing letter


def font_for(text: str, *, size: int) -> Font | None:
    """The first font that has every letter of `text`; None when there is none."""
    return next((font for font in _fonts(size) if _covers(font, text)), None)


@cache
def _fonts(size: int) -> tuple[Font, ...]:
    return tuple(_found(size))


def _found(size: int) -> Iterator[Font]:
    yield ImageFont.load_default(size=size)
    for name in _FILES:
        try:
            yield ImageFont.truetype(name, size)
        except OSError:
            continue


def _covers(font: Font, text: str) -> bool:
    missing = _picture(font, _NOWHERE)
    return all(letter.isspace() or _picture(font, letter) != missing for letter in text)


def _picture(font: Font, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)
