"""Text of people on its way out and in: shown as text, and read as they typed it."""

import re
from collections.abc import Callable

from bots.texts.chat import shorten
from studio.domain.people import Person, Platform

_MARKS = re.compile(r"([*_~`])")
_ZERO_WIDTH = "\u200b"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# What Slack makes of mentions, channels, links and broadcasts in text that people type.
_GROUP = "subteam^"
_TAG = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


def mrkdwn(text: str, *, longest: int = 300) -> str:
    """At most `longest` characters of `text` for a line of mrkdwn: no mention, no link, no formatting."""
    return _MARKS.sub(rf"{_ZERO_WIDTH}\1", entities(shorten(text, longest)))


def entities(text: str) -> str:
    """Slack's three control characters, so that no ``<!channel>`` and no link can come of a text."""
    return "".join(_ENTITIES.get(character, character) for character in text)


def typed(text: str, *, without: str | None = None) -> str:
    """What a person typed, from what Slack made of it. `without` is a member whose mention is left out."""
    return _plain(text, _as_typed, without)


def named(text: str, community: str, *, without: str | None = None) -> str:
    """Like `typed`, with a person's key for each mention, and the ids of channels and user groups."""

    def by_name(tag: re.Match[str]) -> str:
        sign, target, _ = tag.groups()
        if sign == "@":
            return Person.key_of(Platform.SLACK, community, target)
        if sign == "#":
            return target
        return target.removeprefix(_GROUP) if target.startswith(_GROUP) else _as_typed(tag)

    return _plain(text, by_name, without)


def _plain(text: str, read_tag: Callable[[re.Match[str]], str], without: str | None) -> str:
    if without:
        text = re.sub(rf"<@{re.escape(without)}(?:\|[^<>]*)?>", " ", text)
    plain = _TAG.sub(read_tag, text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _as_typed(tag: re.Match[str]) -> str:
    sign, target, label = tag.groups()
    if sign == "!":
        return f"@{(label or target).removeprefix('@')}"
    return f"{sign}{label or target}"
