"""What moderators read of cases, and what people are told of them."""

from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.domain.cases import DECISIONS, Case, CaseKind, CaseState, Decision

KNOWN_SINCE = "Id {id}, known since {first}."
LINKED_NAMES = "Also {names}."
BULK_DECIDED = "{decided} decided, {left} left: taken by somebody else, of another kind, or yours."
OPEN_CASES = "Open cases"
STRIKE_LIST = "Strikes"
STRIKE = "{weight} · {category} · {when}"
STRIKE_OVERTURNED = "{weight} · {category} · {when} · taken back"
NOTES = "Notes of moderators"
MODERATOR_NOTE = "{when}: {words}"
REFUSED_REQUESTS = "Refused requests"
LAST_REQUESTS = "Last requests"
RAID = (
    "Activity is much higher than usual. In the last quarter of an hour: {joins} new, {refusals} refused, {reports}"
    " reported. A press holds the requests of newcomers and pauses uploads for an hour."
)
NO_CASES = "No case is open."
NO_PICTURES = "This case has no pictures that can be shown."
YOURS = "This case is yours for ten minutes."
NOT_DECIDED = "Nothing was decided."
BLURRED = "A pixelated copy of the picture of this case"
PICTURE_ALT_TEXT = "{heading}, picture {number}: {prompt}"
NO_WORDS = "(no words were kept)"
CASE_ID = "Case {case}"
CASE_AND_JOB = "Case {case} · job {job}"

ABOUT = "About"
FILED_BY = "Filed by"
DECIDED = "Decided"
DECIDED_BY = "{outcome}, by {person}"
CLAIMED = "Claimed"
CLAIMED_BY = "{person}, until {until}"
PROMPT = "Effective prompt"
NEGATIVE = "Negative prompt"
STYLE = "Style"
RULE = "Rule"
EVIDENCE = "Evidence"
WORDS = "In their words"
REFUSED_WORDS = "What was refused"
KEPT_WORDS = "Claim the case to read it. Each reading is recorded."
UNREADABLE_WORDS = (
    "It cannot be read: the evidence key is another. Ask who runs this instance for the former key. Without it the"
    " suspension can only be overturned."
)
UNREADABLE_WORDS_OF_A_REQUEST = (
    "It cannot be read: the evidence key is another. Ask who runs this instance for the former key. Without it the"
    " request can only be rejected."
)
WEIGHT = "Weight of the report"
DECIDE_BY = "Decide by"
IN_GOOD_FAITH = "in good faith"
MORE_REPORTS = ("and {count} more report", "and {count} more reports")
ANSWER_TO = "Tell the decision to"
RECORD = "Their record"
NOTE = "Note"

REFUSED = "{count} refused"
STRIKES = "strikes {count}"
BANNED = "banned"
BANNED_UNTIL = "banned until {until}"

QUESTION = "{asker} asks to build on your picture {picture}: “{prompt}”. Do you agree?"
QUESTION_WITHOUT_WORDS = "{asker} asks to build on your picture {picture}. Do you agree?"
ALLOWED = "You allowed {asker} to build on your picture."
DECLINED = "You did not allow {asker} to build on your picture."

LIST_OPEN = "open"
LIST_CLAIMED = "claimed"

APPEAL_FILED = "A moderator will look at it again. You will hear what they decide."
APPEAL_REPEATED = "You have asked for this already; a moderator will look at it."
REPORT_FILED = "Thank you. The moderators will look at it."
REPORT_HIDES = "The picture is hidden from everybody until a moderator decides."
REPORT_REPEATED = "You have reported this picture already; thank you."
CASES = "Cases"

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
LABELS = {  # of the buttons on a case
    Action.CLAIM: "Claim",
    Action.APPROVE: "Approve",
    Action.SPOILER: "Spoiler",
    Action.REJECT: "Reject",
    Action.WARN: "Warn",
    Action.SUSPEND: "Suspend",
    Action.BAN: "Ban",
    Action.BLOCK: "Block picture",
    Action.OVERTURN: "Overturn",
    Action.CONSENT: "Allow",
    Action.DECLINE: "Decline",
}


def heading(case: Case) -> str:
    if case.kind is CaseKind.APPEAL and case.picture_id is not None:
        return translate("An appeal against a takedown")
    return translate(_HEADINGS[case.kind])


def buttons(case: Case) -> tuple[Action, ...]:
    """What can be done with a case at the moment, in the order in which it is shown."""
    if case.state is CaseState.CLOSED:
        return ()
    if case.kind is CaseKind.CONSENT:
        return (Action.CONSENT, Action.DECLINE)
    decisions = DECISIONS[case.kind]
    return (Action.CLAIM, *(Action(decision) for decision in Decision if decision in decisions))


def outcome(case: Case) -> str:
    """What was decided, or an empty text for an open case."""
    stays_down = case.decision is Decision.REJECT and case.picture_id is not None
    if case.kind is CaseKind.APPEAL and stays_down:
        return translate("The picture stays down")
    return outcome_of(case.kind, case.decision) if case.decision else ""


def outcome_of(kind: CaseKind, decision: Decision) -> str:
    if kind is CaseKind.CONSENT:
        return translate("Allowed" if decision is Decision.APPROVE else "Declined")
    if kind is CaseKind.REPORT and decision in _DONE_TO_REPORTS:
        return translate(_DONE_TO_REPORTS[decision])
    if kind is CaseKind.APPEAL and decision is Decision.REJECT:
        return translate("The refusal stands")
    return translate(_DONE[decision])


def rule_and_category(case: Case) -> str:
    return " · ".join(filter(None, (case.rule, translate(case.category))))
