"""What the messages of all kinds have in common: buttons, the state, when it ends, pictures with their numbers."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from bots.presentation.compose.gatherings.presenter import Drawing
from bots.presentation.form_model import Field, FieldKind, Form
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
from bots.texts.gatherings import all_kinds as texts
from bots.texts.provenance.alt_texts import with_ai_label
from bots.texts.translation import translate, translate_plural
from studio.commands.button_ids import Action, form_subject
from studio.commands.button_ids import Button as ButtonId
from studio.domain.gatherings import INTERRUPTED, PAUSED
from studio.domain.people import Person
from studio.domain.pictures import Picture
from studio.ports import Ports

_MOST_NAMED = 20
_LONGEST_PICTURE_ID = 16


def gather_button(
    view: GatheringView,
    verb: str,
    label: str,
    *,
    part: int = 0,
    action: Action = Action.GATHER,
    tone: Tone = Tone.NEUTRAL,
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
    )


def vote_button(view: GatheringView, verb: str, label: str, part: int, chosen: Collection[object]) -> Button:
    """A vote for a part, marked where it is among those that the reader has `chosen`."""
    return replace(gather_button(view, verb, label, part=part), pressed=part in chosen)


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


def common_facts(view: GatheringView, *, ends: str = texts.ENDS) -> Iterator[tuple[str, Spans]]:
    """Whose it is, how many voted, when the phase ends under the label `ends`, its id."""
    gathering = view.gathering
    yield translate(texts.HOST), (PersonName(view.host),)
    if view.voters:
        voted = translate_plural(texts.ONE_VOTED, texts.MANY_VOTED, view.voters)
        yield translate(texts.VOTED_COUNT), (voted,)
    if gathering.phase_ends_at is not None and not gathering.is_stopped and not gathering.is_over:
        yield translate(ends), (Time(gathering.phase_ends_at),)
    yield translate(texts.ID), (Code(gathering.id),)


def part_image(view: PartView, alt_text: str, *, name: str = "", picture: Picture | None = None) -> Image:
    """The picture of a part, or one of those that its person chooses among, in the form that may be shown.

    `name`, by default the part's number, tells it from the other images of its message.
    """
    shown = picture or view.picture
    return Image(
        name=name or f"part{view.part.ordinal}",
        alt_text=with_ai_label(alt_text),
        key=shown.key if shown else "",
        kind=FileKind.PIXELATED if view.pixelated else FileKind.PICTURE,
    )


def part_images(parts: Sequence[PartView], alt_text: str) -> Images | None:
    """Their pictures, at most ten; `alt_text` may name ``{part}``, the number. None where no picture is there."""
    images = tuple(
        part_image(view, translate(alt_text, part=view.part.ordinal))
        for view in parts
        if view.picture is not None
    )[:10]
    return Images(images=images, spoiler=any(view.spoiler for view in parts)) if images else None


def draw_part_strip(ports: Ports, captioned: Iterable[tuple[PartView, str]], caption_of_gone: str) -> Drawing:
    """The pictures of parts side by side, each with its caption."""
    from bots.drawing.picture_strip import StripTile, draw_strip  # Pillow, which the web loads when it has to

    tiles = [
        StripTile(
            key=view.picture.thumbnail_640_key or view.picture.key if view.picture else None,
            caption=caption,
            caption_of_gone=translate(caption_of_gone),
            pixelated=view.pixelated,
        )
        for view, caption in captioned
    ]
    return Drawing(data=draw_strip(tiles, ports.store))


def own_picture_field(label: str, hint: str) -> Field:
    """Where the id of a picture of one's own is typed; a menu of the latest ones is put before it."""
    return Field(
        name="picture",
        kind=FieldKind.LINE,
        label=translate(label),
        hint=translate(hint),
        required=True,
        max_length=_LONGEST_PICTURE_ID,
    )


def hint(msgid: str, **values: Spans | str) -> Paragraph:
    """The two lines that say what to do."""
    return Paragraph(sentence(msgid, **values))


def name_people(people: Sequence[Person], *, most: int = _MOST_NAMED) -> Spans:
    """Their names, and dots for those beyond `most`."""
    named: list[Spans] = [(PersonName(person),) for person in people[:most]]
    return join_list([*named, ("…",)] if len(people) > most else named)
