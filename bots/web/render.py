"""A `Message` or a `Form` as HTML. The markup is in ``macros/message.html``."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from bots.presentation.actions import ACTIONS, Needs, description, label
from bots.presentation.compose.gatherings.presenter import OPEN
from bots.presentation.form import FieldKind, Form, subject_of
from bots.presentation.message import (
    Button,
    ButtonRow,
    Facts,
    Message,
    Note,
    Paragraph,
    Part,
    PersonName,
    Small,
    Spans,
    Tone,
)
from bots.texts.translation import translate
from bots.web.templating import render_macro
from studio.commands.button_ids import NO_TARGET, Action
from studio.domain.identifiers import picture_id
from studio.domain.people import Person, Platform
from studio.domain.pictures import THUMBNAIL_SIDES_PIXELS, Picture

# Dialogs have the names of their actions, but for those of links that people have saved.
_NAMES = {Action.REPORT: "flag", Action.MORE: "view"}
_TONES = {Tone.SUCCESS: "success", Tone.DANGER: "danger"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownImage:
    """Where an image's file is served.

    `copies` are addresses with their widths in pixels, the smallest first. `link` is the address of the dialog that
    shows it alone. `spoiler`: blurred.
    """

    copies: Sequence[tuple[str, int]]
    width: int = 0
    height: int = 0
    link: str = ""
    spoiler: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPicture:
    """The picture that a form is about, and the addresses of the same form for those before and after it."""

    image: ShownImage
    alt_text: str
    neighbours: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownButton:
    """`link` opens a dialog; without it the button is pressed. `tone` is the name of a style.

    `is_short`: the label says too little, so the description is the button's name.
    """

    button: Button
    label: str
    description: str
    link: str
    tone: str
    classes: str = ""
    question: str = ""
    is_short: bool = False


def render(message: Message, images: Mapping[str, ShownImage] | None = None) -> Markup:
    """`images` by the names of the message's images; one without a file is left out."""
    return render_macro("message", message, images or {}, rows_of(message.rows))


def render_form(
    form: Form, picture: FormPicture | None = None, images: Mapping[str, ShownImage] | None = None
) -> Markup:
    """`images` by the ids of the pictures that may be chosen."""
    chooses = any(field.kind is FieldKind.PICTURE for field in form.fields)
    hidden = {**form.fixed, **({} if chooses or not form.about else subject_of(form.about))}
    asked = {field.name for field in form.fields}
    hidden = {name: value for name, value in hidden.items() if name not in asked}
    return render_macro("form", form, hidden, picture, images or {})


def with_people(message: Message, find: Callable[[str], Person]) -> Message:
    """The message with everybody's name who is named by their key."""

    def named(spans: Spans) -> Spans:
        return tuple(
            PersonName(find(span.person))
            if isinstance(span, PersonName) and isinstance(span.person, str)
            else span
            for span in spans
        )

    parts: list[Part] = []
    for part in message.parts:
        match part:
            case Paragraph() | Small() | Note():
                parts.append(replace(part, spans=named(part.spans)))
            case Facts():
                parts.append(Facts(tuple((name, named(spans)) for name, spans in part.facts)))
            case _:
                parts.append(part)
    return replace(message, parts=tuple(parts))


def rows_of(
    rows: Iterable[ButtonRow], classes: Mapping[Action, str] | None = None
) -> list[list[ShownButton]]:
    """Without actions that the web lacks. `classes` are of the buttons that not everybody sees."""
    shown = [
        [
            shown_button(button, (classes or {}).get(button.action, ""))
            for button in row.buttons
            if Platform.WEB not in ACTIONS[button.action].absent
        ]
        for row in rows
    ]
    return [row for row in shown if row]


def shown_button(button: Button, classes: str = "") -> ShownButton:
    spec = ACTIONS[button.action]
    tone = button.tone if button.tone is not Tone.NEUTRAL else spec.tone
    return ShownButton(
        button=button,
        label=button.label or label(button.action, button.index, single=not button.index),
        description=button.label if button.verb else description(button.action, button.index),
        link=gathering_path(button) or dialog_path(button.action, button.target, button.index),
        tone=_TONES.get(tone, ""),
        classes=classes,
        question=button.confirm or translate(spec.confirm),
        is_short=bool(spec.single_label) and not button.label,
    )


def picture_path(picture: str) -> str:
    """The address of the dialog of a picture."""
    return f"/view/{picture}"


def dialog_name(action: Action) -> str:
    """The first part of the address of an action's dialog; empty for one that acts at once."""
    opens = ACTIONS[action].needs is Needs.FORM or action is Action.MORE
    return _NAMES.get(action, action.value) if opens else ""


def dialog_path(action: Action, target: str, index: int = 0) -> str:
    """The address of the dialog that a button opens; empty where it acts at once."""
    name = dialog_name(action)
    if not name or target == NO_TARGET:
        return name and f"/{name}"
    return f"/{name}/{picture_id(target, index) if index else target}"


def gathering_path(button: Button) -> str:
    """The address of what a button on a gathering opens; empty for one that acts at once, and for other buttons."""
    if button.action is Action.GATHER_SHOW and button.verb == OPEN:
        return f"/gatherings/{button.target}"
    names = {Action.GATHER_ASK: "form", Action.GATHER_SHOW: "look"}
    if button.action not in names:
        return ""
    return f"/gatherings/{button.target}/{names[button.action]}/{button.verb}/{button.round}/{button.part}"


def shown_picture(picture: Picture, *, spoiler: bool = False) -> ShownImage:
    """Of a picture that was stored before larger thumbnails were made, the file itself is the largest copy."""
    longer = max(picture.width, picture.height)
    smallest, *larger = picture.thumbnail_keys
    addresses = {smallest: f"/thumbnails/{picture.id}"}
    addresses |= {side: f"/thumbnails/{picture.id}?side={side}" for side in larger}
    if max(addresses) < min(longer, THUMBNAIL_SIDES_PIXELS[-1]):
        addresses[longer] = f"/pictures/{picture.id}.png"
    copies = [
        (address, max(1, round(min(side, longer) * picture.width / longer)))
        for side, address in addresses.items()
    ]
    return ShownImage(
        copies=copies,
        width=picture.width,
        height=picture.height,
        link=picture_path(picture.id),
        spoiler=spoiler,
    )
