"""What is said of cases on every face. None is escaped: each face does that in its own way."""

from collections.abc import Sequence

from bots.texts.shortening import shorten
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.domain.cases import DECISIONS, Case, CaseDetails, CaseKind, CaseState, Decision, PersonRecord

_LONGEST_PROMPT = 900
_LONGEST_NEGATIVE = 300
_LONGEST_ANCESTOR = 120
_MOST_ANCESTORS = 5

DESK_ELSEWHERE = "This case is not on your desk (any more)."
NO_PICTURES = "This case has no pictures that could be shown."
SHOW = "Show"
YOURS = "This case is yours for ten minutes."
ALLOW = "Allow"
DECLINE = "Decline"
APPEAL = "Appeal"
MODAL_APPEAL = "Ask a moderator to look again"
FIELD_APPEAL = "Why it should pass"
FIELD_NOTE = "A word for the records (optional)"
BLURRED = "A pixelated copy of what the case is about"

_HEADINGS = {
    CaseKind.HOLD: "Held for a moderator",
    CaseKind.REPORT: "A picture was reported",
    CaseKind.APPEAL: "An appeal against a refusal",
    CaseKind.SUSPENSION: "A suspension to confirm",
    CaseKind.CONSENT: "Somebody asks to build on a picture",
}
_DONE = {
    Decision.APPROVE: "Approved",
    Decision.SPOILER: "Approved, hidden until clicked",
    Decision.REJECT: "Rejected",
    Decision.WARN: "Rejected, with a warning",
    Decision.SUSPEND: "Suspended",
    Decision.BAN: "Banned",
    Decision.BLOCK: "Rejected, and the picture is blocked for good",
    Decision.OVERTURN: "Overturned",
}
_DONE_TO_REPORTS = {
    Decision.APPROVE: "The picture stays",
    Decision.SPOILER: "The picture stays, hidden until clicked",
    Decision.REJECT: "The picture was taken down",
}
_LABELS = {
    Action.CLAIM: "Claim",
    Action.APPROVE: "Approve",
    Action.SPOILER: "Spoiler",
    Action.REJECT: "Reject",
    Action.WARN: "Warn",
    Action.SUSPEND: "Suspend",
    Action.BAN: "Ban",
    Action.BLOCK: "Block picture",
    Action.OVERTURN: "Overturn",
    Action.CONSENT: ALLOW,
    Action.DECLINE: DECLINE,
    Action.APPEAL: APPEAL,
}
CASE_ACTIONS = frozenset(_LABELS) - {Action.APPEAL}
GRAVE = frozenset({Action.SUSPEND, Action.BAN, Action.BLOCK})  # shown so that nobody presses them by accident


def heading(case: Case) -> str:
    return translate(_HEADINGS[case.kind])


def label(action: Action) -> str:
    """The text of a button on a case."""
    return translate(_LABELS[action])


def buttons(case: Case) -> tuple[Action, ...]:
    """What can be done with a case at the moment, in the order in which it is shown."""
    if case.state is CaseState.CLOSED:
        return ()
    if case.kind is CaseKind.CONSENT:
        return (Action.CONSENT, Action.DECLINE)
    decisions = DECISIONS[case.kind]
    return (Action.CLAIM, *(Action(each) for each in Decision if each in decisions))


def facts(details: CaseDetails) -> list[tuple[str, str]]:
    """What a moderator reads: pairs of a label and a text, without the people's names."""
    case = details.case
    request = details.job.request if details.job else None
    found = [
        ("Effective prompt", _prompt(details.prompts)),
        ("Negative prompt", shorten(request.negative_prompt, _LONGEST_NEGATIVE) if request else ""),
        ("Style", shorten(request.style or "", 80) if request else ""),
        ("Rule", " · ".join(each for each in (case.rule, case.category) if each)),
        ("Evidence", shorten(case.evidence, 300)),
        ("In their words", shorten(case.words, 500)),
        ("Weight of the report", f"{case.weight:.2f}" if case.kind is CaseKind.REPORT else ""),
        ("Their record", record(details.person_record)),
        ("Note", shorten(case.note, 500)),
    ]
    return [(name, text) for name, text in found if text]


def _prompt(prompts: Sequence[str]) -> str:
    """The job's own words, then those of the pictures it starts from."""
    if not prompts:
        return ""
    ancestors = [shorten(each, _LONGEST_ANCESTOR) for each in dict.fromkeys(prompts[1:]) if each]
    own = shorten(prompts[0], _LONGEST_PROMPT) or "(no words were kept)"
    return " ← ".join([own, *ancestors[:_MOST_ANCESTORS]])[:1000]


def record(person_record: PersonRecord) -> str:
    """A person's record in one line."""
    parts = [
        _counted(person_record.jobs, "job"),
        f"{person_record.refusals} refused",
        f"strikes {person_record.strikes:.1f}",
        f"{_counted(person_record.earlier_cases, 'earlier case')}",
    ]
    if person_record.banned:
        until = (
            f" until {person_record.banned_until:%Y-%m-%d %H:%M} UTC" if person_record.banned_until else ""
        )
        parts.append(f"banned{until}")
    return " · ".join(parts)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def outcome(case: Case) -> str:
    """What was decided, or an empty text for an open case."""
    if case.decision is None:
        return ""
    if case.kind is CaseKind.CONSENT:
        return translate("Allowed" if case.decision is Decision.APPROVE else "Declined")
    if case.kind is CaseKind.REPORT and case.decision in _DONE_TO_REPORTS:
        return translate(_DONE_TO_REPORTS[case.decision])
    if case.kind is CaseKind.APPEAL and case.decision is Decision.REJECT:
        return translate("The refusal stands")
    return translate(_DONE[case.decision])


def question(asker: str, picture: str, prompt: str) -> str:
    """To the owner of a picture; `asker` is already as the platform wants it, the others are escaped by then."""
    words = f": “{prompt}”" if prompt else ""
    return f"{asker} would like to build on your picture {picture}{words}. May they?"


def answered(case: Case, asker: str) -> str:
    """To the owner, once they answered."""
    allowed = case.decision is Decision.APPROVE
    return f"You allowed {asker} to build on it." if allowed else f"You did not let {asker} build on it."
