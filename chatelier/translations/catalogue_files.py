"""The files of translations: a template with every sentence, and a .po file for each language."""

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from bots.texts.languages.catalogues import FOLDER
from chatelier.translations.checks import find_clashes, find_mistakes
from chatelier.translations.extraction import all_entries
from chatelier.translations.msgids import Entry
from studio.domain.settings.languages import Language

TEMPLATE = FOLDER / "chatelier.pot"
TRANSLATED = tuple(language for language in Language if language is not Language.ENGLISH)
# They would change with each run.
_DATED = re.compile(
    r'^"(?:POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By|Report-Msgid).*\n',
    re.MULTILINE,
)
_HEADER = "# Sentences of Chatelier. How to translate them: docs/translating.md."


def catalogue_file(language: str) -> Path:
    return FOLDER / f"{language}.po"


def make_template(entries: Sequence[Entry]) -> Catalog:
    template = Catalog(project="Chatelier", fuzzy=False, header_comment=_HEADER)
    for entry in entries:
        comments = [entry.place, *([f"At most {entry.most} characters."] if entry.most else [])]
        template.add(_id(entry), context=entry.context or None, auto_comments=comments)
    return template


def update_files() -> Iterator[str]:
    """Write the template, and bring each language's file up to date. Yields a line about each."""
    template = make_template(all_entries())
    TEMPLATE.write_text(_as_text(template), "utf-8")
    for language in TRANSLATED:
        catalogue = read_catalogue(language)
        catalogue.update(template, no_fuzzy_matching=True)
        save_catalogue(language, catalogue)
        missing = sum(1 for message in catalogue if message.id and not is_translated(message))
        yield f"{language}: {len(catalogue)} sentences, {missing} of them not translated"


def read_catalogue(language: str) -> Catalog:
    file = catalogue_file(language)
    if not file.exists():
        return Catalog(locale=language, project="Chatelier", fuzzy=False, header_comment=_HEADER)
    with file.open("rb") as source:
        return read_po(source, locale=language)


def save_catalogue(language: str, catalogue: Catalog) -> None:
    catalogue.header_comment = _HEADER
    catalogue_file(language).write_text(_as_text(catalogue), "utf-8")


def _as_text(catalogue: Catalog) -> str:
    out = io.BytesIO()
    write_po(out, catalogue, width=110, sort_output=True, ignore_obsolete=True)
    return _DATED.sub("", out.getvalue().decode())


def _id(entry: Entry) -> str | tuple[str, str]:
    return entry.msgid


def find_message(catalogue: Catalog, entry: Entry) -> Message | None:
    first = entry.msgid if isinstance(entry.msgid, str) else entry.msgid[0]
    found = catalogue.get(first, context=entry.context or None)
    expected = entry.msgid if isinstance(entry.msgid, str) else list(entry.msgid)
    same = found is not None and (list(found.id) if isinstance(found.id, tuple) else found.id) == expected
    return found if same else None


def forms_of(message: Message | None) -> list[str]:
    if message is None or not message.string:
        return []
    return [message.string] if isinstance(message.string, str) else list(message.string)


def set_translation(catalogue: Catalog, entry: Entry, forms: Sequence[str]) -> bool:
    """False for a sentence that the catalogue lacks."""
    if (message := find_message(catalogue, entry)) is None:
        return False
    message.string = forms[0] if isinstance(entry.msgid, str) else tuple(forms)
    message.flags.discard("fuzzy")
    return True


def is_translated(message: Message | None) -> bool:
    """Not one that is marked as fuzzy: readers would see the English sentence."""
    return message is not None and not message.fuzzy and bool(forms := forms_of(message)) and all(forms)


def check_language(language: str, *, complete: bool = True) -> Iterator[str]:
    """Every mistake in a language's file, as a line. Not `complete`: what is missing is not one."""
    catalogue = read_catalogue(language)
    names = []
    for entry in all_entries():
        message = find_message(catalogue, entry)
        if not is_translated(message) and not complete:
            continue
        forms = forms_of(message)
        if message is not None and message.fuzzy:
            yield f"{language}: {entry.msgid!r}: is marked as fuzzy, so nobody reads it"
        if entry.context and forms:
            names.append((entry, forms[0]))
        for mistake in find_mistakes(entry, forms or [""], expected_forms=catalogue.num_plurals):
            yield f"{language}: {entry.msgid!r}: {mistake}"
    yield from find_clashes(names)
