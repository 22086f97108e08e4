"""Sentences of the web front end that stand in its Python code; those of pages and scripts stand where they are shown.

All of them are msgids (see `bots.texts.translation`).
"""

from studio.domain.cases import ReportReason
from studio.domain.people import Platform

FOREIGN_HOST = "This page is not served under that name. Add it to the allowed hosts of the web settings."
FOREIGN_ORIGIN = "This request came from another site, so it was not followed."
NOT_IN = "Please come in through the front page first."
STALE_FORM = "This page is older than your session. Reload it and try again."
NAME_MISSING = "Please type a name, so that the others know who painted what."
NAME_TAKEN = "Somebody here has, or had, that name or one that looks like it already. Please choose another."
NAME_RESERVED = "That name would speak for the moderators or for Chatelier itself. Please choose another."
WRONG_WORD = "That is not the invite word. Ask the person who invited you."
STALE_SIGN_IN = "This browser did not begin to sign in here, or it took too long. Please try again."
SIGN_IN_REFUSED = "{provider} did not say who you are. Please try again, or come in another way."
PROVIDER_UNAVAILABLE = (
    "{provider} cannot be reached at the moment. Please try again later, or come in another way."
)
ACCOUNT_OF_ANOTHER = (
    "That {provider} account belongs to another name here. Leave first, then sign in with it."
)
INVITE_FIRST = (
    "The invite word has changed. Type the new one first, then connect {provider} in your settings."
)
ACCOUNT_TAKEN = "That account has just been given another name here. Please sign in with it once more."
PASSKEY = "Passkey"
PASSKEY_REFUSED = "That passkey does not fit. Please try again, or come in another way."
WRONG_CODE = "That code is unknown, or was used already."
TOO_MANY_TRIES = "Too many tries. Please wait a minute."
MESSAGE_UNREADABLE = "That message could not be read. Reload the page and try again."
MESSAGE_TOO_LONG = "That is too long. A prompt has at most 1,000 characters."
TOO_FAST = "That is a lot at once. Please wait a second."
METRICS_CLOSED = "Metrics are served to this machine only, or with the token of the web settings."
WRONG_TOKEN = "That is not the metrics token of the web settings."
TOO_SLOW = "Your connection could not keep up."
NOT_FOUND = "There is no such page here."
SHARED_BY = "by {name}"
SHARED_FROM = "by {name}, from pictures of {others}"
REPORT_UNKNOWN = "This picture was not made here, or is gone already."
APPEALED = "Sent. The moderator of your case will read it."
LOCKED_DOWN = "Newcomers wait for a moderator, and uploads are paused, for an hour."
LOCKDOWN_ENDED = "The lockdown has ended."
TOO_MANY_EXPORTS = "That was exported several times already. Please try again in an hour."
FORGOTTEN = "Everything that was kept of you is deleted."
RULES_HINT = "Change one with {name}, such as {example}, or {pause}."
CANCEL_OR_DELETE = "Cancel or delete what is yours"
DELETE_ONE = "Delete this picture for good?"
DELETE_ALL = "Delete all pictures of this job for good?"
PLATFORMS = {Platform.DISCORD: "Discord", Platform.SLACK: "Slack", Platform.WEB: "Web", Platform.CLI: "CLI"}
MY_PICTURES = "My pictures"
APP_DESCRIPTION = "Generate and edit pictures together."
WITHHELD_WORDS = "Words from a private place. Take the case to read them."
ENCRYPTED_WORDS = "Encrypted words. Take the case to read them; each reading is recorded."
OPEN_CASES = ("{count} case is open", "{count} cases are open")
POLICY_ACTIONS = {
    "allow": "Allow",
    "warn": "Allow, with a warning",
    "hold": "Hold for a moderator",
    "refuse": "Refuse",
}
INSTALLED_RULES = {
    "allow": "Allowed",
    "warn": "A warning from {score}",
    "hold": "Held from {score}",
    "refuse": "Refused from {score}",
}
REFUSED_AND_HELD = "Refused from {score}, held from {held}"
THRESHOLD_OF = "Threshold: {category}"
FIGURE_ROLES = {
    "politician": "Politicians",
    "royalty": "Royalty",
    "religious": "Religious figures",
    "business": "People in business",
    "performer": "Performers",
    "athlete": "Athletes",
    "media": "People in the media",
    "writer": "Writers",
    "activist": "Activists",
    "scientist": "Scientists",
    "crime": "People in the news because of a crime",
}
ACCEPTED_LANGUAGES = "Languages of prompts"
ALL_LANGUAGES = "All languages of this installation"
OTHER_LANGUAGES = "Prompts in other languages"
NO_LANGUAGE = "Choose at least one language."
POLICY_CHANGE = "{name}: {before} → {after}"
POLICY_CHANGED_MEANWHILE = (
    "Another moderator has just set this to: {value}. Yours counts when you send it again."
)
WORDS_ADDED = "{action}: {words}"
WORDS_REMOVED = "No longer on a list: {words}"
WORD_TWICE = "{word} is on two lists."
WORD_TRIAL = (
    "Of {requests} requests of the last {days} days, the new words would have refused {refused} and"
    " held {held}."
)
POLICY_UNCHANGED = "Nothing differs from what is saved."
POLICY_SAVED = "Saved. It applies to every request from now on."
REQUESTS = "Requests"
DAY = "Day (UTC)"
PASSED = "Accepted"
HELD = "Held"
REFUSED = "Refused"
COUNT = "Number"
REFUSALS = "Refusals by category"
CATEGORY = "Category"
HOLDS = "Holds, and how they ended"
REPORTS = "Reports of pictures"
APPEALS = "Appeals"
OUTCOME = "Outcome"
DECISION_TIMES = "Time to a decision"
TIME = "Time"
DECIDED_WITHIN = {
    5: "Up to 5 minutes",
    60: "Up to an hour",
    360: "Up to 6 hours",
    1440: "Up to a day",
    0: "Longer",
}
USUAL_TIME = (
    "Half of them were decided within a minute.",
    "Half of them were decided within {count} minutes.",
)
MOVED = ("{count} picture was moved.", "{count} pictures were moved.")
STARRED = ("{count} picture is starred.", "{count} pictures are starred.")
DELETED = ("{count} picture was deleted.", "{count} pictures were deleted.")
MADE_FROM = "Made from"
BECAME = "Made from this picture"

RECEIPT_UNKNOWN = "No report has this code."
REPORT_REASONS = {
    ReportReason.INTIMATE: "It is an intimate picture of me, or of somebody I speak for",
    ReportReason.CHILD: "It sexualises a child",
    ReportReason.ARTIST: "I am the artist, and it copies my style",
    ReportReason.OTHER: "Something else",
}
