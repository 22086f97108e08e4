"""A turn of telephone, as its player alone sees it."""

from bots.presentation.compose.gatherings.parts import (
    gather_button,
    gather_form,
    hint,
    part_image,
)
from bots.presentation.compose.parts.buttons import rows_of
from bots.presentation.form_model import Field, FieldKind, Form
from bots.presentation.message import (
    Audience,
    Button,
    Image,
    Images,
    Message,
    Paragraph,
    Part,
    Spans,
    Time,
    Title,
    Tone,
)
from bots.presentation.spans import sentence
from bots.queries.gathering_view import GatheringView, PartView
from bots.texts import forms
from bots.texts.gatherings import telephone as texts
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.commands.button_ids import Button as ButtonId
from studio.commands.gatherings.reporting import REPORT
from studio.commands.moderation.report import LONGEST_REASON
from studio.domain.gatherings import PartState
from studio.gatherings.kinds.telephone import CANDIDATES, time_after_warning
from studio.gatherings.kinds.turn_order import picture_before

_LONGEST_WORDS = 400
_PAINTED = frozenset({PartState.WANTED, PartState.GENERATING})
_WRITING = frozenset({PartState.OFFERED, PartState.CLAIMED})


def my_turn(view: GatheringView) -> Button:
    label = translate(texts.MY_TURN)
    return gather_button(view, "turn", label, action=Action.GATHER_SHOW, tone=Tone.SUCCESS)


def compose_turn(view: GatheringView, _press: ButtonId) -> Message:
    """What the reader has to do, if it is their turn."""
    mine = _turn_of_reader(view)
    if mine is None:
        joined = view.reader is not None and view.reader.joined
        return _private(hint(texts.NOT_YOURS if joined else texts.NOT_PLAYING))
    match mine.part.state:
        case PartState.CHOOSING:
            return _choice(view, mine)
        case PartState.HELD:
            return _private(hint(texts.HELD))
        case state if state in _PAINTED:
            return _private(hint(texts.PAINTING), buttons=(my_turn(view),))
        case _:
            return _writing(view, mine)


def write_form(view: GatheringView, press: ButtonId) -> Form:
    """With the picture, where the platform shows one in a form."""
    mine = _turn_of_reader(view)
    before = _before(view, mine) if mine else None
    words = Field(
        name="words",
        kind=FieldKind.TEXT,
        label=translate(texts.WORDS),
        hint=translate(texts.WORDS_HINT),
        required=True,
        max_length=_LONGEST_WORDS,
    )
    title = translate(texts.WRITE_TITLE if before else texts.BEGIN_TITLE)
    image = _last_picture(before) if before else None
    return gather_form(press, title, words, submit=translate(texts.WRITE), image=image)


def _turn_of_reader(view: GatheringView) -> PartView | None:
    human = view.reader.human if view.reader else None
    unfinished = _WRITING | _PAINTED | {PartState.CHOOSING, PartState.HELD}
    return next(
        (found for found in view.parts if found.part.state in unfinished and found.part.human == human), None
    )


def _before(view: GatheringView, mine: PartView) -> PartView | None:
    part = picture_before([found.part for found in view.parts], mine.part)
    found = view.part(part.ordinal) if part else None
    return found if found and found.picture else None


def _writing(view: GatheringView, mine: PartView) -> Message:
    before = _before(view, mine)
    write = gather_button(
        view,
        "write",
        translate(texts.WRITE),
        part=mine.part.ordinal,
        action=Action.GATHER_ASK,
        tone=Tone.SUCCESS,
    )
    if before is None:
        return _private(hint(texts.BEGIN), *_until(view, mine), buttons=(write,))
    image = Images(images=(_last_picture(before),), spoiler=before.spoiler)
    report = gather_button(
        view,
        REPORT,
        translate(forms.REPORT),
        part=before.part.ordinal,
        action=Action.GATHER_ASK,
        tone=Tone.DANGER,
    )
    return _private(hint(texts.DESCRIBE), *_until(view, mine), image, buttons=(write, report))


def report_picture_form(press: ButtonId) -> Form:
    """What is wrong with the picture that its reader has to describe. Nobody in the game learns of it."""
    words = Field(
        name="words",
        kind=FieldKind.TEXT,
        label=translate(forms.REPORT_WORDS),
        max_length=LONGEST_REASON,
    )
    title, intro = translate(forms.REPORT), sentence(forms.REPORT_INTRO)
    return gather_form(press, title, words, submit=translate(forms.SEND), intro=intro)


def _last_picture(before: PartView) -> Image:
    """Its alternative text and its name say nothing of the words that it came from."""
    return part_image(before, translate(texts.LAST_PICTURE), name="last")


def _until(view: GatheringView, mine: PartView) -> tuple[Part, ...]:
    deadline = mine.part.deadline
    if deadline is None:
        return ()
    if not mine.part.data.get("warned"):
        deadline += time_after_warning(view.gathering.rules)
    when: Spans = (Time(deadline),)
    return (Paragraph(sentence(texts.UNTIL, when=when)),)


def _choice(view: GatheringView, mine: PartView) -> Message:
    images = tuple(
        part_image(
            mine,
            translate(texts.CANDIDATE, number=picture.index),
            name=f"candidate{picture.index}",
            picture=picture,
        )
        for picture in mine.candidates[:CANDIDATES]
    )
    verbs = {1: "first", 2: "second"}
    buttons = tuple(
        gather_button(view, verbs[picture.index], str(picture.index), part=mine.part.ordinal)
        for picture in mine.candidates
        if picture.index in verbs
    )
    when: Spans = (Time(mine.part.deadline),) if mine.part.deadline else ("…",)
    shown = Images(images=images, spoiler=mine.spoiler)
    return _private(hint(texts.CHOOSE, when=when), shown, buttons=buttons)


def _private(*parts: Part, buttons: tuple[Button, ...] = ()) -> Message:
    title = translate(texts.PANEL_TITLE)
    return Message(
        parts=(Title(title), *parts), rows=rows_of(list(buttons)), audience=Audience.PERSON, summary=title
    )
