"""In which language the present reader reads.

The language belongs to the running task or thread: two messages that are composed at the same time never mix.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from studio.domain.settings.languages import Language

_LANGUAGE: ContextVar[str] = ContextVar("language", default=Language.ENGLISH.value)


def current_language() -> str:
    """The code of the language in which sentences are looked up now, such as ``de``."""
    return _LANGUAGE.get()


def use_language(language: str) -> None:
    """For the rest of the task or thread, and for those that it starts."""
    _LANGUAGE.set(str(language))


@contextmanager
def reading_in(language: str) -> Iterator[None]:
    token = _LANGUAGE.set(str(language))
    try:
        yield
    finally:
        _LANGUAGE.reset(token)


def accepted_languages(header: str) -> list[str]:
    """The languages of an ``Accept-Language`` header, the most wanted first; those with ``q=0`` are left out."""
    wishes = []
    for place, wish in enumerate(header[:1000].split(",")):
        tag, _, quality = wish.strip().partition(";")
        weight = _weight(quality)
        if tag and weight > 0:
            wishes.append((-weight, place, tag.strip()))
    return [tag for _, _, tag in sorted(wishes)]


def _weight(quality: str) -> float:
    name, _, value = quality.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
