"""The private tray in which somebody collects pictures for a blend."""

from bots.presentation.compose.parts.buttons import button, rows_of
from bots.presentation.message import (
    Audience,
    Command,
    Image,
    Images,
    Message,
    Note,
    Paragraph,
    Part,
    Small,
)
from bots.presentation.spans import plain_text, sentence
from bots.texts.gatherings import all_kinds as texts
from bots.texts.translation import translate
from studio.commands.button_ids import NO_TARGET, Action
from studio.commands.gathering_results import Tray
from studio.domain.requests import MOST_BLENDED

FEWEST_BLENDED = 2


def compose_tray(tray: Tray) -> Message:
    count = len(tray.items)
    if not count:
        spans = sentence(texts.TRAY_EMPTY, command=Command("/collect"))
        return Message(parts=(Paragraph(spans),), audience=Audience.PERSON, summary=plain_text(spans))
    spans = sentence(texts.TRAY, count=count, most=MOST_BLENDED)
    parts: list[Part] = [Paragraph(spans), _images(tray)]
    if tray.added is False:
        parts.append(Note(spans=sentence(texts.TRAY_BEFORE)))
    if count < FEWEST_BLENDED:
        parts.append(Small(sentence(texts.TRAY_ONE)))
    blend = [button(Action.BLEND_TRAY, NO_TARGET)] if count >= FEWEST_BLENDED else []
    rows = rows_of([*blend, button(Action.EMPTY_TRAY, NO_TARGET)])
    return Message(parts=tuple(parts), rows=rows, audience=Audience.PERSON, summary=plain_text(spans))


def _images(tray: Tray) -> Images:
    """Named by their ids; uploads have none."""
    return Images(
        images=tuple(
            Image(
                name=picture_id or f"upload{number}",
                alt_text=translate(texts.TRAY_PICTURE, number=number),
                key=key,
            )
            for number, (picture_id, key) in enumerate(tray.items, 1)
        )
    )
