"""Text in less room than it has."""

from bots.texts.translation import translate
from studio.parsing.text_cleaning import clean_text, truncate

_LONGEST_SUBJECT = 40
_WORDS_OF_A_SUBJECT = 3
_ARTICLES = frozenset({"a", "an", "the", "some", "my"})
_ENDS = frozenset("on in at with under over by near of beside behind and from for to".split())
_STOPS = ",.;:!?"


def shorten(text: str, longest: int) -> str:
    """One clean line of at most `longest` characters."""
    return truncate(clean_text(text), longest)


def subject_of(prompt: str) -> str:
    """A prompt's subject in at most three words: ``"a red fox in the snow"`` becomes ``"red fox"``."""
    subject: list[str] = []
    for word in prompt.split():
        bare = word.strip(_STOPS)
        if not subject and bare.lower() in _ARTICLES:
            continue
        if bare.lower() in _ENDS or len(subject) == _WORDS_OF_A_SUBJECT:
            break
        subject.append(bare)
        if word[-1] in _STOPS:
            break
    return shorten(" ".join(subject), _LONGEST_SUBJECT) or translate("picture")
