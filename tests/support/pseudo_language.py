"""A language of brackets: what stands outside of brackets did not pass through a catalogue."""

import re
from gettext import NullTranslations

import pytest

from bots.texts import translation

_BRACKETED = re.compile(r"⟦[^⟦⟧]*⟧")
_VALUES = re.compile(r"({[^{}]*})")


class PseudoLanguage(NullTranslations):
    """The values of a sentence stay outside of the brackets."""

    def gettext(self, message: str) -> str:
        parts = _VALUES.split(message)
        return "".join(part if place % 2 else f"⟦{part}⟧" for place, part in enumerate(parts))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)


def speak_in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "load_catalogue", lambda _language: PseudoLanguage())


def outside_of_brackets(text: str) -> str:
    """What is left when everything that was translated is taken out."""
    while (shorter := _BRACKETED.sub(" ", text)) != text:
        text = shorter
    return text


class NamedLanguage(PseudoLanguage):
    """Names the language before each sentence: ``de⟦Painting⟧``."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def gettext(self, message: str) -> str:
        return f"{self._language}⟦{message}⟧"


def name_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "load_catalogue", NamedLanguage)


def languages_in(text: str) -> set[str]:
    """Those of the sentences of a text, after `name_languages`."""
    return set(re.findall(r"([a-z]{2})⟦", text))
