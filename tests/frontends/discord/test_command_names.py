"""Commands, options and choices have names and descriptions in every language, within Discord's limits."""

import re
from collections.abc import Iterator, Mapping
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import discord
import pytest

from bots.discord.interactions.command_translator import CommandTranslator
from bots.texts import translation
from studio.domain.settings.languages import Language
from studio.ports import Ports
from tests.support.discord_sim import new_bot, settings_for

LOCALES = ("de", "fr", "es-ES", "es-419", "ja")
Payload = Mapping[str, Any]


class Suffixed(NullTranslations):
    """Adds the language to each name and sentence; the names of commands in Spanish are none for Discord."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def gettext(self, message: str) -> str:
        return f"{message[:70]} {self._language}"

    def pgettext(self, context: str, message: str) -> str:
        broken = self._language == Language.SPANISH and context == translation.COMMAND
        return f"Dos palabras {message}" if broken else f"{message}-{self._language}"


async def registered(ports: Ports, home: Path) -> list[Payload]:
    bot = new_bot(ports, settings_for(home))
    bot.pools.close()
    return [
        await command.get_translated_payload(bot.tree, CommandTranslator())
        for command in bot.tree.get_commands()
    ]


async def test_discord_is_told_what_the_catalogues_say(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation, "load_catalogue", Suffixed)
    payloads = {payload["name"]: payload for payload in await registered(ports, tmp_path)}
    imagine = payloads["imagine"]
    assert imagine["name_localizations"] == {"de": "imagine-de", "fr": "imagine-fr", "ja": "imagine-ja"}
    assert imagine["description_localizations"]["es-419"].endswith(" es")
    assert set(imagine["description_localizations"]) == set(LOCALES)
    (prompt,) = (option for option in imagine["options"] if option["name"] == "prompt")
    assert prompt["name_localizations"]["ja"] == "prompt-ja"
    (remix,) = (option for option in payloads["settings"]["options"] if option["name"] == "remix")
    assert remix["choices"][0]["name_localizations"]["de"] == "anyone-de"
    assert payloads["Vary"]["name_localizations"]["fr"] == "Vary fr", "the entry of a message's menu"


async def test_every_language_keeps_within_discords_limits(ports: Ports, tmp_path: Path) -> None:
    payloads = await registered(ports, tmp_path)
    for locale in LOCALES:
        names = [(payload["type"], in_locale(payload, "name", locale)) for payload in payloads]
        assert len(names) == len(set(names)), locale
        for payload in payloads:
            for described in (payload, *payload.get("options", ())):
                is_menu = payload["type"] == discord.AppCommandType.message.value
                name = in_locale(described, "name", locale)
                assert 1 <= len(name) <= 32
                assert is_menu or (re.fullmatch(r"[-_'\w]+", name) and name == name.lower()), name
                assert is_menu or 1 <= len(in_locale(described, "description", locale)) <= 100
            options = [in_locale(option, "name", locale) for option in payload.get("options", ())]
            assert len(options) == len(set(options)), (locale, payload["name"])
            for option in payload.get("options", ()):
                choices = [in_locale(choice, "name", locale) for choice in option.get("choices", ())]
                assert len(choices) == len(set(choices)), (locale, payload["name"], option["name"])
    assert max(sum(longest_texts(payload)) for payload in payloads) <= 8000


def in_locale(described: Payload, field: str, locale: str) -> str:
    text: str = described.get(f"{field}_localizations", {}).get(locale) or described[field]
    return text


def longest_texts(described: Payload) -> Iterator[int]:
    """What Discord counts: of each text the longest language, and the values of choices."""
    for field in ("name", "description"):
        texts = [described.get(field, ""), *described.get(f"{field}_localizations", {}).values()]
        yield max(map(len, texts))
    yield len(str(described.get("value", "")))
    for inner in (*described.get("options", ()), *described.get("choices", ())):
        yield from longest_texts(inner)
