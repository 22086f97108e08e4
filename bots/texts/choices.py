"""What is said of choices between pictures, and of the jobs, pictures and cases that are suggested."""

from studio.domain.cases import CaseKind
from studio.domain.jobs import JobState

WHICH_PICTURE = "Which picture?"
MORE_OF = "More for picture {index}"
MORE = "More for this picture"

GOOD = "Good"
NOT_GOOD = "Not good"
WHAT_WAS_WRONG = "What was wrong?"
WHAT_TO_DO = (
    "Paint it again with other words or a new seed, or change a part of it. If it breaks the rules, tell the"
    " moderators."
)

STATES = {
    JobState.ACCEPTED: "waiting",
    JobState.QUEUED: "waiting",
    JobState.PAINTING: "in progress",
    JobState.HELD: "held for a moderator",
    JobState.REFUSED: "refused",
    JobState.CANCELLED: "cancelled",
    JobState.FAILED: "failed",
}
CASES = {
    CaseKind.HOLD: "held for a moderator",
    CaseKind.REPORT: "report",
    CaseKind.APPEAL: "appeal",
    CaseKind.SUSPENSION: "suspension",
    CaseKind.CONSENT: "somebody asks to build on your picture",
}
PICTURE = "picture {number}"
ALL_PICTURES = ("all of {count} picture", "all {count} pictures")
UPLOAD = "an upload"
PROMPT_AND_DEED = "{prompt}, {deed}"

NOW = "just now"
MINUTES = "{count} min ago"
HOURS = "{count} h ago"
YESTERDAY = "yesterday"
DAYS = ("{count} day ago", "{count} days ago")
