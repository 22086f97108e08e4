"""Text of people, shown as text: no markdown, no mention, no link, no change of direction."""

import re

from bots.texts.chat import shorten

_MARKS = re.compile(r"([\\*_~`|<>\[\]@])")
_ZERO_WIDTH = "\u200b"
# Discord makes links and invitations of these wherever they stand.
_LINKS = re.compile(r"(?i)(https?:)(//)|(discord)(\.gg|\.com|app\.com)")


def plain(text: str, *, longest: int = 300) -> str:
    """At most `longest` characters of `text`, escaped to stand inside a line of a message."""
    escaped = _MARKS.sub(r"\\\1", shorten(text, longest))
    return _LINKS.sub(_broken, escaped.replace("@", "@" + _ZERO_WIDTH))


def _broken(link: re.Match[str]) -> str:
    return _ZERO_WIDTH.join(part for part in link.groups() if part)
