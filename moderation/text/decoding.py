"""What is hidden in a text by entities, escapes, percent signs, base 64, hexadecimal, ROT13 or missing spaces."""

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from urllib.parse import unquote

from moderation.text.joined_words import decode_rot13, split_runs

_MOST_CHARACTERS = 20_000
_MAX_DECODED = 20  # encoded pieces

_LETTER = re.compile(r"[^\W\d_]")
_BASE64 = re.compile(r"(?<![\w+/=-])(?:[A-Za-z0-9+/_-]{8,}={0,2}|[A-Za-z0-9+/_-]{6,}==?)")
_HEX = re.compile(r"(?<!\w)(?:0x)?((?:[0-9a-fA-F]{2}[\s:]?){4,})(?!\w)")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\U([0-9a-fA-F]{8})")
_OVERRIDDEN = re.compile("[\u202e\u2067]([^\u202c\u2069\n]*)")


def decode_hidden(text: str) -> Iterator[str]:
    """The text without its entities and escapes, then each piece of it that says something else decoded."""
    plain = _ESCAPE.sub(_unescape, html.unescape(html.unescape(text)))[:_MOST_CHARACTERS]
    if "%" in plain:
        plain = unquote(plain, errors="ignore")
    yield plain
    yield from islice(split_runs(plain), _MAX_DECODED)
    if decoded := decode_rot13(plain):
        yield decoded
    for match in _OVERRIDDEN.finditer(plain):
        yield match[1][::-1]
    budget = _MAX_DECODED
    for decoded in _decode_pieces(plain):
        yield decoded
        budget -= 1
        if not budget:
            return


def _unescape(match: re.Match[str]) -> str:
    code = int(match[1] or match[2] or match[3], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def _decode_pieces(text: str) -> Iterator[str]:
    """Pieces in base 64 or hexadecimal that are printable text; an ordinary word rarely decodes to that."""
    for match in _BASE64.finditer(text):
        digits = match[0].rstrip("=").replace("-", "+").replace("_", "/")
        yield from _printable(partial(base64.b64decode, digits + "=" * (-len(digits) % 4), validate=True))
    for match in _HEX.finditer(text):
        yield from _printable(partial(bytes.fromhex, match[1].replace(":", "")))


def _printable(decode: Callable[[], bytes]) -> Iterator[str]:
    try:
        text = decode().decode("utf-8")
    except (binascii.Error, ValueError):
        return
    if text.isprintable() and _LETTER.search(text):
        yield text
