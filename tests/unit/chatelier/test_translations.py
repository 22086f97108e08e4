"""The catalogues of translations: every sentence is in them, and no translation breaks what it stands for."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bots.texts.languages import catalogues
from bots.texts.languages.readers import accepted_languages, current_language, reading_in, use_language
from bots.texts.translation import COMMAND, translate, translate_plural
from chatelier.translations.catalogue_files import (
    TEMPLATE,
    TRANSLATED,
    check_language,
    find_message,
    is_translated,
    read_catalogue,
    set_translation,
)
from chatelier.translations.checks import find_clashes, find_mistakes
from chatelier.translations.extraction import all_entries
from chatelier.translations.msgids import Entry
from studio.domain.settings.languages import Language, first_language, read_language

# Every sentence of these is translated; a new sentence is published with its translations.
COMPLETE = (Language.GERMAN, Language.FRENCH, Language.SPANISH, Language.JAPANESE)


def test_the_template_holds_every_sentence() -> None:
    """`make translations` brings it up to date."""
    with TEMPLATE.open("rb") as source:
        template = read_po(source)
    entries = all_entries()
    assert [entry.msgid for entry in entries if find_message(template, entry) is None] == []
    assert len(template) == len(entries)


@pytest.mark.parametrize("language", COMPLETE)
def test_a_language_is_complete(language: Language) -> None:
    assert list(check_language(language, complete=True)) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_has_a_mistake(language: str) -> None:
    assert list(check_language(language, complete=False)) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_marked_as_fuzzy(language: str) -> None:
    """Readers would see the English sentence instead."""
    assert [message.id for message in read_catalogue(language) if message.id and message.fuzzy] == []


def test_a_sentence_that_gets_a_plural_is_translated_again() -> None:
    """Babel marks it as fuzzy, until its translation is merged."""
    catalogue = Catalog(locale="de")
    entry = Entry(msgid=("{count} star", "{count} stars"), place="")
    catalogue.add(entry.msgid, ("ein Stern", "{count} Sterne"), flags=["fuzzy"])
    assert not is_translated(find_message(catalogue, entry))
    assert set_translation(catalogue, entry, ["ein Stern", "{count} Sterne"])
    assert is_translated(find_message(catalogue, entry))


@pytest.mark.parametrize(
    ("original", "translation", "mistake"),
    [
        ("{count} of {all}", "{count} von {alle}", "other values"),
        ("{share:.0%} of them", "{share} davon", "other values"),
        ("Hello {name}", "Hallo {name", "brace"),
        ("Type /help.", "Tippe /hilfe.", "typed"),
        ("Add `--apply yes`.", "Ergänze `--anwenden ja`.", "typed"),
        ("Set CHATELIER_HOME.", "Setze CHATELIER_HEIM.", "typed"),
        ("Who & what", "Wer &amp; was", "HTML"),
        ("Bold", "<b>Fett</b>", "typed"),
        ("Two", "Zwei\nZeilen", "line breaks"),
        ("Space", "Raum ", "space"),
        ("Hidden", "Ver\u202edeckt", "nobody sees"),
        ("Yes", " ", "not translated"),
    ],
)
def test_a_broken_translation_is_refused(original: str, translation: str, mistake: str) -> None:
    found = list(find_mistakes(Entry(msgid=original, place=""), [translation], expected_forms=2))
    assert len(found) >= 1
    assert mistake in found[0]


def test_plural_forms_are_counted_and_compared() -> None:
    entry = Entry(msgid=("{count} star of {name}", "{count} stars of {name}"), place="")
    good = ["ein Stern von {name}", "{count} Sterne von {name}"]
    assert list(find_mistakes(entry, good, expected_forms=2)) == []
    assert list(find_mistakes(entry, good[:1], expected_forms=2)) == ["has 1 forms, and 2 are needed"]
    assert list(find_mistakes(entry, [good[0], "Sterne von {name}"], expected_forms=2))


def test_lengths_and_names() -> None:
    label = Entry(msgid="Star", place="", most=8)
    assert list(find_mistakes(label, ["Sternchen"], expected_forms=2)) == ["has 9 characters, and 8 fit"]
    name = Entry(msgid="imagine", place="", context=COMMAND, most=32)
    assert list(find_mistakes(name, ["bild-malen"], expected_forms=2)) == []
    assert list(find_mistakes(name, ["Bild malen"], expected_forms=2))
    assert list(find_clashes([(name, "malen"), (Entry(msgid="edit", place="", context=COMMAND), "malen")]))


CZECH = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=((n==1) ? 0 : (n>=2 && n<=4) ? 1 : 2);\\n"

msgid "{count} star"
msgid_plural "{count} stars"
msgstr[0] "{count} hvězda"
msgstr[1] "{count} hvězdy"
msgstr[2] "{count} hvězd"

msgid "{share:.1f} MiB"
msgstr "{share:.1f} MiB"
"""


@pytest.fixture
def catalogue_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    catalogues.load_catalogue.cache_clear()
    yield tmp_path
    catalogues.load_catalogue.cache_clear()


def test_a_catalogue_brings_its_own_plural_forms(catalogue_folder: Path) -> None:
    (catalogue_folder / "de.po").write_text(CZECH, "utf-8")
    with reading_in("de"):
        shown = [translate_plural("{count} star", "{count} stars", count) for count in (1, 3, 5)]
        assert translate("no such sentence") == "no such sentence"
    assert shown == ["1 hvězda", "3 hvězdy", "5 hvězd"]
    assert translate_plural("{count} star", "{count} stars", 3) == "3 stars"


def test_numbers_are_written_as_their_reader_writes_them() -> None:
    with reading_in("de"):
        assert (
            translate("{a:.1f} {b:,} {c} {d:.0%}", a=1234.5, b=1234, c=1234, d=0.4)
            == "1234,5 1.234 1234 40\xa0%"
        )
    with reading_in("ja"):
        assert translate("{d:.0%}", d=0.4) == "40%"


async def test_messages_that_are_composed_at_the_same_time_never_mix() -> None:
    """Each task has its reader's language, and so have the tasks and threads that it starts."""
    turns = {language: asyncio.Event() for language in ("de", "fr")}

    async def compose(own: str, other: str) -> list[str]:
        use_language(own)
        found = [current_language()]
        turns[own].set()
        await turns[other].wait()
        found.append(await asyncio.to_thread(current_language))
        with reading_in("ja"):
            found.append(await asyncio.create_task(_read()))
        return [*found, current_language()]

    found = await asyncio.gather(compose("de", "fr"), compose("fr", "de"))
    assert found == [["de", "de", "ja", "de"], ["fr", "fr", "ja", "fr"]]
    assert current_language() == "en"


async def _read() -> str:
    await asyncio.sleep(0)
    return current_language()


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", Language.GERMAN),
        ("en;q=0.5, fr-CH", Language.FRENCH),
        ("pt-BR, es-419;q=0.8", Language.SPANISH),
        ("de;q=0, en;q=nonsense, ja;q=0.1", Language.JAPANESE),
        ("*", Language.ENGLISH),
        ("", Language.ENGLISH),
        (";;;,=,\x00" * 1000, Language.ENGLISH),
    ],
)
def test_the_language_of_a_browser(header: str, language: Language) -> None:
    assert first_language(accepted_languages(header)) is language


def test_locales_of_platforms_and_terminals() -> None:
    assert read_language("de_DE.UTF-8") is Language.GERMAN
    assert read_language("es-ES") is Language.SPANISH
    assert [read_language(value) for value in (None, "", "C.UTF-8", "automatic", "nl")] == [None] * 5


def test_the_template_of_a_new_language_is_english() -> None:
    assert catalogues.load_catalogue("nl").gettext("Show") == "Show"
    assert Catalog(locale="ja").num_plurals == 1
