"""What the doctor says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import SecretStr

from bots.texts.translation import translate
from chatelier.settings.redaction import redact


class Health(StrEnum):
    GOOD = "good"
    NOTE = "note"  # works, and could be better
    BAD = "bad"  # will not work


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`fix` says what to do; it is empty for what is good. No secret of the settings stands in either."""

    subject: str
    health: Health
    said: str
    fix: str = ""
    unasked: bool = False  # the service that was to be asked could not be reached

    def __post_init__(self) -> None:
        # Much of it is what libraries say of their troubles.
        object.__setattr__(self, "said", redact(self.said))
        object.__setattr__(self, "fix", redact(self.fix))


# `text` and `fix` are msgids, with `values` for both.


def good(subject: str, text: str, /, **values: object) -> Finding:
    return Finding(subject=subject, health=Health.GOOD, said=translate(text, **values))


def note(subject: str, text: str, fix: str, /, **values: object) -> Finding:
    return _finding(Health.NOTE, subject, text, fix, values)


def bad(subject: str, text: str, fix: str, /, **values: object) -> Finding:
    return _finding(Health.BAD, subject, text, fix, values)


def _finding(health: Health, subject: str, text: str, fix: str, values: Mapping[str, object]) -> Finding:
    return Finding(
        subject=subject, health=health, said=translate(text, **values), fix=translate(fix, **values)
    )


def unreachable(subject: str, text: str, fix: str, /, **values: object) -> Finding:
    """A note: without a network, nothing can be said."""
    return replace(note(subject, text, fix, **values), unasked=True)


def token_form(name: str, subject: str, secret: SecretStr, form: re.Pattern[str], looks_like: str) -> Finding:
    if form.fullmatch(secret.get_secret_value()):
        return good(subject, "{name} has the right form", name=name)
    text, fix = "{name} does not look like one ({form})", "Copy it again, whole and without spaces."
    return bad(subject, text, fix, name=name, form=translate(looks_like))
