"""Spans as Discord's Markdown. Text of people is escaped here and nowhere else."""

import re

from bots.presentation.message import (
    Bold,
    ChannelName,
    Code,
    Command,
    Link,
    PersonName,
    RoleName,
    Span,
    Spans,
    Time,
)
from studio.domain.people import Platform
from studio.parsing.text_cleaning import clean_text

_MARKS = re.compile(r"([\\*_~`|<>\[\]@#])")
_ZERO_WIDTH = "\u200b"
# Discord makes links and invitations of these wherever they stand.
_LINKS = re.compile(r"(?i)(https?:)(//)|(discord)(\.gg|\.com|app\.com)")
_LIST_MARKS = re.compile(r"(?m)^( ?\d+(?=\.)| ?(?=[-+]))([-+.])(?= )")  # a list, where they begin a line


def escape(text: str) -> str:
    """Text shown letter for letter: no Markdown, mention, link or change of direction. Line ends stay."""
    clean = "\n".join(map(_clean_line, text.split("\n")))
    escaped = _MARKS.sub(r"\\\1", clean).replace("@", "@" + _ZERO_WIDTH)
    return _LINKS.sub(_break_link, _LIST_MARKS.sub(r"\1\\\2", escaped))


def _clean_line(line: str) -> str:
    """One clean line; a span may begin or end with the space between two words."""
    core = clean_text(line)
    if not core:
        return " " if line else ""
    return f"{' ' * line[0].isspace()}{core}{' ' * line[-1].isspace()}"


def _break_link(link: re.Match[str]) -> str:
    return _ZERO_WIDTH.join(part for part in link.groups() if part)


def markdown(spans: Spans) -> str:
    return "".join(map(_span, spans))


def _span(span: Span) -> str:
    match span:
        case str():
            return escape(span)
        case Bold():
            return f"**{escape(span.text)}**" if span.text else ""
        case Code() | Command():  # between backticks nothing is Markdown but a backtick
            return f"`{clean_text(span.text.replace('`', ''))}`"
        case PersonName():  # a mention shows the present name; nobody is pinged
            is_mention = span.is_of(Platform.DISCORD) and span.user_id.isdecimal()
            return f"<@{span.user_id}>" if is_mention else escape(span.name)
        case ChannelName():
            return f"<#{span.channel}>" if span.channel.isdecimal() else escape(span.channel)
        case RoleName():
            return f"<@&{span.role}>" if span.role.isdecimal() else escape(span.role)
        case Time():
            return f"<t:{int(span.when.timestamp())}:{'f' if span.exact else 'R'}>"
        case Link():
            return f"[{escape(span.label)}](<{span.url}>)"


def code_block(text: str) -> str:
    """A block of fixed width; a backtick of its text would end it."""
    return f"```\n{text.replace('`', chr(39))}\n```"
