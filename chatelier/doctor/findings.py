"""What the doctor says."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    GOOD = "good"
    NOTE = "note"  # works, and could be better
    BAD = "bad"  # will not work


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`fix` says what to do; it is empty for what is good."""

    subject: str
    health: Health
    said: str
    fix: str = ""


def good(subject: str, said: str) -> Finding:
    return Finding(subject=subject, health=Health.GOOD, said=said)


def note(subject: str, said: str, fix: str) -> Finding:
    return Finding(subject=subject, health=Health.NOTE, said=said, fix=fix)


def bad(subject: str, said: str, fix: str) -> Finding:
    return Finding(subject=subject, health=Health.BAD, said=said, fix=fix)
