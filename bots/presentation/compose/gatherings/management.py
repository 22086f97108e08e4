"""What the host of a gathering and the moderators can do with it, of whatever kind it is."""

from dataclasses import replace

from bots.presentation.compose.gatherings.parts import common_facts, gather_button, gather_form
from bots.presentation.compose.parts.buttons import rows_of
from bots.presentation.form_model import Choice, Field, FieldKind, Form
from bots.presentation.message import (
    Audience,
    Button,
    ButtonRow,
    Facts,
    Link,
    Message,
    Note,
    Small,
    Title,
    Tone,
)
from bots.presentation.spans import plain_text, sentence
from bots.queries.gathering_view import GatheringView
from bots.texts.gatherings import all_kinds as texts
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.commands.button_ids import Button as ButtonId
from studio.domain.gatherings import PartState

MANAGE = "manage"  # the verb of the button that shows this
REMOVE = "remove"
_MOST_PARTS = 25  # in a select


def with_page(message: Message, view: GatheringView, web_url: str) -> Message:
    """With a link to its page, where people see it who linked their names, unless `web_url` is empty."""
    if not web_url:
        return message
    page = Link(translate(texts.WEB_PAGE), f"{web_url}/gatherings/{view.gathering.id}")
    return replace(message, parts=(*message.parts, Small((page,))))


_MOST_BESIDE_MANAGE = 2
_LONGEST_LABELS = 18  # characters of the labels beside it: Discord leaves 272 pixels for a row on a phone


def with_management(message: Message, view: GatheringView, name: str) -> Message:
    """The message of an open gathering, with a button for its host and the moderators. `name` is that of its kind."""
    if view.gathering.is_over:
        return message
    manage = gather_button(view, MANAGE, translate(texts.MANAGE), action=Action.GATHER_SHOW)
    summary = message.summary or translate(name)
    *rows, last = message.rows or (ButtonRow(buttons=()),)
    if _has_room(last):
        last = replace(last, buttons=(*last.buttons, manage))
        return replace(message, rows=(*rows, last), summary=summary)
    return replace(message, rows=(*message.rows, ButtonRow(buttons=(manage,))), summary=summary)


def _has_room(row: ButtonRow) -> bool:
    """Whether one more button fits beside the others on a phone."""
    labels = "".join(other.label for other in row.buttons)
    return not row.menu and len(row.buttons) <= _MOST_BESIDE_MANAGE and len(labels) <= _LONGEST_LABELS


def compose_management(view: GatheringView, name: str) -> Message:
    """For one reader: what they may do with it."""
    if not (view.reader and view.reader.hosts):
        note = Note(spans=sentence(texts.REFUSALS["host"]), tone=Tone.WARNING)
        return Message(
            parts=(note,), audience=Audience.PERSON, tone=Tone.WARNING, summary=plain_text(note.spans)
        )
    stopped = view.gathering.is_stopped
    buttons = [_verb(view, "resume" if stopped else "pause")]
    if not stopped:
        buttons.append(_verb(view, "skip"))
    buttons.append(_verb(view, "end"))
    if view.reader.person.moderates and _removable(view):
        label = translate(texts.LABELS[REMOVE])
        buttons.append(gather_button(view, REMOVE, label, action=Action.GATHER_ASK, tone=Tone.DANGER))
    return Message(
        parts=(Title(translate(name)), Facts(tuple(common_facts(view)))),
        rows=rows_of(buttons, most=2),
        audience=Audience.PERSON,
        summary=translate(name),
    )


def _verb(view: GatheringView, verb: str) -> Button:
    tone = Tone.DANGER if verb == "end" else Tone.NEUTRAL
    return replace(gather_button(view, verb, translate(texts.LABELS[verb]), tone=tone), round=0)


def removal_form(view: GatheringView, press: ButtonId) -> Form:
    """Which part a moderator removes."""
    part = Field(
        name="part",
        kind=FieldKind.CHOICE,
        label=translate(texts.PART),
        required=True,
        choices=tuple(_removable(view)),
    )
    title = translate(texts.LABELS[REMOVE])
    return gather_form(press, title, part, submit=title)


def _removable(view: GatheringView) -> list[Choice]:
    """The latest parts that show a picture."""
    shown = [part for part in view.parts if part.picture and part.part.state is PartState.SET]
    return [
        Choice(value=str(part.part.ordinal), label=translate(texts.PART_NUMBER, part=part.part.ordinal))
        for part in shown[-_MOST_PARTS:]
    ]
