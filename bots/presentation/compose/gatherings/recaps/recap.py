"""The week of a community as one message, for its channel."""

from collections.abc import Iterator
from datetime import timedelta

from bots.presentation.compose.parts.pictures import numbered_image
from bots.presentation.message import (
    Command,
    Images,
    Message,
    Paragraph,
    Part,
    PersonName,
    Small,
    Spans,
    Title,
)
from bots.presentation.spans import sentence
from bots.texts.coded.sentences import say
from bots.texts.gatherings import recap as texts
from bots.texts.translation import translate
from studio.coded_text import coded
from studio.recaps.weekly_recap import RecapPicture, WeeklyRecap


def compose_recap(recap: WeeklyRecap) -> Message:
    """The pictures have the numbers of their lines."""
    title = translate(texts.TITLE)
    last = recap.until - timedelta(days=1)
    week = say(coded("digest.week", first=recap.since.date(), last=last.date()))
    shown = _picture_lines(recap)
    images = {
        picture.picture.id: numbered_image(picture.picture, number)
        for number, (picture, _line) in reversed([*enumerate(shown, 1)])
    }
    parts: list[Part] = [Title(title), Small((week,))]
    parts += [Images(images=tuple(reversed(images.values())))] if images else []
    parts += [Paragraph(line) for _picture, line in shown]
    parts += [Paragraph(line) for line in _lines(recap)]
    parts.append(Small(sentence(texts.OUT, command=Command("/settings --recap no"))))
    return Message(parts=tuple(parts), summary=f"{title}: {week}")


def _picture_lines(recap: WeeklyRecap) -> list[tuple[RecapPicture, Spans]]:
    found: list[tuple[RecapPicture, Spans]] = []
    for number, winner in enumerate(recap.winners, 1):
        person = PersonName(winner.person)
        found.append((winner, sentence(texts.WON, number=number, person=person, title=winner.title)))
    if best := recap.most_built_on:
        values = {"number": len(found) + 1, "count": recap.builders}
        line = sentence(texts.BUILT_ON_BY_SEVERAL, person=PersonName(best.person), **values)
        found.append((best, line))
    return found


def _lines(recap: WeeklyRecap) -> Iterator[Spans]:
    if recap.longest_chain:
        yield sentence(texts.LONGEST_CHAIN, count=recap.longest_chain)
    for theme in recap.murals:
        yield sentence(texts.MURAL, theme=theme)
    if recap.people:
        made = translate(texts.PEOPLE, people=recap.people, pictures=recap.pictures)
        new = translate(texts.NEW_PEOPLE, count=recap.new_people) if recap.new_people else ""
        yield (f"{made} {new}".strip(),)
