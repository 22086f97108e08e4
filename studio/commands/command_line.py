"""Commands as people type them: ``/imagine a red apple --seed 7 --no text``."""

import re

from studio.commands.flags import Flag, find_flags, unknown_flag
from studio.commands.parameter_values import MAX_PROMPT, Kind, Parameter
from studio.commands.registry import find_command
from studio.commands.spec import CommandSpec
from studio.domain.identifiers import split_picture_id
from studio.errors import BadParameterError, UnknownCommandError
from studio.parsing.foreign_syntax import FOREIGN_FLAG, LORA_TAG
from studio.parsing.text_cleaning import clean_text

MAX_PHRASE = 4000
_FOREIGN_VALUE = re.compile(r"://|[a-z][\s\d]*\d$", re.IGNORECASE)
_ANSWER = re.compile(r"(?:\s*[=:：]\s*|\s+)(?P<value>yes|no|on|off|true|false)(?=[\s,;]|$)", re.IGNORECASE)
_READ_BY_FACES = frozenset({Kind.IMAGE, Kind.MASK, Kind.PERSON})


def parse_phrase(text: str) -> tuple[CommandSpec, dict[str, object]]:
    """A typed line as a command of the catalogue and its values, not yet checked one by one.

    Text without a leading slash is a prompt for /imagine. Raises `UnknownCommandError` and `BadParameterError`.
    """
    if len(text) > MAX_PHRASE:
        raise BadParameterError("prompt", "too_long", length=len(text), most=MAX_PROMPT)
    line = clean_text(text)
    if not line:
        raise BadParameterError("prompt", "empty_prompt")
    if line == "/":
        raise UnknownCommandError("")
    name, _, rest = line.partition(" ") if line.startswith("/") else ("imagine", "", line)
    spec = find_command(name)
    return spec, parse_values(spec, rest)


def parse_values(spec: CommandSpec, text: str) -> dict[str, object]:
    """The part after the command's name: positional words first, then flags.

    Raises `BadParameterError` that points at the part which is wrong.
    """
    words, values = split_flags(spec, text)
    return {**_positional(spec, words), **values}


def split_flags(spec: CommandSpec, text: str) -> tuple[str, dict[str, object]]:
    """The words before the first flag, and the values of the flags.

    Raises `BadParameterError` as `parse_values` does.
    """
    text, loras = _without_lora_tags(spec, text)
    text, foreign = _without_foreign_flags(spec, text)
    text, switches = _without_switches(spec, text)
    flags = list(find_flags(spec, text))
    ends = [following.start for following in flags[1:]] + [len(text)]
    values = dict(_read_flag(spec, flag, text, end) for flag, end in zip(flags, ends, strict=False))
    values |= switches
    if loras:
        values["lora"] = ", ".join([*filter(None, [values.get("lora")]), *loras])
    words = (text[: flags[0].start] if flags else text).rstrip(" ,;" if flags or loras or switches else None)
    return " ".join([words, *foreign]), dict(values)


def _read_flag(spec: CommandSpec, flag: Flag, text: str, end: int) -> tuple[str, str]:
    """The parameter's name and what stands between the flag and `end`. Raises `BadParameterError`."""
    parameter, span = flag.parameter, (flag.start, flag.name_end)
    if parameter is None:
        raise unknown_flag(spec, flag.name).pointing_at(text, span)
    value = text[flag.end : end].strip()
    if not value:
        flag_name = f"--{flag.name}"
        raise BadParameterError(
            flag_name,
            "flag_without_value",
            text=text,
            span=span,
            flag=flag_name,
            example=spec.example,
        )
    _check(parameter, value, text, (flag.end, flag.end + len(text[flag.end : end].rstrip())))
    return parameter.name, value


def _without_lora_tags(spec: CommandSpec, text: str) -> tuple[str, list[str]]:
    """The text with spaces for each ``<lora:name:0.8>``, and what is meant as values of --lora."""
    if spec.parameter("lora") is None:
        return text, []
    tags = LORA_TAG.finditer(text)
    loras = [":".join(filter(None, (tag["name"].strip(), (tag["weight"] or "").strip()))) for tag in tags]
    return LORA_TAG.sub(lambda tag: " " * len(tag[0]), text), loras


def _without_foreign_flags(spec: CommandSpec, text: str) -> tuple[str, list[str]]:
    """Other tools' flags are no part of our flags' values; what becomes of them is the prompt's matter."""
    if not spec.paints or spec.parameter("prompt") is None:
        return text, []
    foreign = [flag for flag in FOREIGN_FLAG.finditer(text) if not _is_own(spec, flag[0])]
    for flag in foreign:
        text = text[: flag.start()] + " " * len(flag[0]) + text[flag.end() :]
    return text, [flag[0] for flag in foreign]


def _without_switches(spec: CommandSpec, text: str) -> tuple[str, dict[str, str]]:
    """The text with spaces for each switch, which takes no more of it than a yes or a no."""
    if all(parameter.kind is not Kind.SWITCH for parameter in spec.parameters):
        return text, {}
    values: dict[str, str] = {}
    for flag in list(find_flags(spec, text)):
        if flag.parameter is None or flag.parameter.kind is not Kind.SWITCH:
            continue
        answer = _ANSWER.match(text, flag.name_end)
        end = answer.end() if answer else flag.name_end
        values[flag.parameter.name] = answer["value"].lower() if answer else "yes"
        text = text[: flag.start] + " " * (end - flag.start) + text[end:]
    return text, values


def _is_own(spec: CommandSpec, flag: str) -> bool:
    """Whether a flag that other tools have too is meant as ours: their --sref takes addresses and numbers."""
    name = re.match(r"\W*([a-z]+)", flag, re.IGNORECASE)
    return (
        name is not None and spec.parameter(name[1].lower()) is not None and not _FOREIGN_VALUE.search(flag)
    )


def _check(parameter: Parameter, value: str, text: str, span: tuple[int, int]) -> None:
    """Read a value once to see that it can be read; only a front end knows which person is meant."""
    if parameter.kind in _READ_BY_FACES:
        return
    try:
        parameter.read(value)
    except BadParameterError as error:
        raise error.pointing_at(text, span) from None


def _positional(spec: CommandSpec, text: str) -> dict[str, object]:
    """Each positional parameter takes one word; the last takes the rest.

    A picture id may be left out where an image is attached, so a word that is none is not taken for one.
    """
    places = [parameter for parameter in spec.parameters if parameter.positional]
    words = " ".join(text.split())
    values: dict[str, object] = {}
    for place in places[:-1]:
        first, _, rest = words.partition(" ")
        if first and (place.kind is not Kind.PICTURE or split_picture_id(first.lower())):
            values[place.name], words = first, rest
    if places and words.strip():
        values[places[-1].name] = words.strip()
    elif words.strip():
        start = text.find(words.strip())
        raise BadParameterError(
            "text",
            "no_free_text",
            text=text,
            span=(start, start + len(words.strip())),
            command=spec.name,
            example=spec.example,
        )
    return values
