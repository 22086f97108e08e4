"""One suggestion as data: a value, and what it stands for. Front ends write its label."""

from dataclasses import dataclass

from studio.domain.cases import Case
from studio.domain.jobs import Job

LONGEST = 100  # characters of a label or value, Discord's limit


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedJob:
    """A job; one of its pictures, whose `number` counts from 1; or all of its `count` pictures."""

    job: Job
    own: bool
    number: int | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """`value` fills the parameter and has at most `LONGEST` characters. A string is its label as it stands."""

    value: str
    subject: str | SuggestedJob | Case
