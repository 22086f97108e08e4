"""Where sentences enter: an English sentence is its own key (gettext's msgid), and its values have names.

Constants in capitals in `bots/texts/` are such sentences. They are translated when a message is composed, never when a
module is imported, because readers may have different languages (`bots.texts.languages.readers`).
"""

from bots.texts.languages.catalogues import load_catalogue
from bots.texts.languages.formats import ReaderFormatter
from bots.texts.languages.readers import current_language
from studio.domain.settings.languages import Language

Msgid = str | tuple[str, str]  # of a pair, the first is for a `count` of one

# Of what a name is that people type or choose; the contexts of gettext.
COMMAND, OPTION, CHOICE = "command", "option", "choice"
EVIDENCE = "evidence"  # what a rule of moderation found, as a case keeps it

_FORMATTER = ReaderFormatter()


def translate(msgid: str, **values: object) -> str:
    """The sentence for its reader, with its values. One without values may hold braces."""
    found = lookup(msgid)
    return fill(found, **values) if values else found


def translate_plural(one: str, many: str, count: int, **values: object) -> str:
    """The sentence for `count` things; ``{count}`` is one of its values."""
    return fill(lookup_plural((one, many), count), count=count, **values)


def translate_name(context: str, name: str) -> str:
    """A name that people type or choose, or a kept phrase; `context` is `COMMAND`, `OPTION`, `CHOICE` or `EVIDENCE`.

    Languages keep their own names.
    """
    if context == CHOICE and name in set(Language):
        return Language(name).own_name
    return load_catalogue(current_language()).pgettext(context, name)


def lookup(msgid: str) -> str:
    """The sentence of the reader's language, with its placeholders."""
    return load_catalogue(current_language()).gettext(msgid) if msgid else msgid


def lookup_plural(msgids: tuple[str, str], count: int) -> str:
    """As `lookup`, of the forms that the language has, that for `count`."""
    return load_catalogue(current_language()).ngettext(*msgids, count)


def fill(template: str, /, **values: object) -> str:
    """Put values into a sentence, with numbers as the reader writes them."""
    return _FORMATTER.vformat(template, (), values)
