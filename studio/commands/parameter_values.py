"""Parameters of commands, and how a value of each kind is read."""

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from studio.commands.picture_lists import WeightedPicture, parse_pictures
from studio.domain.identifiers import is_job_id, split_picture_id
from studio.domain.provenance import Traces
from studio.domain.requests import Source, parse_aspect, parse_size
from studio.errors import BadParameterError
from studio.parsing.text_cleaning import clean_text

MAX_PROMPT = 1000


class Kind(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    CHOICE = "choice"
    ASPECT = "aspect"
    SIZE = "size"  # width and height in pixels
    PICTURE = "picture"  # the id of a picture painted here
    JOB = "job"
    IMAGE = "image"  # an upload; front ends hand over a `Source`
    FILE = "file"  # an upload that is only looked at; front ends hand over its `Traces`
    MASK = "mask"  # an upload, white where the picture may change; front ends hand over its storage key
    MODEL = "model"  # one of the models that the workers hold
    STYLE = "style"  # a named style
    LORA = "lora"  # LoRAs of the model by name, each with a weight or without
    REFERENCES = "references"  # several pictures painted here, each with a weight or without
    PERSON = "person"  # front ends hand over the key of the person who is named
    CASE = "case"  # the id of a case
    SWITCH = "switch"  # on where it stands, with or without a "yes"
    DURATION = "duration"  # 30m, 12h, 7d, or for good


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """`name` is also the flag on the web and in chat text (``--name``); `aliases` are other flags for it.

    `pictures`: of a job, the id of one of its pictures stays as it is. `own`: of pictures, only the person's own are
    suggested. `literal`: free text, in which only other flags of
    the command end it, so that ``--no way`` belongs to it.
    """

    name: str
    kind: Kind
    summary: str
    required: bool = False
    positional: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    max_length: int = MAX_PROMPT
    aliases: tuple[str, ...] = ()
    pictures: bool = False
    own: bool = False
    literal: bool = False

    def read(self, value: object) -> Any:
        """Turn what a front end received into a clean value. Raises `BadParameterError`."""
        return _READERS[self.kind](self, value)


def _read_text(parameter: Parameter, value: object) -> str:
    text = clean_text(str(value))
    if not text and parameter.required:
        raise BadParameterError(parameter.name, "empty_prompt")
    if len(text) > parameter.max_length:
        raise BadParameterError(parameter.name, "too_long", length=len(text), most=parameter.max_length)
    return text


# Dashes of all kinds stand for a minus before a number.
_MINUS = re.compile("^[\u2010-\u2015\u2212\ufe58\ufe63]")
_AROUND = " \t\"'`\u00b4\u00ab\u00bb\u2018\u2019\u201a\u201c\u201d\u201e\u2039\u203a,;"
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+")


def bare_value(value: object) -> str:
    """A value as it is meant: without quotes and commas around it, full-width characters as plain ones."""
    return _MINUS.sub("-", unicodedata.normalize("NFKC", str(value)).strip(_AROUND))


def _read_number(parameter: Parameter, value: object) -> float:
    text = bare_value(value)
    whole = parameter.kind is Kind.INTEGER and _THOUSANDS.fullmatch(text)
    try:
        number = float(text.replace(",", "" if whole else "."))
    except ValueError:
        raise BadParameterError(parameter.name, "not_a_number") from None
    low, high = parameter.minimum, parameter.maximum
    inside = (low is None or number >= low) and (high is None or number <= high)
    if math.isnan(number) or not inside:
        raise _outside(parameter, low, high)
    return number


def _outside(parameter: Parameter, low: float | None, high: float | None) -> BadParameterError:
    if high is None:
        return BadParameterError(parameter.name, "too_small", low=_plain(low))
    if low is None:
        return BadParameterError(parameter.name, "too_big", high=_plain(high))
    return BadParameterError(parameter.name, "out_of_range", low=_plain(low), high=_plain(high))


def _plain(number: float | None) -> str:
    """All its digits: people cannot type 4.29497e+09."""
    return f"{number:.15g}"


def _read_integer(parameter: Parameter, value: object) -> int:
    number = _read_number(parameter, value)
    if math.isinf(number) or number != int(number):
        raise BadParameterError(parameter.name, "not_whole")
    return int(number)


def _read_choice(parameter: Parameter, value: object) -> str:
    text = bare_value(value).lower()
    if text not in parameter.choices:
        raise BadParameterError(parameter.name, "not_a_choice", choices=parameter.choices)
    return text


def _read_aspect(_parameter: Parameter, value: object) -> str:
    width, height = parse_aspect(bare_value(value))
    return f"{width}:{height}"


def _read_size(_parameter: Parameter, value: object) -> str:
    width, height = parse_size(bare_value(value))
    return f"{width}x{height}"


def _read_picture(parameter: Parameter, value: object) -> str:
    text = str(value).strip().lower()
    if split_picture_id(text) is None:
        raise BadParameterError(parameter.name, "not_a_picture_id")
    return text


def _read_references(parameter: Parameter, value: object) -> tuple[WeightedPicture, ...]:
    return parse_pictures(parameter.name, bare_value(value))


def _read_job(parameter: Parameter, value: object) -> str:
    text = str(value).strip().lower()
    split = split_picture_id(text)
    job_id = split[0] if split else text
    if not is_job_id(job_id):
        raise BadParameterError(parameter.name, "not_a_job_id")
    return text if parameter.pictures else job_id


def _read_image(parameter: Parameter, value: object) -> Source:
    if not isinstance(value, Source):
        raise BadParameterError(parameter.name, "not_attached")
    return value


def _read_file(parameter: Parameter, value: object) -> Traces:
    if not isinstance(value, Traces):
        raise BadParameterError(parameter.name, "not_attached")
    return value


def _read_mask(parameter: Parameter, value: object) -> str:
    source = _read_image(parameter, value)
    return source.as_mask_key or source.key


def _read_person(parameter: Parameter, value: object) -> str:
    text = str(value).strip()
    if text.count(":") < 2:
        raise BadParameterError(parameter.name, "nobody")
    return text


def _read_case(parameter: Parameter, value: object) -> str:
    text = str(value).strip().lower()
    if not is_job_id(text):
        raise BadParameterError(parameter.name, "not_a_case_id")
    return text


def _read_duration(parameter: Parameter, value: object) -> timedelta | None:
    """None: for good."""
    text = str(value).strip().lower()
    if text in ("for good", "forever", "ever"):
        return None
    match = re.fullmatch(r"(\d{1,4})\s*([mhdw])", text)
    if match is None or not int(match[1]):
        raise BadParameterError(parameter.name, "not_a_duration")
    return int(match[1]) * _UNITS[match[2]]


_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


_SWITCHED = {"": True, "yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}


def _read_switch(parameter: Parameter, value: object) -> bool:
    text = bare_value(value).lower()
    if text not in _SWITCHED:
        raise BadParameterError(parameter.name, "not_a_choice", choices=("yes", "no"))
    return _SWITCHED[text]


def _read_name(parameter: Parameter, value: object) -> str:
    return _read_text(parameter, bare_value(value)).lower()


_READERS: dict[Kind, Callable[[Parameter, object], Any]] = {
    Kind.TEXT: _read_text,
    Kind.INTEGER: _read_integer,
    Kind.NUMBER: _read_number,
    Kind.CHOICE: _read_choice,
    Kind.ASPECT: _read_aspect,
    Kind.SIZE: _read_size,
    Kind.PICTURE: _read_picture,
    Kind.REFERENCES: _read_references,
    Kind.JOB: _read_job,
    Kind.IMAGE: _read_image,
    Kind.FILE: _read_file,
    Kind.MASK: _read_mask,
    Kind.MODEL: _read_name,
    Kind.STYLE: _read_name,
    Kind.LORA: _read_name,
    Kind.PERSON: _read_person,
    Kind.CASE: _read_case,
    Kind.SWITCH: _read_switch,
    Kind.DURATION: _read_duration,
}
