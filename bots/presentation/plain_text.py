"""A message as plain lines, for the command line. Images and buttons are left out."""

from collections.abc import Iterator

from bots.presentation.message import Download, Facts, Images, Message, Part, Preformatted, Progress, Title
from bots.presentation.spans import plain_text


def plain_lines(message: Message) -> list[str]:
    return [line for part in message.parts for line in _lines(part)]


def _lines(part: Part) -> Iterator[str]:
    match part:
        case Title(text=text) | Preformatted(text=text):
            yield text
        case Facts(facts=facts):
            yield from (f"{label}: {plain_text(spans)}" for label, spans in facts)
        case Images() | Progress():
            return
        case Download(otherwise=spans):
            yield plain_text(spans)
        case _:
            yield plain_text(part.spans)
