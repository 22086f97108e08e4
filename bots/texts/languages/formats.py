"""Numbers, days and times as the present reader writes them."""

from datetime import UTC, date, datetime
from functools import cache
from string import Formatter
from typing import Any

from bots.texts.languages.readers import current_language
from studio.domain.settings.languages import Language


def format_moment(when: datetime) -> str:
    """In UTC, to the minute: ``2026-11-30 10:45 UTC``, ``30.11.2026 10:45 UTC``."""
    when = when.astimezone(UTC)
    if _is_source():
        return f"{when:%Y-%m-%d %H:%M} UTC"
    from babel.dates import format_time

    return f"{_babel_date(when.date(), 'medium')} {format_time(when, 'short', locale=current_language())} UTC"


def format_date(day: date) -> str:
    """``2026-11-30``, ``30.11.2026``."""
    return f"{day:%Y-%m-%d}" if _is_source() else _babel_date(day, "medium")


def format_long_date(day: date) -> str:
    """``30 November 2026``, ``30. November 2026``."""
    return f"{day.day} {day:%B %Y}" if _is_source() else _babel_date(day, "long")


def format_percent(share: float) -> str:
    return format_number(share, ".0%")


def format_number(value: float, spec: str = "") -> str:
    """As ``format`` does, with the separators of the reader's language. One without a format keeps its digits."""
    english = format(value, spec)
    if _is_source() or not (spec or isinstance(value, float)):
        return english
    if spec.endswith("%"):
        from babel.numbers import format_percent as babel_percent

        return str(babel_percent(value, locale=current_language(), decimal_quantization=True))
    return english.translate(_separators(current_language()))


def language_name(code: str) -> str:
    """Of a language by its ISO 639-1 code: ``German``, ``Deutsch``. The code itself where nobody named it."""
    from babel import Locale, UnknownLocaleError

    reader = Language.ENGLISH if _is_source() else current_language()
    try:
        name = Locale.parse(code).get_language_name(reader)
    except (UnknownLocaleError, ValueError):
        return code
    return name[:1].upper() + name[1:] if name else code


class ReaderFormatter(Formatter):
    """`str.format` with the numbers of the reader's language."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return format_number(value, format_spec)
        return super().format_field(value, format_spec)


def _is_source() -> bool:
    """The sentences are English, and English is written in ISO 8601, which all its readers read alike."""
    return current_language() not in set(Language) - {Language.ENGLISH}


def _babel_date(day: date, length: str) -> str:
    from babel.dates import format_date as babel_date

    return str(babel_date(day, length, locale=current_language()))


@cache
def _separators(language: str) -> dict[int, str]:
    from babel.numbers import get_decimal_symbol, get_group_symbol

    return {ord(","): get_group_symbol(language), ord("."): get_decimal_symbol(language)}
