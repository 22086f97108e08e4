"""Commands as people type them: ``/imagine a red apple --seed 7 --no text``."""

import difflib
import re

from studio.catalog import find_command
from studio.commands.spec import CommandSpec, Kind, Parameter
from studio.errors import BadParameter, UnknownCommand
from studio.identifiers import split_picture_id
from studio.text import clean_text

MAX_PHRASE = 4000
# Phones turn two hyphens into a dash.
_FLAG = re.compile(r"(?:^|\s)(?P<name>(?:--|—|–)([a-zA-Z][\w-]*))(?:[ =]|$)")
_ATTACHED = frozenset({Kind.IMAGE, Kind.FILE, Kind.MASK})
_READ_BY_FACES = frozenset({Kind.IMAGE, Kind.MASK, Kind.PERSON})


def parse_phrase(text: str) -> tuple[CommandSpec, dict[str, object]]:
    """A typed line as a command of the catalogue and its values, not yet checked one by one.

    Text without a leading slash is a prompt for /imagine. Raises `UnknownCommand` and `BadParameter`.
    """
    if len(text) > MAX_PHRASE:
        raise BadParameter("prompt", f"is {len(text):,} characters long; the most is 1,000.")
    line = clean_text(text)
    if not line:
        raise BadParameter("prompt", "is empty. Describe the picture in a few words.")
    if line == "/":
        raise UnknownCommand("")
    name, _, rest = line.partition(" ") if line.startswith("/") else ("imagine", "", line)
    spec = find_command(name)
    return spec, parse_values(spec, rest)


def parse_values(spec: CommandSpec, text: str) -> dict[str, object]:
    """The part after the command's name: positional words first, then flags.

    Raises `BadParameter` that points at the part which is wrong.
    """
    flags = list(_FLAG.finditer(text))
    values = _positional(spec, text[: flags[0].start()] if flags else text)
    ends = [each.start() for each in flags[1:]] + [len(text)]
    for flag, end in zip(flags, ends, strict=False):
        name, span = flag[2].lower(), (flag.start("name"), flag.end("name"))
        parameter = spec.parameter(name)
        if parameter is None:
            reason = f"is unknown. {_suggestion(spec, name)}"
            raise BadParameter(f"--{flag[2][:32]}", reason, text=text, span=span)
        value = text[flag.end() : end].strip()
        if not value:
            raise BadParameter(f"--{flag[2]}", f"needs a value. {parameter.summary}", text=text, span=span)
        _check(parameter, value, text, (flag.end(), flag.end() + len(text[flag.end() : end].rstrip())))
        values[parameter.name] = value
    return values


def _check(parameter: Parameter, value: str, text: str, span: tuple[int, int]) -> None:
    """Read a value once to see that it can be read; who is meant only a face can tell."""
    if parameter.kind in _READ_BY_FACES:
        return
    try:
        parameter.read(value)
    except BadParameter as error:
        raise BadParameter(error.parameter, error.reason, text=text, span=span) from None


def _positional(spec: CommandSpec, text: str) -> dict[str, object]:
    """Each positional parameter takes one word; the last takes the rest.

    A picture id may be left out where an image is attached, so a word that is none is not taken for one.
    """
    places = [each for each in spec.parameters if each.positional]
    words = text.strip()
    values: dict[str, object] = {}
    for place in places[:-1]:
        first, _, rest = words.partition(" ")
        if first and (place.kind is not Kind.PICTURE or split_picture_id(first.lower())):
            values[place.name], words = first, rest
    if places and words.strip():
        values[places[-1].name] = words.strip()
    elif words.strip():
        reason = f"/{spec.name} takes no free text. For example: {spec.example}"
        start = text.find(words.strip())
        raise BadParameter("text", reason, text=text, span=(start, start + len(words.strip())))
    return values


def _suggestion(spec: CommandSpec, flag: str) -> str:
    typed = [each for each in spec.parameters if each.kind not in _ATTACHED]
    known = [name for each in typed for name in (each.name, *each.aliases)]
    nearest = difflib.get_close_matches(flag, known, n=1)
    if nearest:
        return f"Did you mean --{nearest[0]}?"
    return f"/{spec.name} takes: {', '.join(f'--{each.name}' for each in typed)}."
