"""What the messages of all kinds have in common: buttons, the state, when it ends, pictures with their numbers."""

from collections.abc import Iterator, Sequence

from bots.presentation.form import Field, Form
from bots.presentation.message import (
    Button,
    Code,
    Command,
    FileKind,
    Image,
    Images,
    Note,
    Paragraph,
    PersonName,
    Spans,
    Time,
    Tone,
)
from bots.presentation.spans import join_list, sentence
from bots.queries.gathering_view import GatheringView, PartView
from bots.texts.together import gatherings as texts
from bots.texts.translation import translate, translate_plural
from studio.commands.button_ids import Action, form_subject
from studio.commands.button_ids import Button as ButtonId
from studio.domain.gatherings import INTERRUPTED, PAUSED
from studio.domain.people import Person

_MOST_NAMED = 20


def gather_button(
    view: GatheringView,
    verb: str,
    label: str,
    *,
    part: int = 0,
    action: Action = Action.GATHER,
    tone: Tone = Tone.NEUTRAL,
    pressed: bool = False,
    disabled: bool = False,
) -> Button:
    """`action` says whether the verb acts at once, opens a form (`GATHER_ASK`), or shows something (`GATHER_SHOW`)."""
    return Button(
        action=action,
        target=view.gathering.id,
        verb=verb,
        round=view.gathering.round,
        part=part,
        label=label,
        tone=tone,
        pressed=pressed,
        disabled=disabled,
    )


def gather_form(
    press: ButtonId, title: str, *fields: Field, submit: str, intro: Spans = (), image: Image | None = None
) -> Form:
    """The form of a verb. Its fields are named ``words``, ``option``, ``picture`` or ``part``."""
    return Form(
        command="gather",
        about=form_subject(press),
        title=title,
        fields=fields,
        submit=submit,
        intro=intro,
        image=image,
    )


def state_notes(view: GatheringView) -> tuple[Note, ...]:
    """Why nobody can do anything at the moment, if so."""
    match view.gathering.state:
        case state if state == PAUSED:
            return (Note(spans=sentence(texts.PAUSED), tone=Tone.WARNING),)
        case state if state == INTERRUPTED:
            command = Command(f"/gather resume {view.gathering.id}")
            return (Note(spans=sentence(texts.INTERRUPTED, command=command), tone=Tone.WARNING),)
        case _:
            return ()


def common_facts(view: GatheringView) -> Iterator[tuple[str, Spans]]:
    """Whose it is, how many voted, when the phase ends, its id."""
    gathering = view.gathering
    yield translate(texts.HOST), (PersonName(view.host),)
    if view.voters:
        voted = translate_plural(texts.ONE_VOTED, texts.MANY_VOTED, view.voters)
        yield translate(texts.VOTED_COUNT), (voted,)
    if gathering.phase_ends_at is not None and not gathering.is_stopped and not gathering.is_over:
        yield translate(texts.ENDS), (Time(gathering.phase_ends_at),)
    yield translate(texts.ID), (Code(gathering.id),)


def part_images(parts: Sequence[PartView], alt_text: str) -> Images | None:
    """Their pictures, at most ten; `alt_text` may name ``{part}``, the number. None where no picture is there."""
    images = tuple(
        Image(
            name=f"part{view.part.ordinal}",
            alt_text=translate(alt_text, part=view.part.ordinal),
            key=view.picture.key,
            kind=FileKind.PIXELATED if view.pixelated else FileKind.PICTURE,
        )
        for view in parts
        if view.picture is not None
    )[:10]
    return Images(images=images, spoiler=any(view.spoiler for view in parts)) if images else None


def hint(msgid: str, **values: Spans | str) -> Paragraph:
    """The two lines that say what to do."""
    return Paragraph(sentence(msgid, **values))


def name_people(people: Sequence[Person], *, most: int = _MOST_NAMED) -> Spans:
    """Their names, and dots for those beyond `most`."""
    named: list[Spans] = [(PersonName(person),) for person in people[:most]]
    return join_list([*named, ("…",)] if len(people) > most else named)
