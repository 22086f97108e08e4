"""What people typed, from what Slack made of it."""

import re
from collections.abc import Callable

from studio.domain.people import Person, Platform

# What Slack makes of mentions, channels, links and broadcasts in text that people type.
_GROUP = "subteam^"
_TAG = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


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
