"""Words with alternatives: ``a {red,blue} bird`` is two prompts, ``{red,blue} {bird,fish}`` is four."""

import itertools
import math
from dataclasses import dataclass

from studio.errors import BadParameterError
from studio.parsing.text_cleaning import clean_text

MOST = 8
_ESCAPE = "\\"


@dataclass(frozen=True, slots=True)
class _Group:
    """Alternatives, and the part of the text in which they were written."""

    choices: tuple[str, ...]
    start: int
    end: int


def spread(text: str) -> tuple[str, ...]:
    """Every prompt that the text stands for, the last group turning fastest; at most eight.

    One without braces stands for itself. ``\\{``, ``\\}`` and ``\\,`` are the letters themselves. Raises
    `BadParameterError` that points at the part which is wrong.
    """
    groups = _groups(text)
    count = math.prod(len(group.choices) for group in groups)
    if count > MOST:
        widest = max(groups, key=lambda group: len(group.choices))
        raise BadParameterError(
            "prompt",
            "too_many_alternatives",
            text=text,
            span=(widest.start, widest.end),
            made=count,
            most=MOST,
        )
    prompts = [
        clean_text("".join(parts))
        for parts in itertools.product(*(alternatives.choices for alternatives in groups))
    ]
    if not all(prompts):
        raise BadParameterError("prompt", "empty_alternative", text=text, span=(0, len(text)))
    return tuple(dict.fromkeys(prompts))


def _groups(text: str) -> list[_Group]:
    """The text in pieces: plain ones have a single choice."""
    groups: list[_Group] = []
    choices, piece, opened, start, place = [""], "", -1, 0, 0
    while place < len(text):
        letter = text[place]
        if letter == _ESCAPE and text[place + 1 : place + 2] in ("{", "}", ","):
            piece += text[place + 1]
            place += 2
            continue
        if letter == "{":
            if opened >= 0:
                raise BadParameterError("prompt", "nested_braces", text=text, span=(place, place + 1))
            groups.append(_Group((piece,), start, place))
            choices, piece, opened = [], "", place
        elif letter == "}":
            if opened < 0:
                raise BadParameterError("prompt", "brace_not_opened", text=text, span=(place, place + 1))
            choices.append(piece)
            if not any(choice.strip() for choice in choices):
                raise BadParameterError("prompt", "empty_braces", text=text, span=(opened, place + 1))
            groups.append(_Group(tuple(choices), opened, place + 1))
            piece, opened, start = "", -1, place + 1
        elif letter == "," and opened >= 0:
            choices.append(piece)
            piece = ""
        else:
            piece += letter
        place += 1
    if opened >= 0:
        raise BadParameterError("prompt", "brace_not_closed", text=text, span=(opened, opened + 1))
    return [*groups, _Group((piece,), start, len(text))]
