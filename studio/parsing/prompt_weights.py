"""Weights in a prompt: the words of ``(a red hat:1.3)`` count 1.3 times as much; ``\\(`` and ``\\)`` are text.

Models and moderation read prompts through here, so that what is judged is what is painted. Time is linear in the
length of the prompt.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from string import punctuation

# More only tears the picture apart; what is written as more, such as the time of day in (at 10:30), is text.
MAX_WEIGHT = 3.0
_MARKS = re.compile(r"\\[()]|\(|:\s*(?P<weight>\d+(?:[.,]\d+)?|[.,]\d+)\s*\)|\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """Words and how much they count, in [0, `MAX_WEIGHT`]. Brackets inside of brackets multiply."""

    text: str
    weight: float = 1.0


def read_weights(prompt: str) -> list[Fragment]:
    """The prompt's fragments in order, without empty ones. Brackets without a weight, or without an end, are text."""
    return _merge(_fragments(prompt, gap=" "))


def plain_words(prompt: str) -> str:
    """The prompt without its weights, as models read it: a bracket with a weight ends a word."""
    return "".join(fragment.text for fragment in _fragments(prompt, gap=" "))


def joined_words(prompt: str) -> str:
    """The prompt without its weights, as a person reads it: ``n(o:1)te`` is one word."""
    return "".join(fragment.text for fragment in _fragments(prompt, gap=""))


def touching_pieces(prompt: str) -> list[list[str]]:
    """For each word that brackets with a weight touch, the two or more pieces into which they divide it."""
    marked = "".join(fragment.text for fragment in _fragments(prompt, gap="\0"))
    return [list(filter(None, word.split("\0"))) for word in marked.split() if "\0" in word]


def _fragments(prompt: str, *, gap: str) -> Iterator[Fragment]:
    """`gap` stands where a bracket with a weight touches a word."""
    weights = _find_weights(prompt)
    # For each open bracket the product of its weight and those around it, and what the fragments in it reach at most.
    scales = [(1.0, MAX_WEIGHT)]
    done = 0
    for mark in _MARKS.finditer(prompt):
        yield Fragment(text=prompt[done : mark.start()], weight=min(scales[-1]))
        done = mark.end()
        weight = weights.get(mark.start())
        if weight is None:
            yield Fragment(text=mark[0].removeprefix("\\"), weight=min(scales[-1]))
        elif mark[0] == "(":
            neighbour = prompt[mark.start() - 1 : mark.start()]
            yield Fragment(text=gap if _touches(neighbour, ")") else "", weight=min(scales[-1]))
            scales.append(_scale(*scales[-1], weight))
        else:
            scales.pop()
            neighbour = prompt[done : done + 1]
            yield Fragment(text=gap if _touches(neighbour, "(") else "", weight=min(scales[-1]))
    yield Fragment(text=prompt[done:])


def _find_weights(prompt: str) -> dict[int, float]:
    """The weight of each pair of brackets that has one and holds text, at the places where they open and close."""
    weights: dict[int, float] = {}
    opened: list[int] = []
    done = text_end = 0  # where the last mark ends, and the last text that is not blank
    for mark in _MARKS.finditer(prompt):
        text = prompt[done : mark.start()].rstrip()
        text_end = done + len(text) if text else text_end
        done = mark.end()
        if mark[0] == "(":
            opened.append(mark.start())
            continue
        start = opened.pop() if opened and not mark[0].startswith("\\") else done
        weight = _read_weight(mark["weight"], text)
        if weight is not None and start < text_end:
            weights[start] = weights[mark.start()] = weight
        else:
            text_end = done
    return weights


def _read_weight(written: str | None, text: str) -> float | None:
    """None for what is no weight, and behind a digit, as in (16:9) and (about 2:1): a ratio or a time."""
    if written is None or text[-1:].isdecimal():
        return None
    weight = float(written.replace(",", "."))
    return weight if weight <= MAX_WEIGHT else None


def _scale(factor: float, limit: float, weight: float) -> tuple[float, float]:
    # Never infinite: with a weight of 0 further inside that would be no number.
    return min(factor * weight, sys.float_info.max), min(factor * MAX_WEIGHT, limit)


def _touches(neighbour: str, bracket: str) -> bool:
    """Whether a space is missing: otherwise n(u:1)de would read as something that nobody checked.

    Only white space and punctuation end a word by themselves; marks, joiners and symbols may look like letters.
    """
    return neighbour == bracket or not (neighbour.isspace() or neighbour in punctuation)


def _merge(fragments: Iterator[Fragment]) -> list[Fragment]:
    """Neighbours of one weight as one."""
    merged: list[Fragment] = []
    for fragment in fragments:
        if merged and merged[-1].weight == fragment.weight:
            merged[-1] = replace(fragment, text=merged[-1].text + fragment.text)
        elif fragment.text:
            merged.append(fragment)
    return merged
