"""Cards of the feed, and who is here, as HTML."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bots.presentation.compose.job_message import compose_job, ended
from bots.presentation.compose.parts.pictures import title_of
from bots.presentation.message import Button, ButtonRow, Message, Note, Part, Small
from bots.web.queries.job_cards import Card, Tile
from bots.web.render import rows_of, shown_button, shown_picture
from bots.web.templating import render_template
from bots.web.texts import texts
from studio.commands.button_ids import Action
from studio.commands.registry import REACTIONS
from studio.domain.events import JobProgress
from studio.domain.jobs import OUTSTANDING, JobState

# Everybody gets the same card; its styles show these buttons to the owner and moderators, the owner, or others only.
_SHOWN_TO = {Action.CANCEL: "own", Action.DELETE: "own", Action.APPEAL: "by-owner", Action.REPORT: "others"}


def render_card(card: Card, progress: JobProgress | None = None) -> str:
    """The recipe is a press away, and the credit leads to the pictures that it names."""
    job = card.job
    progress = progress if job.state is JobState.PAINTING else None
    message = compose_job(card.view, progress)
    classes = _SHOWN_TO if card.lends_uploads else {**_SHOWN_TO, Action.REROLL: "by-owner"}
    reactions = [
        (emoji, shown_button(each, classes.get(each.action, ""))) for emoji, each in _reactions(card)
    ]
    return render_template(
        "job_card.html",
        card=card,
        job=job,
        message=message,
        title=title_of(card.view.prompt),
        preview=progress.preview if progress else None,
        ended="" if card.tiles or job.state in OUTSTANDING else ended(job, asks=card.asks),
        tiles={tile.picture.id: tile for tile in card.tiles},
        shown={tile.picture.id: shown_picture(tile.picture) for tile in card.tiles},
        stars={tile.picture.id: shown_button(_star(tile)) for tile in card.tiles},
        extra=list(_extra(card, message)),
        rows=rows_of(_rows(card, message), classes),
        reactions=reactions,
    )


def render_people(people: Sequence[tuple[str, str]]) -> str:
    """`people` are user ids and names."""
    return render_template("people.html", people=people)


def _star(tile: Tile) -> Button:
    return Button(action=Action.STAR, target=tile.picture.job_id, index=tile.number)


def _extra(card: Card, message: Message) -> Iterator[Part]:
    """What stands below the credit: the price of what is to come, remarks on what is there."""
    if card.tiles:
        yield from (part for part in message.parts if isinstance(part, Note))
    elif card.job.state in OUTSTANDING:
        _credit, *prices = (part for part in message.parts if isinstance(part, Small))
        yield from prices


def _rows(card: Card, message: Message) -> Sequence[ButtonRow]:
    """Without what the studio refuses to everybody."""
    if card.rerolls:
        return message.rows
    rows = [tuple(each for each in row.buttons if each.action is not Action.REROLL) for row in message.rows]
    return [replace(row, buttons=buttons) for row, buttons in zip(message.rows, rows, strict=True)]


def _reactions(card: Card) -> Iterator[tuple[str, Button]]:
    """The emoji that people know from the chats, for what the card shows."""
    numbers = [tile.number for tile in card.tiles]
    for emoji, (action, index) in REACTIONS.items() if numbers else ():
        if action is Action.REROLL and not card.rerolls:
            continue
        about = numbers[0] if index and action is not Action.VARY else index
        if action is Action.REPORT:
            about = 0  # its form asks which one
        if about == 0 or about in numbers:
            question = _sure(len(numbers)) if action is Action.DELETE else ""
            yield emoji, Button(action=action, target=card.job.id, index=about, confirm=question)


def _sure(count: int) -> str:
    return texts.PAGE["delete_all"] if count > 1 else texts.PAGE["delete_one"]
