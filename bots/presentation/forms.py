"""Forms as data, and the command that a filled form stands for.

A form's id says what it is about, so a form that was opened before a restart is read after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bots.presentation.message import Image, Spans
from bots.texts.prompt_flags import spread_flags
from studio.domain.identifiers import split_picture_id


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
    description: str = ""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """`command` is carried out with `fixed` and the filled fields as its parameters.

    `about` (a picture's id, a job's, or an upload's ticket) and `command` make the form's id. `intro` stands above the
    fields; `image` is shown where the platform can show one in a form.
    """

    command: str
    about: str
    title: str
    fields: tuple[Field, ...]
    submit: str = ""
    intro: Spans = ()
    image: Image | None = None
    fixed: Mapping[str, object] = field(default_factory=dict)

    def with_values(self, values: Mapping[str, str]) -> "Form":
        """The form once more, filled in as it was sent."""
        filled = tuple(replace(each, initial=values.get(each.name, each.initial)) for each in self.fields)
        return replace(self, fields=filled)


def command_of(command: str, fixed: Mapping[str, object], values: Mapping[str, object]) -> dict[str, object]:
    """The parameters of `command` from a filled form: empty fields are left out, flags in a prompt are spread.

    A new aspect makes the amount that the form suggests pointless.
    """
    given = {name: value for name, value in {**fixed, **values}.items() if value not in ("", (), None)}
    if "aspect" in given:
        given.pop("amount", None)
    return spread_flags(command, given) if "prompt" in given else given


def subject_of(about: str) -> dict[str, object]:
    """The parameter that names what a form is about: a picture or a job."""
    return {"picture": about} if split_picture_id(about) else {"job": about}
