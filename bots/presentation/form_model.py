"""Forms as data, and the command that a filled form stands for.

A form's id says what it is about, so a form that was opened before a restart is read after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import cast

from bots.presentation.message import Image, Spans
from bots.presentation.prompt_flags import spread_flags
from bots.texts.forms import ARTIST_TOPIC, INTIMATE_TOPIC, OTHER_TOPIC, TOPICS
from bots.texts.translation import translate
from studio.commands.button_ids import gather_values, parse_form_subject
from studio.domain.identifiers import split_picture_id
from studio.domain.requests import MOST_BLENDED, Source
from studio.errors import BadParameterError


class FieldKind(StrEnum):
    TEXT = "text"  # several lines
    LINE = "line"
    CELLS = "cells"  # of the lettered grid, A1 top left to D4 bottom right
    PICTURE = "picture"  # one of a job's pictures, by id
    SIDES = "sides"  # left, top, right, bottom
    NUMBER = "number"
    FILES = "files"  # images to upload
    PERSON = "person"
    CHANNEL = "channel"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`name` is the parameter of the command that the form stands for.

    `minimum` and `maximum` bound a number, or the count of chosen values or files.
    """

    name: str
    kind: FieldKind
    label: str
    hint: str = ""
    initial: str = ""
    required: bool = False
    choices: tuple[Choice, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    max_length: int = 1000

    @property
    def takes_several(self) -> bool:
        """Whether more than one value can be chosen, or more than one file uploaded."""
        kinds = (FieldKind.CELLS, FieldKind.SIDES)
        return self.kind in kinds or (self.kind is not FieldKind.NUMBER and (self.maximum or 1) > 1)

    @property
    def chosen(self) -> frozenset[str]:
        """The values that are chosen at first."""
        return frozenset({self.initial, *self.initial.replace(",", " ").split()} - {""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """`command` is carried out with `fixed` and the filled fields as its parameters.

    `about` (a picture's id, a job's, or an upload's ticket) and `command` make the form's id. `intro` stands above the
    fields; `image` is shown where the platform can show one in a form. `upload`: somebody's own image that it is about.
    """

    command: str
    about: str
    title: str
    fields: tuple[Field, ...]
    submit: str = ""
    intro: Spans = ()
    image: Image | None = None
    upload: Source | None = None
    fixed: Mapping[str, object] = field(default_factory=dict)

    def with_values(self, values: Mapping[str, str]) -> "Form":
        """The form once more, filled in as it was sent."""
        filled = tuple(
            replace(field_, initial=values.get(field_.name, field_.initial)) for field_ in self.fields
        )
        return replace(self, fields=filled)


def command_of(command: str, fixed: Mapping[str, object], values: Mapping[str, object]) -> dict[str, object]:
    """The parameters of `command` from a filled form: empty fields are left out, flags in a prompt are spread.

    Of a FILES field the value is a sequence of the uploads that were taken in. A new aspect makes the amount that the
    form suggests pointless. Raises `BadParameterError`.
    """
    given = {name: value for name, value in {**fixed, **values}.items() if value not in ("", (), [], None)}
    for name, parameter in _SEVERAL.items():
        given |= _number_values(name, parameter, given)
        given.pop(name, None)
    for name in _ONE_FILE & given.keys():
        if isinstance(given[name], list | tuple):
            given[name] = cast("Sequence[object]", given[name])[0]
    if topic := given.pop("topic", None):
        if topic == INTIMATE_TOPIC:
            given["intimate"] = True
        given["reason"] = _reason(str(topic), str(given.get("reason", "")))
        if topic != ARTIST_TOPIC:
            given.pop("artist", None)
    if "aspect" in given:
        given.pop("amount", None)
    return spread_flags(command, given) if "prompt" in given else given


# Fields for several pictures or files, and the parameter that takes the first of them; the next has a 2 at its end.
_SEVERAL = {"latest": "picture", "pictures": "picture", "images": "image"}
_ONE_FILE = frozenset({"image", "mask"})


def _number_values(name: str, parameter: str, given: Mapping[str, object]) -> dict[str, object]:
    """The values of field `name` over parameters that are numbered from 2, after those that are given.

    Raises `BadParameterError` for too many.
    """
    found = given.get(name, ())
    values = found.replace(",", " ").split() if isinstance(found, str) else cast("Sequence[object]", found)
    numbered = [parameter, *(f"{parameter}{number}" for number in range(2, MOST_BLENDED + 1))]
    free = [slot for slot in numbered if slot not in given]
    if len(values) > len(free):
        raise BadParameterError(
            name, "too_many_to_blend", most=MOST_BLENDED, given=MOST_BLENDED - len(free) + len(values)
        )
    return dict(zip(free, values, strict=False))


def _reason(topic: str, words: str) -> str:
    if topic not in TOPICS or topic in (OTHER_TOPIC, INTIMATE_TOPIC):
        return words
    label = translate(TOPICS[topic])
    return f"{label}: {words}" if words else f"{label}."


# Commands about no picture or job: what their forms are about only names the form.
WITHOUT_SUBJECT = frozenset({"imagine", "settings"})


def subject_of(about: str) -> dict[str, object]:
    """The parameters that name what a form is about: a picture, a job, or a part of a gathering."""
    if press := parse_form_subject(about):
        return gather_values(press)
    return {"picture": about} if split_picture_id(about) else {"job": about}
