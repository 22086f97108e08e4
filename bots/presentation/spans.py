"""Sentences with people, times and commands in them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from string import Formatter

from bots.presentation.message import (
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
from bots.texts.jobs import AND
from bots.texts.languages.formats import format_moment
from bots.texts.translation import lookup, lookup_plural, translate
from studio.commands.registry import CATALOG
from studio.domain.people import Person

_COMMAND = re.compile(rf"(?<![\w/.])/(?:{'|'.join(sorted(CATALOG, reverse=True))})(?![\w/-])")


def sentence(msgid: str, **values: Span | Spans | int) -> Spans:
    """A translated sentence whose named values may be spans."""
    return join_spans(_fill(lookup(msgid), values))


def sentence_plural(one: str, many: str, count: int, **values: Span | Spans | int) -> Spans:
    """As `sentence`, for `count` things; ``{count}`` is one of its values."""
    return join_spans(_fill(lookup_plural((one, many), count), {"count": count, **values}))


def _fill(template: str, values: dict[str, Span | Spans | int]) -> Iterator[Span]:
    for text, name, _, _ in Formatter().parse(template):
        yield text
        if name is None:
            continue
        value = values[name]
        if isinstance(value, tuple):
            yield from value
        else:
            yield str(value) if isinstance(value, int) else value


def with_commands(text: str) -> Spans:
    """A sentence that may name commands, which are typed differently on each platform."""
    spans: list[Span] = []
    start = 0
    for named in _COMMAND.finditer(text):
        spans += [text[start : named.start()], Command(named[0])]
        start = named.end()
    return join_spans([*spans, text[start:]])


def with_code(text: str) -> Spans:
    """A sentence that may name commands, and have code between backticks."""
    spans: list[Span] = []
    for place, part in enumerate(text.split("`")):
        is_code = place % 2 == 1
        spans += [_code(part)] if is_code else with_commands(part)
    return join_spans(spans)


def _code(text: str) -> Span:
    return Command(text) if _COMMAND.match(text) else Code(text)


def join_spans(spans: Iterable[Span]) -> Spans:
    """Without empty strings, and with neighbouring strings as one."""
    made: list[Span] = []
    for span in spans:
        if isinstance(span, str) and made and isinstance(made[-1], str):
            made[-1] += span
        elif span != "":
            made.append(span)
    return tuple(made)


def join_parts(parts: Iterable[Spans], separator: str = " · ") -> Spans:
    """The parts that say something, with a separator between them."""
    spans: list[Span] = []
    for part in parts:
        if any(part):
            spans += [separator, *part] if spans else part
    return join_spans(spans)


def join_list(items: Sequence[Spans]) -> Spans:
    """``a, b and c``; there is at least one."""
    *others, last = items
    return sentence(AND, first=join_parts(others, ", "), last=last) if others else last


def plain_text(spans: Spans) -> str:
    """What spans say without any platform, for summaries."""
    return "".join(_plain(span) for span in spans)


def _plain(span: Span) -> str:
    match span:
        case str():
            return span
        case PersonName(person=person):
            return f"@{person.display_name}" if isinstance(person, Person) else translate("somebody")
        case ChannelName(channel=name) | RoleName(role=name) | Link(label=name):
            return name
        case Time(when=when):
            return format_moment(when)
        case _:
            return span.text
