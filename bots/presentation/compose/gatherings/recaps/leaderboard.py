"""Whose pictures others built on most, for one reader."""

from bots.presentation.compose.parts.buttons import button, rows_of
from bots.presentation.compose.parts.pictures import numbered_image
from bots.presentation.message import (
    Audience,
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
from bots.presentation.spans import sentence, sentence_plural
from bots.texts.gatherings import contest as contest_texts
from bots.texts.gatherings import recap as texts
from bots.texts.translation import translate
from studio.commands.button_ids import NO_TARGET, Action
from studio.recaps.leaderboard import Leaderboard, LeaderboardPlace


def compose_leaderboard(answer: Leaderboard) -> Message:
    title = translate(texts.LEADERBOARD)
    numbered = list(enumerate(answer.places, 1))
    parts: list[Part] = [Title(title), *(Paragraph(_line(place, number)) for number, place in numbered)]
    if images := tuple(numbered_image(place.picture, number) for number, place in numbered):
        parts.append(Images(images=images))
    if numbered:
        command = Command("/settings --recap no")
        parts.append(Small(sentence(texts.LEADERBOARD_HINT, days=answer.days, command=command)))
    else:
        parts.append(Paragraph(sentence(texts.LEADERBOARD_EMPTY, days=answer.days)))
    winners = button(Action.HALL, NO_TARGET, 1, label=translate(contest_texts.HALL))
    return Message(parts=tuple(parts), rows=rows_of([winners]), audience=Audience.PERSON, summary=title)


def _line(place: LeaderboardPlace, number: int) -> Spans:
    return sentence_plural(
        texts.LEADERBOARD_ONE,
        texts.LEADERBOARD_MANY,
        place.builders,
        number=number,
        person=PersonName(place.person),
        builders=place.builders,
    )
