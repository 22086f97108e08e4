"""One suggestion: a value, and a label that tells it from the others."""

from dataclasses import dataclass
from datetime import timedelta

from studio.clock import now
from studio.domain.cases import Case, CaseKind
from studio.domain.identifiers import picture_id
from studio.domain.jobs import Job, JobState
from studio.domain.requests import Operation
from studio.parsing.text_cleaning import truncate

LONGEST = 100  # characters of a label or value, Discord's limit
_LONGEST_NAME = 24
_STATES = {
    JobState.ACCEPTED: "waiting",
    JobState.QUEUED: "waiting",
    JobState.PAINTING: "in progress",
    JobState.HELD: "held for a moderator",
    JobState.REFUSED: "refused",
    JobState.CANCELLED: "cancelled",
    JobState.FAILED: "failed",
}
_CASES = {
    CaseKind.HOLD: "held for a moderator",
    CaseKind.REPORT: "report",
    CaseKind.APPEAL: "appeal",
    CaseKind.SUSPENSION: "suspension",
    CaseKind.CONSENT: "somebody asks to build on your picture",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """`value` fills the parameter. `label` is text to read, not escaped. Each has at most 100 characters."""

    value: str
    label: str


def of_name(name: str) -> Suggestion:
    return Suggestion(value=name, label=name)


def of_prompt(prompt: str, *, value: str) -> Suggestion:
    return Suggestion(value=value, label=_one_line(prompt, LONGEST))


def of_job(job: Job, *, own: bool) -> Suggestion:
    """``a red fox, varied · waiting · 5 min ago · @Bo``."""
    return Suggestion(value=job.id, label=_label(job, _STATES.get(job.state, ""), own=own))


def of_pictures(job: Job, count: int, *, own: bool) -> Suggestion:
    """All pictures of a job."""
    return Suggestion(value=job.id, label=_label(job, f"all {count} pictures", own=own))


def of_picture(job: Job, number: int, *, own: bool) -> Suggestion:
    """`number` counts from 1."""
    return Suggestion(value=picture_id(job.id, number), label=_label(job, f"picture {number}", own=own))


def of_case(case: Case) -> Suggestion:
    parts = [_CASES[case.kind], case.rule, _age(now() - case.opened_at), case.id]
    return Suggestion(value=case.id, label=_one_line(" · ".join(filter(None, parts)), LONGEST))


def _one_line(text: str, longest: int) -> str:
    """The text in one line of at most `longest` characters."""
    return truncate(" ".join(text.split()), longest)


def _label(job: Job, what: str, *, own: bool) -> str:
    """What it shows, which it is, when it was asked for, and by whom if by somebody else."""
    request = job.request
    done = "" if request.operation is Operation.IMAGINE else f", {request.operation.past_tense}"
    who = "" if own else f"@{_one_line(job.person.display_name, _LONGEST_NAME)}"
    rest = " · ".join(filter(None, [what, _age(now() - job.created_at), who]))
    prompt = request.prompt or "an upload"
    return f"{_one_line(prompt, LONGEST - len(done) - len(rest) - 3)}{done} · {rest}"


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 24 * 60:
        return f"{minutes // 60} h ago"
    return "yesterday" if age.days == 1 else f"{age.days} days ago"
