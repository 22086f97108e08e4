"""The form of each action, with the same fields on every platform; a renderer splits what is too long for its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bots.presentation.actions import label
from bots.presentation.compose.parts.fields import (
    aspect_field,
    files_field,
    line_field,
    names_field,
    parameter_field,
    prompt_field,
    words_field,
)
from bots.presentation.compose.parts.pictures import title_of
from bots.presentation.form_model import Choice, Field, FieldKind, Form
from bots.presentation.message import FileKind, Image
from bots.texts import forms
from bots.texts.gatherings.telephone import AGAIN_SUBMIT
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.commands.moderation.report import LONGEST_ARTIST, LONGEST_REASON
from studio.commands.parameter_values import Kind
from studio.commands.registry import CATALOG
from studio.domain.identifiers import split_picture_id
from studio.domain.requests import MAX_COUNT, MOST_BLENDED, ReferenceKind
from studio.domain.sizing.canvases import DEFAULT_PERCENT, SIDES
from studio.gatherings.contests.entry_rules import RULE_CHOICES
from studio.gatherings.contests.options import VOTES
from studio.gatherings.kind_description import FROM_HOST
from studio.parsing.grid_regions import ALL_CELLS

GRID = "grid"  # the name of the picture under its lettered grid
_LONGEST_WEIGHTS = 60
_LONGEST_IDS = 100
_LONGEST_TOPIC = 60  # of the reason's characters


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSubject:
    """What a form is about: a picture or job by its id, or an upload by its ticket.

    `pictures` are the ids to choose from where several may be meant. `prompt`, `alt_text` (its owner's
    words, often empty) and `key`, the storage key, are the picture's, for forms that show them. `edits_by_words`: the
    model that it would be edited with needs no region; `word_editors` are other models of that kind. `reference_models`
    can use it as a reference.
    """

    about: str
    pictures: tuple[str, ...] = ()
    prompt: str = ""
    alt_text: str = ""
    key: str = ""
    edits_by_words: bool = False
    word_editors: tuple[str, ...] = ()
    reference_models: tuple[str, ...] = ()


def remix_form(subject: FormSubject) -> Form:
    field = prompt_field(forms.NEW_PROMPT, required=True, initial=subject.prompt)
    return _form("remix", subject, forms.REMIX, field, intro=forms.REMIX_INTRO)


def rewrite_form(subject: FormSubject) -> Form:
    field, intro = prompt_field(forms.CHANGE, required=True), forms.REWRITE_INTRO
    return _form("rewrite", subject, forms.REWRITE, field, intro=intro, submit=forms.PROPOSE)


def edit_form(subject: FormSubject) -> Form:
    cells = Field(
        name="region",
        kind=FieldKind.CELLS,
        label=translate(forms.CELLS),
        hint=translate(forms.CELLS_HINT),
        choices=tuple(Choice(value=cell, label=cell) for cell in ALL_CELLS),
        maximum=len(ALL_CELLS),
    )
    mask = files_field("mask", forms.MASK, forms.MASK_HINT)
    models = _word_editors_field(subject)
    if subject.edits_by_words:
        prompt = prompt_field(forms.EDIT_BY_WORDS_PROMPT, required=True)
        fields, title, intro = (prompt, cells, mask), forms.EDIT_BY_WORDS, forms.EDIT_BY_WORDS_INTRO
    else:
        prompt = prompt_field(forms.EDIT_PROMPT, required=True)
        fields, title, intro = (cells, prompt, mask), forms.EDIT, forms.EDIT_INTRO
    return _form("edit", subject, title, *fields, *models, intro=intro, image=_grid(subject))


def _word_editors_field(subject: FormSubject) -> tuple[Field, ...]:
    if not subject.word_editors:
        return ()
    field = names_field("model", forms.EDIT_MODEL, subject.word_editors)
    return (replace(field, hint=translate(forms.EDIT_MODEL_HINT)),)


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
    fields = (sides, amount, aspect_field(forms.NEW_ASPECT), prompt_field(forms.EXPAND_PROMPT))
    return _form("expand", subject, forms.EXPAND, *fields, intro=forms.EXPAND_INTRO)


def blend_form(subject: FormSubject) -> Form:
    """`pictures` and `images` are spread over the command's parameters: `bots.presentation.form_model.command_of`."""
    others = line_field("pictures", forms.OTHER_PICTURES, forms.OTHER_PICTURES_HINT, longest=_LONGEST_IDS)
    images = files_field("images", forms.OTHER_IMAGES, most=MOST_BLENDED - 1)
    weights = line_field("weights", forms.WEIGHTS, forms.WEIGHTS_HINT, longest=_LONGEST_WEIGHTS)
    fields = (others, images, prompt_field(forms.BLEND_PROMPT), weights)
    return _form("blend", subject, forms.BLEND, *fields, intro=forms.BLEND_INTRO)


def reference_form(subject: FormSubject) -> Form:
    """/imagine, with one of the pictures, or with somebody's image in a role, as a reference."""
    model = names_field("model", forms.REFERENCE_MODEL, subject.reference_models)
    return _form(
        "imagine",
        replace(subject, pictures=()),
        forms.REFERENCE_FORM,
        *(replace(field, name="ref") for field in _choice(subject)),
        prompt_field(forms.PROMPT, required=True),
        *_reference_fields(subject),
        *([replace(model, initial=model.choices[0].value)] if model.choices else []),
    )


def _reference_fields(subject: FormSubject) -> tuple[Field, ...]:
    styles = line_field("sref", forms.STYLE_REFERENCES, forms.REFERENCES_HINT, longest=_LONGEST_IDS)
    if len(subject.pictures) > 1:
        return (styles,)
    if not split_picture_id(subject.about):
        roles = {kind.value: forms.ROLE_NAMES[kind] for kind in (ReferenceKind.SUBJECT, ReferenceKind.STYLE)}
        return (replace(_role_field(roles), initial=ReferenceKind.SUBJECT, required=True),)
    subjects = line_field(
        "ref", forms.SUBJECT_REFERENCES, forms.REFERENCES_HINT, longest=_LONGEST_IDS, initial=subject.about
    )
    return subjects, styles


def report_form(subject: FormSubject) -> Form:
    """`topic` is put before the reason; see `bots.presentation.form_model.command_of`."""
    topics = tuple(Choice(value=name, label=translate(label)) for name, label in forms.TOPICS.items())
    title = translate(forms.TOPIC)
    topic = Field(name="topic", kind=FieldKind.CHOICE, label=title, required=True, choices=topics)
    artist = line_field("artist", forms.ARTIST_NAME, forms.ARTIST_HINT, longest=LONGEST_ARTIST)
    words = words_field(forms.REPORT_WORDS, longest=LONGEST_REASON - _LONGEST_TOPIC)
    return _form(
        "report", subject, forms.REPORT, topic, artist, words, intro=forms.REPORT_INTRO, submit=forms.SEND
    )


def alt_form(subject: FormSubject) -> Form:
    return command_form(Action.ALT, subject, initial={"text": subject.alt_text})


def command_form(action: Action, subject: FormSubject, *, initial: Mapping[str, str]) -> Form:
    """A form as the catalogue describes the command of an action: a field for each of its parameters.

    `initial` are values by parameter.
    """
    spec = CATALOG[action]
    about = (Kind.PICTURE, Kind.JOB, Kind.CASE)
    fields = (
        parameter_field(parameter, initial.get(parameter.name, ""))
        for parameter in spec.parameters
        if parameter.kind not in about
    )
    submit = forms.PAINT if spec.paints else forms.SAVE
    return _form(spec.name, subject, label(action), *fields, intro=spec.summary, submit=submit)


def contest_form() -> Form:
    """A new contest, with the options as they are usual."""
    initial = {"closes": "3d", "voting": "1d", "entries": "1", "judge": VOTES, "rules": RULE_CHOICES[0]}
    form = command_form(Action.CONTEST, FormSubject(about=""), initial={**initial, "payer": FROM_HOST})
    return replace(form, submit=translate(AGAIN_SUBMIT))


PICTURE_FORMS: Mapping[Action, Callable[[FormSubject], Form]] = {
    Action.REMIX: remix_form,
    Action.REWRITE: rewrite_form,
    Action.EDIT: edit_form,
    Action.EXPAND: expand_form,
    Action.BLEND: blend_form,
    Action.REFERENCE: reference_form,
    Action.REPORT: report_form,
    Action.ALT: alt_form,
}


def appeal_form(job_id: str) -> Form:
    """About a refused job, or a picture of it that was taken down."""
    words = words_field(forms.APPEAL_WORDS, longest=LONGEST_REASON)
    return _form("appeal", FormSubject(about=job_id), forms.APPEAL, words, submit=forms.SEND)


def imagine_form(
    *,
    models: Sequence[str] = (),
    styles: Sequence[str] = (),
    about: str = "",
    asks_channel: bool = False,
    takes_references: bool = False,
    structures: Sequence[str] = (),
) -> Form:
    """`asks_channel`: it was opened from no channel. `structures` are the kinds that some model can follow."""
    roles = {**(forms.ROLE_NAMES if takes_references else {"start": forms.ROLE_NAMES["start"]})}
    roles |= {kind: forms.STRUCTURE_NAMES[kind] for kind in structures}
    channel = Field(name="channel", kind=FieldKind.CHANNEL, label=translate(forms.CHANNEL), required=True)
    fields = (
        prompt_field(forms.PROMPT, required=True),
        *([channel] if asks_channel else []),
        names_field("count", forms.COUNT, [str(number) for number in range(1, MAX_COUNT + 1)]),
        aspect_field(forms.ASPECT),
        *([names_field("model", forms.MODEL, models)] if len(models) > 1 else []),
        *([names_field("style", forms.STYLE, styles)] if styles else []),
        files_field("image", forms.START_OR_REFERENCE if len(roles) > 1 else forms.START_IMAGE),
        *([_role_field(roles)] if len(roles) > 1 else []),
    )
    return _form("imagine", FormSubject(about=about), forms.IMAGINE, *fields)


def _role_field(roles: Mapping[str, str]) -> Field:
    choices = tuple(Choice(value=role, label=translate(name)) for role, name in roles.items())
    return Field(name="role", kind=FieldKind.CHOICE, label=translate(forms.ROLE), choices=choices)


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
    choices = tuple(_choice_of(picture) for picture in subject.pictures)
    label, first, kind = translate(forms.PICTURE), choices[0].value, FieldKind.PICTURE
    return (Field(name="picture", kind=kind, label=label, initial=first, required=True, choices=choices),)


def _choice_of(picture_id: str) -> Choice:
    split = split_picture_id(picture_id)
    label = translate(forms.PICTURE_NUMBERED, index=split[1]) if split else picture_id
    return Choice(value=picture_id, label=label)
