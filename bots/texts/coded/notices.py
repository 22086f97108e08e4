"""Sentences that are kept in the database until their person reads them: how jobs ended early, notices and hints."""

from bots.texts.translation import Msgid

CANCELLED = {"": "Cancelled."}

STOPPED = {
    "by_moderator": "A moderator stopped this. Nothing was charged.",
    "by_rules": "The rules here stopped this. Nothing was charged.",
    "rejected": "A moderator did not let this through. Nothing was charged.",
    "declined": "The owner of the picture declined. Nothing was charged.",
    "unanswered": "The person who made the picture did not answer. Nothing was charged.",
    "pictures_deleted": "Its pictures were deleted. Nothing was charged.",
    "source_taken_down": "A moderator took down the picture that this started from. Nothing was charged.",
    "held_too_long": "It waited too long for a moderator. Nothing was charged.",
    "forgotten": "Deleted, as its person asked.",
}

# A statement of reasons (Art. 17 of the Digital Services Act): what, why, who decided, and what can be done about it.
_TAKEN_DOWN = "A moderator took your picture {picture} down: "
_NO_MACHINE = "A person decided this, no program. If you think that it is a mistake, tell the moderators."

NOTICE: dict[str, Msgid] = {
    "touches_on": "What you asked for touches on {category}. It goes ahead; please follow the rules here.",
    "warning": (
        "What you asked for is against the rules here. If you continue, you will be suspended for a while."
    ),
    "warning_about": (
        "What you asked for is against the rules here ({category}). If you continue, you will be suspended for a"
        " while."
    ),
    "banned": "You cannot paint here any more.",
    "ban_lifted": "You may paint here again.",
    "strike_taken_back": "A moderator took back what was counted against you.",
    "suspension_lifted": "Your suspension was lifted: it was a mistake, and it no longer counts.",
    "taken_down": "A moderator took your picture {picture} down.",
    "taken_down_intimate": f"{_TAKEN_DOWN}it was reported as an intimate picture of somebody. {_NO_MACHINE}",
    "taken_down_child": f"{_TAKEN_DOWN}it was reported as sexualising a child. {_NO_MACHINE}",
    "taken_down_artist": f"{_TAKEN_DOWN}an artist asks that their style is left alone. {_NO_MACHINE}",
    "taken_down_reported": f"{_TAKEN_DOWN}it was reported as breaking the rules here. {_NO_MACHINE}",
    "appeal_granted": "A moderator looked at your request again: it goes ahead.",
    "appeal_rejected": "A moderator looked at your request again: the refusal stands.",
    "takedown_reversed": "A moderator looked at your picture {picture} again: it is shown again.",
    "takedown_reversed_gone": (
        "A moderator looked at your picture {picture} again and granted your appeal, but its files are gone: it cannot"
        " be shown again."
    ),
    "takedown_stands": "A moderator looked at your picture {picture} again: it stays down.",
    "report_upheld": "Thank you for your report. A moderator took down the picture.",
    "report_rejected": "Thank you for your report. A moderator looked at the picture and left it where it is.",
    "report_hidden": "Thank you for your report. A moderator hid the picture until clicked.",
    "deadline_near": "An urgent report should be decided by {until}, and it still waits: /review {case}",
    "deadline_over": "The 48 hours of an urgent report are over, and it still waits: /review {case}",
    "timeout_lifted": "Your timeout has ended: the request that led to it was refused by mistake.",
    "gift_by_somebody": ("Somebody gave you {count} credit.", "Somebody gave you {count} credits."),
    "gift": ("@{name} gave you {count} credit.", "@{name} gave you {count} credits."),
    "built_on": "@{name} {deed} your picture {picture}. See the result with /show {job}.",
    "built_on_several": "@{name} {deed} your pictures {pictures}. See the result with /show {job}.",
    "built_on_by_somebody": "Somebody built on a picture of yours.",
    "built_on_yesterday": "Others built on your pictures yesterday.",
    "used": "{picture} was {deed}: /show {job}.",
    "more_uses": "And {more} more.",
}

HINT = {
    "flags": (
        "Flags such as --v, --stylize and --chaos are another tool's and were left out. /help imagine names the"
        " flags that work here."
    ),
    "lora": "<lora:name:0.8> works with /imagine only; a picture's own LoRAs stay as they are.",
    "networks": "Of words in angle brackets only <lora:name:0.8> works here; others were left out.",
    "parts": "Parts of a prompt with :: and a weight are another tool's; they were read as a list.",
    "break": "BREAK does nothing here and was read as a comma.",
    "editing": (
        "Square brackets that change words while a picture is painted do nothing here. {{red,blue}} paints one"
        " picture of each."
    ),
    "words_as_they_are": (
        "The prompt helper did not answer, so your words were painted as they are. When it answers, you see the new"
        " prompt first."
    ),
    "wildcards": "There are no __wildcards__ here. {{red,blue}} paints one picture of each.",
}

DIGEST: dict[str, Msgid] = {
    "week": "The week from {first} to {last}.",
    "jobs": "Jobs: {jobs} ({done} done, {refused} refused, {failed} failed). People: {people}.",
    "waits": (
        "Half of the jobs waited less than {usual_seconds:.0f} s, nineteen of twenty less than {long_seconds:.0f} s."
    ),
    "painting": "{minutes:.1f} minutes of painting.",
    "decided": (
        "Moderators decided {count} case and agreed with {share:.0%} of them.",
        "Moderators decided {count} cases and agreed with {share:.0%} of them.",
    ),
    "open_cases": "Open cases: {cases}.",
    "urgent_reports": (
        "{count} urgent report waits, {over} for more than 48 hours.",
        "{count} urgent reports wait, {over} for more than 48 hours.",
    ),
}

# What was done with a picture, by the name of the operation.
DEEDS = {
    "imagine": "painted",
    "vary": "varied",
    "edit": "edited",
    "expand": "expanded",
    "blend": "blended",
    "upscale": "upscaled",
}
