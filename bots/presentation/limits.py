"""What a platform cannot take whole: cut in production, an error in tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from studio.parsing.text_cleaning import truncate

T = TypeVar("T")


class LimitExceededError(Exception):
    """A message or form is larger than its platform allows."""

    def __init__(self, what: str, size: int, most: int) -> None:
        super().__init__(f"{what}: {size} exceeds {most}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`strict` raises `LimitExceededError` instead of cutting."""

    strict: bool = False

    def text(self, text: str, most: int, what: str, shorten: Callable[[str, int], str] = truncate) -> str:
        """At most `most` characters; `shorten` knows how a text with markup is cut."""
        if len(text) > most:
            self._check(what, len(text), most)
        return shorten(text, most)

    def items(self, items: Sequence[T], most: int, what: str) -> list[T]:
        """The first `most` items."""
        if len(items) > most:
            self._check(what, len(items), most)
        return list(items[:most])

    def _check(self, what: str, size: int, most: int) -> None:
        if self.strict:
            raise LimitExceededError(what, size, most)


CUT = Limits()
STRICT = Limits(strict=True)
