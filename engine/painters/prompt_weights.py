"""Weights in a prompt: the words of ``(a red hat:1.3)`` count 1.3 times as much; ``\\(`` and ``\\)`` are text."""

import re
from dataclasses import dataclass, replace

# More only tears the picture apart; what is written as more, such as the time of day in (at 10:30), is text.
MAX_WEIGHT = 3.0
_MARKS = re.compile(r"\\[()]|\(|:\s*(?P<weight>\d+(?:[.,]\d+)?|[.,]\d+)\s*\)|\)")
# A ratio or a time, not words with a weight: (16:9), (about 2:1).
_RATIO = re.compile(r"\d\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """Words and how much they count, in [0, `MAX_WEIGHT`]. Brackets inside of brackets multiply."""

    text: str
    weight: float = 1.0


def read_weights(prompt: str) -> list[Fragment]:
    """The prompt's fragments in order, without empty ones. Brackets without a weight, or without an end, are text."""
    found: list[Fragment] = []
    opened: list[
        tuple[int, int]
    ] = []  # where in `found` and in the prompt the brackets stand that are not closed yet
    done = 0
    for mark in _MARKS.finditer(prompt):
        found.append(Fragment(text=prompt[done : mark.start()]))
        done = mark.end()
        weight = _weight(mark, prompt)
        if mark[0] == "(":
            opened.append((len(found), mark.start()))
        elif not mark[0].startswith("\\") and opened:
            start, place = opened.pop()
            if weight is not None and any(each.text.strip() for each in found[start + 1 :]):
                inside = [_weighted(each, weight) for each in found[start + 1 :]]
                before, after = prompt[:place][-1:], prompt[done : done + 1]
                found[start:] = [_gap(before, ")"), *inside, _gap(after, "(")]
                continue
        found.append(Fragment(text=mark[0].removeprefix("\\")))
    return _joined([*found, Fragment(text=prompt[done:])])


def plain_words(prompt: str) -> str:
    """The prompt without its weights, for models that know none."""
    return "".join(each.text for each in read_weights(prompt))


def _weight(mark: re.Match[str], prompt: str) -> float | None:
    if mark["weight"] is None or _RATIO.search(prompt, 0, mark.start()):
        return None
    weight = float(mark["weight"].replace(",", "."))
    return weight if weight <= MAX_WEIGHT else None


def _weighted(fragment: Fragment, weight: float) -> Fragment:
    return replace(fragment, weight=min(fragment.weight * weight, MAX_WEIGHT))


def _gap(neighbour: str, bracket: str) -> Fragment:
    """A bracket with a weight ends a word: otherwise n(u:1)de would read as something that nobody checked."""
    return Fragment(text=" " if neighbour.isalnum() or neighbour == bracket else "")


def _joined(fragments: list[Fragment]) -> list[Fragment]:
    """Neighbours of one weight as one."""
    joined: list[Fragment] = []
    for each in fragments:
        if joined and joined[-1].weight == each.weight:
            joined[-1] = replace(each, text=joined[-1].text + each.text)
        elif each.text:
            joined.append(each)
    return joined
