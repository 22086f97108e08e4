"""The winners of a community's contests, the latest first."""

from bots.presentation.compose.parts.buttons import button, rows_of
from bots.presentation.message import (
    Audience,
    FileKind,
    Image,
    Images,
    Message,
    Paragraph,
    Part,
    PersonName,
    Small,
    Spans,
    Time,
    Title,
)
from bots.presentation.spans import sentence
from bots.texts.gatherings import contest as texts
from bots.texts.translation import translate
from studio.commands.button_ids import NO_TARGET, Action
from studio.commands.gathering_results import HallPlace, HallShown

_LAST_PAGE_OF_A_BUTTON = 9  # its number is one digit of the button's id


def compose_hall(answer: HallShown) -> Message:
    title = translate(texts.HALL)
    others = [button(Action.LEADERBOARD, NO_TARGET), button(Action.CONTEST, NO_TARGET)]
    if not answer.places:
        parts: list[Part] = [Title(title), Paragraph(sentence(texts.HALL_EMPTY))]
        rows = rows_of(others)
        return Message(parts=tuple(parts), rows=rows, audience=Audience.PERSON, summary=title)
    numbered = list(enumerate(answer.places, answer.first))
    images = tuple(_image(place, number) for number, place in numbered if place.picture)
    parts = [Title(title), *(Paragraph(_line(place, number)) for number, place in numbered)]
    parts += [Images(images=images)] if images else []
    if answer.pages > 1:
        parts.append(Small((translate(texts.HALL_PAGE, page=answer.page, pages=answer.pages),)))
    is_followed = answer.page < min(answer.pages, _LAST_PAGE_OF_A_BUTTON)
    older = [button(Action.HALL, NO_TARGET, answer.page + 1, label=translate(texts.OLDER))]
    return Message(
        parts=tuple(parts),
        rows=rows_of([*(older if is_followed else []), *others]),
        audience=Audience.PERSON,
        summary=title,
    )


def _line(place: HallPlace, number: int) -> Spans:
    values: dict[str, int | str | Time] = {"number": number, "title": place.title}
    values["closed"] = Time(place.closed_at, exact=True)
    if place.picture is None or place.person is None:
        return sentence(texts.HALL_GONE, **values)
    return sentence(texts.HALL_ENTRY, person=PersonName(place.person), **values)


def _image(place: HallPlace, number: int) -> Image:
    """Named by its id, unless it is hidden: by that a page would find it as it is."""
    picture = place.picture
    return Image(
        name=picture.id if picture and not place.spoiler else f"winner{number}",
        alt_text=translate(texts.HALL_ALT_TEXT, number=number, title=place.title),
        key=picture.key if picture else "",
        kind=FileKind.PIXELATED if place.spoiler else FileKind.PICTURE,
    )
