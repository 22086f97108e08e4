"""The form of each action, with the same fields on every platform; a renderer splits what is too long for its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from bots.presentation.compose.pictures import title_of
from bots.presentation.forms import Choice, Field, FieldKind, Form
from bots.presentation.message import FileKind, Image
from bots.texts import forms
from bots.texts.translation import translate
from studio.commands.moderation.report import LONGEST_REASON
from studio.domain.canvases import DEFAULT_PERCENT, SIDES
from studio.domain.identifiers import split_picture_id
from studio.domain.requests import MAX_COUNT, MOST_BLENDED
from studio.parsing.grid_regions import ALL_CELLS

COMMON_ASPECTS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16")
GRID = "grid"  # the name of the picture under its lettered grid
_LONGEST_WEIGHTS = 60
_LONGEST_ASPECT = 20
_LONGEST_IDS = 100
_LONGEST_TOPIC = 60  # of the reason's characters


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSubject:
    """What a form is about: a picture or job by its id, or an upload by its ticket.

    `pictures` are the ids to choose from where several may be meant. `prompt` and `key`, the storage key, are the
    picture's, for forms that show them.
    """

    about: str
    pictures: tuple[str, ...] = ()
    prompt: str = ""
    key: str = ""


def remix_form(subject: FormSubject) -> Form:
    prompt = _prompt(forms.NEW_PROMPT, required=True, initial=subject.prompt)
    return _form("remix", subject, forms.REMIX, prompt, intro=forms.REMIX_INTRO)


def edit_form(subject: FormSubject) -> Form:
    cells = Field(
        name="region",
        kind=FieldKind.CELLS,
        label=translate(forms.CELLS),
        hint=translate(forms.CELLS_HINT),
        choices=tuple(Choice(value=cell, label=cell) for cell in ALL_CELLS),
        maximum=len(ALL_CELLS),
    )
    mask = _files("mask", forms.MASK, forms.MASK_HINT)
    prompt = _prompt(forms.EDIT_PROMPT, required=True)
    return _form(
        "edit", subject, forms.EDIT, cells, prompt, mask, intro=forms.EDIT_INTRO, image=_grid(subject)
    )


def _grid(subject: FormSubject) -> Image | None:
    if not subject.key:
        return None
    alt_text = translate(forms.GRID_ALT_TEXT, prompt=title_of(subject.prompt))
    return Image(name=GRID, alt_text=alt_text, key=subject.key, kind=FileKind.GRID)


def expand_form(subject: FormSubject) -> Form:
    sides = Field(
        name="sides",
        kind=FieldKind.SIDES,
        label=translate(forms.SIDES),
        hint=translate(forms.SIDES_HINT),
        choices=tuple(Choice(value=side, label=translate(forms.SIDE_NAMES[side])) for side in SIDES),
        maximum=len(SIDES),
    )
    amount = Field(
        name="amount",
        kind=FieldKind.NUMBER,
        label=translate(forms.AMOUNT),
        initial=str(DEFAULT_PERCENT),
        minimum=10,
        maximum=200,
    )
    fields = (sides, amount, _aspect(forms.NEW_ASPECT), _prompt(forms.EXPAND_PROMPT))
    return _form("expand", subject, forms.EXPAND, *fields, intro=forms.EXPAND_INTRO)


def blend_form(subject: FormSubject) -> Form:
    """`pictures` and `images` are spread over the command's parameters; see `bots.presentation.forms.command_of`."""
    others = _line("pictures", forms.OTHER_PICTURES, forms.OTHER_PICTURES_HINT, longest=_LONGEST_IDS)
    images = _files("images", forms.OTHER_IMAGES, most=MOST_BLENDED - 1)
    weights = _line("weights", forms.WEIGHTS, forms.WEIGHTS_HINT, longest=_LONGEST_WEIGHTS)
    fields = (others, images, _prompt(forms.BLEND_PROMPT), weights)
    return _form("blend", subject, forms.BLEND, *fields, intro=forms.BLEND_INTRO)


def report_form(subject: FormSubject) -> Form:
    """`topic` is put before the reason; see `bots.presentation.forms.command_of`."""
    topic = Field(
        name="topic",
        kind=FieldKind.CHOICE,
        label=translate(forms.TOPIC),
        required=True,
        choices=tuple(Choice(value=each, label=translate(label)) for each, label in forms.TOPICS.items()),
    )
    words = _words(forms.REPORT_WORDS, longest=LONGEST_REASON - _LONGEST_TOPIC)
    return _form("report", subject, forms.REPORT, topic, words, intro=forms.REPORT_INTRO, submit=forms.SEND)


def appeal_form(job_id: str) -> Form:
    words = _words(forms.APPEAL_WORDS, longest=LONGEST_REASON)
    return _form("appeal", FormSubject(about=job_id), forms.APPEAL, words, submit=forms.SEND)


def imagine_form(
    *, models: Sequence[str] = (), styles: Sequence[str] = (), about: str = "", asks_channel: bool = False
) -> Form:
    """`asks_channel`: it was opened from no channel."""
    channel = Field(name="channel", kind=FieldKind.CHANNEL, label=translate(forms.CHANNEL), required=True)
    fields = (
        _prompt(forms.PROMPT, required=True),
        *([channel] if asks_channel else []),
        _names("count", forms.COUNT, [str(number) for number in range(1, MAX_COUNT + 1)]),
        _aspect(forms.ASPECT),
        *([_names("model", forms.MODEL, models)] if len(models) > 1 else []),
        *([_names("style", forms.STYLE, styles)] if styles else []),
        _files("image", forms.REFERENCE),
    )
    return _form("imagine", FormSubject(about=about), forms.IMAGINE, *fields)


def _form(
    command: str,
    subject: FormSubject,
    title: str,
    *fields: Field,
    intro: str = "",
    submit: str = forms.PAINT,
    image: Image | None = None,
) -> Form:
    """With a choice of the pictures, where there are several."""
    return Form(
        command=command,
        about=subject.about,
        title=translate(title),
        fields=(*_choice(subject), *fields),
        submit=translate(submit),
        intro=(translate(intro),) if intro else (),
        image=image,
    )


def _choice(subject: FormSubject) -> tuple[Field, ...]:
    if len(subject.pictures) < 2:
        return ()
    choices = tuple(_choice_of(each) for each in subject.pictures)
    label, first = translate(forms.PICTURE), choices[0].value
    picture = FieldKind.PICTURE
    return (Field(name="picture", kind=picture, label=label, initial=first, required=True, choices=choices),)


def _choice_of(picture_id: str) -> Choice:
    split = split_picture_id(picture_id)
    label = translate(forms.PICTURE_NUMBERED, index=split[1]) if split else picture_id
    return Choice(value=picture_id, label=label)


def _prompt(label: str, *, required: bool = False, initial: str = "") -> Field:
    return Field(
        name="prompt", kind=FieldKind.TEXT, label=translate(label), required=required, initial=initial
    )


def _words(label: str, *, longest: int) -> Field:
    return Field(name="reason", kind=FieldKind.TEXT, label=translate(label), max_length=longest)


def _line(name: str, label: str, hint: str, *, longest: int) -> Field:
    return Field(
        name=name, kind=FieldKind.LINE, label=translate(label), hint=translate(hint), max_length=longest
    )


def _aspect(label: str) -> Field:
    """Typed freely; the choices are suggestions."""
    return Field(
        name="aspect",
        kind=FieldKind.LINE,
        label=translate(label),
        hint=translate(forms.ASPECT_HINT),
        choices=tuple(Choice(value=each, label=each) for each in COMMON_ASPECTS),
        max_length=_LONGEST_ASPECT,
    )


def _names(name: str, label: str, names: Sequence[str]) -> Field:
    choices = tuple(Choice(value=each, label=each) for each in names)
    return Field(name=name, kind=FieldKind.CHOICE, label=translate(label), choices=choices)


def _files(name: str, label: str, hint: str = "", *, most: int = 1) -> Field:
    hint = translate(hint) if hint else ""
    return Field(name=name, kind=FieldKind.FILES, label=translate(label), hint=hint, minimum=0, maximum=most)
