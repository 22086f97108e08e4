"""What people typed, from what Slack made of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from studio.domain.people import Person, Platform

# What Slack makes of mentions, channels, links and broadcasts in text that people type.
_GROUP = "subteam^"
_TAG = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedText:
    """A text in Slack's markup; `without` is a member, the app, whose mention is left out."""

    text: str
    without: str | None = None

    @property
    def plain(self) -> str:
        """What a person typed."""
        return self._read(_as_typed)

    def with_keys(self, community: str) -> str:
        """With a person's key for each mention, and the ids of channels and user groups."""

        def by_key(tag: re.Match[str]) -> str:
            sign, target, _ = tag.groups()
            if sign == "@":
                return Person.key_of(Platform.SLACK, community, target)
            if sign == "#":
                return target
            return target.removeprefix(_GROUP) if target.startswith(_GROUP) else _as_typed(tag)

        return self._read(by_key)

    def _read(self, read_tag: Callable[[re.Match[str]], str]) -> str:
        text = self.text
        if self.without:
            text = re.sub(rf"<@{re.escape(self.without)}(?:\|[^<>]*)?>", " ", text)
        plain = _TAG.sub(read_tag, text)
        return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _as_typed(tag: re.Match[str]) -> str:
    sign, target, label = tag.groups()
    if sign == "!":
        return f"@{(label or target).removeprefix('@')}"
    return f"{sign}{label or target}"
