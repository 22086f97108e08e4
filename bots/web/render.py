"""A `Message` or a `Form` as HTML. The markup is in ``macros/message.html``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from bots.presentation.form_model import WITHOUT_SUBJECT, FieldKind, Form, subject_of
from bots.presentation.message import Facts, Message, Note, Paragraph, PersonName, Small
from bots.web.addresses import picture_path
from bots.web.templating import render_macro
from studio.domain.people import Person
from studio.domain.pictures import THUMBNAIL_SIDES_PIXELS, Picture


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


def render(message: Message, images: Mapping[str, ShownImage] | None = None) -> Markup:
    """`images` by the names of the message's images; one without a file is left out."""
    return render_macro("message", message, images or {})


def render_form(
    form: Form, picture: FormPicture | None = None, images: Mapping[str, ShownImage] | None = None
) -> Markup:
    """`images` by the ids of the pictures that may be chosen."""
    chooses = any(field.kind is FieldKind.PICTURE for field in form.fields)
    unbound = not form.about or form.command in WITHOUT_SUBJECT
    hidden = {**form.fixed, **({} if chooses or unbound else subject_of(form.about))}
    asked = {field.name for field in form.fields}
    hidden = {name: value for name, value in hidden.items() if name not in asked}
    return render_macro("form", form, hidden, picture, images or {})


def with_people(message: Message, find: Callable[[str], Person]) -> Message:
    """The message with everybody's name who is named by their key."""

    def name_people(value: Any) -> Any:
        match value:
            case PersonName(person=str(key)):
                return PersonName(find(key))
            case tuple():
                return tuple(map(name_people, value))
            case Paragraph() | Small() | Note():
                return replace(value, spans=name_people(value.spans))
            case Facts():
                return Facts(name_people(value.facts))
            case _:
                return value

    return replace(message, parts=name_people(message.parts))


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
