"""The languages in which Chatelier speaks."""

from collections.abc import Iterable
from enum import StrEnum

AUTOMATIC = "automatic"  # what the platform says of a reader or a server


class Language(StrEnum):
    ENGLISH = "en"
    GERMAN = "de"
    FRENCH = "fr"
    SPANISH = "es"
    JAPANESE = "ja"

    @property
    def own_name(self) -> str:
        return _OWN_NAMES[self]


_OWN_NAMES = {
    Language.ENGLISH: "English",
    Language.GERMAN: "Deutsch",
    Language.FRENCH: "Français",
    Language.SPANISH: "Español",
    Language.JAPANESE: "日本語",
}
LANGUAGE_CHOICES = (AUTOMATIC, *Language)
_LANGUAGES = {language.value: language for language in Language}


def read_language(value: str | None) -> Language | None:
    """The language of a choice or of a locale such as ``de-AT`` or ``es_419.UTF-8``; None for any other."""
    tag = (value or "").strip().lower().replace("_", "-").split(".")[0]
    primary = tag.split("-")[0]
    return _LANGUAGES.get(primary)


def first_language(wishes: Iterable[str | None]) -> Language:
    """The first that there is of what was wished for, in the order of preference; else English."""
    found = (read_language(wish) for wish in wishes)
    return next((language for language in found if language), Language.ENGLISH)
