"""Flags in the words of a command, in every way in which keyboards, phones and other tools' users write them."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.spec import CommandSpec
from studio.errors import BadParameterError

# Hyphen-minus, the hyphens and dashes of U+2010 to U+2015, the minus sign, and wide and small forms.
DASHES = "-\u2010-\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
_LONG_DASHES = frozenset("\u2013\u2014\u2015\u2e3a\u2e3b")  # phones turn two hyphens into one of them
# At most one space stands between two dashes of a run, and between the run and the name.
_RUN = re.compile(
    rf"(?<![{DASHES}])(?<![{DASHES}]\s)(?P<dashes>[{DASHES}](?:\s?[{DASHES}])*)(?P<gap>\s?)(?P<name>[A-Za-z][\w-]*)"
)
_GLUED = re.compile(rf"[A-Za-z]+(?=[{DASHES}]?\d)")
_SEPARATORS = re.compile(r"[\s=:：]*")
_NEXT_RUN = re.compile(rf"\s[{DASHES}]")

_ATTACHED = frozenset({Kind.IMAGE, Kind.FILE, Kind.MASK})
_MEASURED = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.CHOICE, Kind.ASPECT, Kind.SIZE})
_SHORTEST_NEAR_MISS = 4  # letters; shorter names resemble too many words
_NEAR = 0.8  # of 1, as difflib measures it


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """`parameter` is None for a name that the command does not know. Its value begins at `end`."""

    parameter: Parameter | None
    name: str
    start: int
    name_end: int
    end: int


def find_flags(spec: CommandSpec, text: str) -> Iterator[Flag]:
    """A run of dashes before a name that the command knows, or nearly knows, is a flag, and so is ``--`` before
    any name that stands by itself. A dash before anything else is text, and so is what is no flag of the command
    once its free text has begun.
    """
    in_free_text = any(parameter.literal and parameter.positional for parameter in spec.parameters)
    for run in _RUN.finditer(text):
        name = run["name"]
        parameter = spec.parameter(name.lower())
        if parameter is None and (glued := _GLUED.match(name)):
            name, parameter = glued[0], spec.parameter(glued[0].lower())
        name_end = run.start("name") + len(name)
        end = _SEPARATORS.match(text, name_end).end()  # type: ignore[union-attr]
        flag = Flag(parameter=parameter, name=name, start=run.start(), name_end=name_end, end=end)
        if parameter is None:
            meant = not in_free_text and _is_unknown_flag(spec, run, text)
        else:
            meant = _is_flag(flag, run, text)
        if meant:
            in_free_text = in_free_text or bool(parameter and parameter.literal)
            yield flag


def unknown_flag(spec: CommandSpec, name: str) -> BadParameterError:
    """With the nearest flag of the command, or all of them."""
    flag = f"--{name[:32]}"
    nearest = difflib.get_close_matches(name.lower(), _names(spec), n=1)
    if nearest:
        return BadParameterError(flag, "unknown_flag_nearest", flag=flag, nearest=f"--{nearest[0]}")
    takes = [f"--{known.name}" for known in spec.parameters if known.kind not in _ATTACHED]
    return BadParameterError(flag, "unknown_flag", flag=flag, command=spec.name, takes=takes)


def _is_flag(flag: Flag, run: re.Match[str], text: str) -> bool:
    """Whether dashes before a known name are meant as its flag, and not as a hyphen or a dash of prose."""
    parameter, single = flag.parameter, _is_single(run)
    assert parameter is not None  # noqa: S101 - asked for known names only
    if _follows_word(run, text) and (single or " " in run["dashes"]):
        return False
    if single and (parameter.kind in _ATTACHED or _is_parenthesis(run, text)):
        return False
    if run["gap"]:
        long = not single or run["dashes"] in _LONG_DASHES
        return long and parameter.kind in _MEASURED and _is_readable(parameter, text[flag.end :])
    return not (single and len(flag.name) == 1) or _is_readable(parameter, text[flag.end :])


def _is_unknown_flag(spec: CommandSpec, run: re.Match[str], text: str) -> bool:
    alone = not run["gap"] and not _follows_word(run, text)
    if alone and set(run["dashes"]) == {"-"} and not _is_single(run):
        return True
    name = run["name"].lower()
    near = len(name) >= _SHORTEST_NEAR_MISS and difflib.get_close_matches(
        name, _names(spec), n=1, cutoff=_NEAR
    )
    return bool(near) and alone and not (_is_single(run) and _is_parenthesis(run, text))


def _is_single(run: re.Match[str]) -> bool:
    return len(run["dashes"]) == 1


def _follows_word(run: re.Match[str], text: str) -> bool:
    return text[: run.start()][-1:].isalnum()


def _is_parenthesis(run: re.Match[str], text: str) -> bool:
    """Whether a later dash closes what this one opens, as in ``un zorro —no un gato— en la nieve``."""
    return re.search(rf"\w{run['dashes']}(?=[\s.,;:!?)]|$)", text[run.end() :]) is not None


def _is_readable(parameter: Parameter, rest: str) -> bool:
    try:
        parameter.read(_NEXT_RUN.split(rest, maxsplit=1)[0])
    except BadParameterError:
        return False
    return True


def _names(spec: CommandSpec) -> list[str]:
    typed = [parameter for parameter in spec.parameters if parameter.kind not in _ATTACHED]
    return [name for parameter in typed for name in (parameter.name, *parameter.aliases)]
