"""What the doctor says."""

import re
from dataclasses import dataclass
from enum import StrEnum

from pydantic import SecretStr

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

    def __post_init__(self) -> None:
        # Much of it is what libraries say of their troubles.
        object.__setattr__(self, "said", redact(self.said))
        object.__setattr__(self, "fix", redact(self.fix))


def good(subject: str, text: str) -> Finding:
    return Finding(subject=subject, health=Health.GOOD, said=text)


def note(subject: str, text: str, fix: str) -> Finding:
    return Finding(subject=subject, health=Health.NOTE, said=text, fix=fix)


def bad(subject: str, text: str, fix: str) -> Finding:
    return Finding(subject=subject, health=Health.BAD, said=text, fix=fix)


def token_form(name: str, subject: str, secret: SecretStr, form: re.Pattern[str], looks_like: str) -> Finding:
    if form.fullmatch(secret.get_secret_value()):
        return good(subject, f"{name} has the right form")
    return bad(
        subject, f"{name} does not look like one ({looks_like})", "Copy it again, whole and without spaces."
    )
