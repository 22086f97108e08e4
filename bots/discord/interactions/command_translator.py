"""Names and descriptions of commands, options and choices in the languages of those who read them."""

import re

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bots.texts.languages.readers import reading_in
from bots.texts.translation import CHOICE, COMMAND, OPTION, translate, translate_name
from studio.domain.settings.languages import Language, read_language

LONGEST_DESCRIPTION = 100
_LONGEST_NAME = 32
_LONGEST_CHOICE = 100
_NAME = re.compile(r"[-_'\w]{1,32}")
# discord.py asks for every text in each of its thirty locales.
_LANGUAGES = {
    locale: language
    for locale in discord.Locale
    if (language := read_language(locale.value)) not in (None, Language.ENGLISH)
}


class CommandTranslator(app_commands.Translator):
    """English stands in the commands themselves, and is what Discord shows where nothing is said here.

    A translation that Discord would refuse is left out: it would refuse all commands because of it.
    """

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        language = _LANGUAGES.get(locale)
        if language is None:
            return None
        with reading_in(language):
            text = _translate(string.message, context)
        return text if text and text != string.message else None


def _translate(text: str, context: app_commands.TranslationContextTypes) -> str | None:
    match context.location:
        case Location.command_name if isinstance(context.data, app_commands.ContextMenu):
            return _fitting(translate(text), _LONGEST_NAME)
        case Location.command_name:
            return _as_name(translate_name(COMMAND, text))
        case Location.parameter_name:
            return _as_name(translate_name(OPTION, text))
        case Location.choice_name:
            return _fitting(translate_name(CHOICE, text), _LONGEST_CHOICE)
        case Location.command_description | Location.parameter_description:
            return translate(text)[:LONGEST_DESCRIPTION]
        case _:
            return None


def _as_name(text: str) -> str | None:
    return text if _NAME.fullmatch(text) and text == text.lower() else None


def _fitting(text: str, most: int) -> str | None:
    return text if len(text) <= most else None
