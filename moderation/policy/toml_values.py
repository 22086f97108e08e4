"""Values of a policy file, before they are believed: TOML may hold a list or a section anywhere."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_one_of(words: type[StrEnum], value: Any) -> bool:
    return isinstance(value, str) and value in set(words)


def wrong_names(key: str, value: Any, *, known: Sequence[str]) -> Iterator[str]:
    """A sentence for each fault of a list of names."""
    if not isinstance(value, list):
        yield f'{key}: must be a list such as ["{known[0]}"].'
        return
    for name in value:
        if name not in known:
            yield f"{key}: {name} is none of {', '.join(known)}."
