"""Spans as Discord's Markdown. Text of people is escaped here and nowhere else."""

import re
from functools import singledispatch

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
    return "".join(map(markdown_of, spans))


@singledispatch
def markdown_of(span: Span) -> str:
    raise TypeError(f"no Markdown for {type(span).__name__}")


@markdown_of.register
def _(span: str) -> str:
    return escape(span)


@markdown_of.register
def _(span: Bold) -> str:
    return f"**{escape(span.text)}**" if span.text else ""


@markdown_of.register(Code)
@markdown_of.register(Command)
def _(span: Code | Command) -> str:
    """Between backticks nothing is Markdown but a backtick."""
    return f"`{clean_text(span.text.replace('`', ''))}`"


@markdown_of.register
def _(span: PersonName) -> str:
    """A mention shows the present name; nobody is pinged. A person who asked to be forgotten has no number."""
    if span.is_of(Platform.DISCORD) and span.user_id.isdecimal():
        return f"<@{span.user_id}>"
    return escape(span.name)


@markdown_of.register
def _(span: ChannelName) -> str:
    return f"<#{span.channel}>" if span.channel.isdecimal() else escape(span.channel)


@markdown_of.register
def _(span: RoleName) -> str:
    return f"<@&{span.role}>" if span.role.isdecimal() else escape(span.role)


@markdown_of.register
def _(span: Time) -> str:
    return f"<t:{int(span.when.timestamp())}:{'f' if span.exact else 'R'}>"


@markdown_of.register
def _(span: Link) -> str:
    return f"[{escape(span.label)}](<{span.url}>)"


def code_block(text: str) -> str:
    """A block of fixed width; a backtick of its text would end it."""
    return f"```\n{text.replace('`', chr(39))}\n```"
