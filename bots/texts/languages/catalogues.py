"""The catalogue of each language: its .po file, read when somebody first reads in it."""

import hashlib
import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from studio.domain.settings.languages import Language

FOLDER = Path(__file__).parent


@cache
def load_catalogue(language: str) -> NullTranslations:
    """A language without a catalogue, and a sentence that lacks its translation, is English."""
    file = FOLDER / f"{language}.po"
    if language not in set(Language) or not file.is_file():
        return NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def load_all_catalogues() -> None:
    """Once at the start, so that the first reader of a language does not wait for it."""
    for language in Language:
        load_catalogue(language)


def digest_catalogues() -> str:
    """Another one after any change of a translation."""
    files = sorted(FOLDER.glob("*.po"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
