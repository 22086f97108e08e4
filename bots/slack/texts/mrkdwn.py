"""Spans as Slack's mrkdwn: the only place where text is escaped for Slack."""

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
from bots.presentation.spans import plain_text as unformatted
from bots.slack.texts.command_parsing import as_typed
from bots.texts.languages.formats import format_moment
from studio.domain.people import Person, Platform

_MARKS = re.compile(r"([*_~`])")
_ZERO_WIDTH = "\u200b"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

_UNFINISHED = re.compile(r"(&[a-z]*|<[^<>]*)$")
_CODE = re.compile(f"(?<!{_ZERO_WIDTH})`[^`]*`")
_LONGEST_END = len("…`*")


def mrkdwn(spans: Spans, *, links: bool = True) -> str:
    """`links`: people are links to their profiles, of which Slack tells them; else they are names."""
    return "".join(_span(span, links=links) for span in spans)


def plain_text(spans: Spans) -> str:
    """For places without markup: a modal's error, a notification."""
    typed = (as_typed(span.text) if isinstance(span, Command) else span for span in spans)
    return unformatted(tuple(typed))


def escape(text: str) -> str:
    """Text in mrkdwn: no mention, no link, no formatting."""
    return _MARKS.sub(rf"{_ZERO_WIDTH}\1", entities(text))


def entities(text: str) -> str:
    """Slack's three control characters, so that no ``<!channel>`` and no link can come of a text."""
    return "".join(_ENTITIES.get(character, character) for character in text)


def shorten_mrkdwn(text: str, most: int) -> str:
    """At most `most` characters, with an ellipsis where the rest was; no entity, link, code or bold is left open."""
    if len(text) <= most:
        return text
    fitting = _UNFINISHED.sub("", text[: most - _LONGEST_END]).rstrip()
    without_code = _CODE.sub("", fitting)
    is_open = {mark: len(re.findall(f"(?<!{_ZERO_WIDTH})[{mark}]", without_code)) % 2 for mark in "`*"}
    return fitting + "…" + "".join(mark for mark, open_ in is_open.items() if open_)


def _span(span: Span, *, links: bool) -> str:
    match span:
        case str():
            return escape(span)
        case Bold():
            return f"*{escape(' '.join(span.text.split()))}*" if span.text.strip() else ""
        case Code() | Command():
            return _code(as_typed(span.text) if isinstance(span, Command) else span.text)
        case PersonName():
            return _person(span, links=links)
        case ChannelName():
            return f"<#{span.channel}>" if span.channel.isalnum() else escape(span.channel)
        case RoleName():
            return _code(span.role)  # a link to a user group would notify all of its members
        case Time(when=when):  # in the reader's own time zone
            return f"<!date^{int(when.timestamp())}^{{date_short_pretty}} {{time}}|{format_moment(when)}>"
        case Link():
            return f"<{entities(span.url)}|{entities(span.label)}>"


def _code(text: str) -> str:
    return f"`{entities(text.replace('`', ''))}`"


def _person(span: PersonName, *, links: bool) -> str:
    """Without links the name is shown, where it is known."""
    is_known = isinstance(span.person, Person)
    if span.is_of(Platform.SLACK) and span.user_id.isalnum() and (links or not is_known):
        return f"<@{span.user_id}>"
    return escape(f"@{span.name}" if is_known and not links else span.name)
