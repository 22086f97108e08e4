"""Sentences of gatherings: what all kinds say, and why something cannot be done."""

from collections.abc import Mapping

from studio.domain.people import Platform
from studio.errors.gatherings import Refusal

LABELS: Mapping[str, str] = {
    "join": "Join",
    "leave": "Leave",
    "end": "End",
    "pause": "Pause",
    "resume": "Resume",
    "skip": "Go on now",
    "remove": "Remove a part",
}
MANAGE = "Manage"
WEB_PAGE = "See it on the web, once your names are linked"
PART = "Which part?"
PART_NUMBER = "Part {part}"
TAKE_PART = "Take part"
SHOW = "Show"
FORM = "Take part with a form"

ADD_TO_BLEND = "Collect"
COLLECT_PICTURE = "Add picture {index} to your tray for a blend"
BLEND_TRAY = "Blend them"
EMPTY_TRAY = "Empty the tray"
TRAY = "Your tray: {count} of {most} pictures. Only you see it."
TRAY_EMPTY = "Your tray is empty. Choose “Add to blend” in the menu of a message, or type {command} and a picture's id."
TRAY_ONE = "Add at least one more to blend them."
TRAY_BEFORE = "It lies in your tray already."
TRAY_PICTURE = "Picture {number} of your tray"

OPENED_HERE = "Its message follows here. Its id is {id}."
OPENED_ELSEWHERE = "Its message follows in {channel}. Its id is {id}."
NOTHING_OPEN = "Nothing is going on together here. {command} shows what there is."
LISTED = "Going on here"
LIST_ENTRY = "{name} {id} in {channel}, since {since}"
LIST_ENTRY_ELSEWHERE = "{name} {id} on {platform}, since {since}"
PLATFORMS = {Platform.DISCORD: "Discord", Platform.SLACK: "Slack", Platform.WEB: "the web"}
ENDS = "Ends"
HOST = "By"
VOTED_COUNT = "Voted"
ONE_VOTED = "{count} person"
MANY_VOTED = "{count} people"
STATE = "Now"
ID = "Id"
PAUSED = "Paused. Nobody loses time."
INTERRUPTED = "Interrupted: this place was closed. {command} goes on elsewhere."
ENDED = "Ended."
REMOVED_TILE = "removed"
SOMEBODY = "somebody"

# What came of an act, for the person who acted.
OUTCOMES: Mapping[str, str] = {
    "joined": "You take part. The others may build on what you make here, and you on what they make.",
    "joined_before": "You take part already.",
    "left": "You left. Your open turns and your votes of this round are gone.",
    "ended": "It has ended.",
    "paused": "It is paused. Nobody loses time.",
    "resumed": "It goes on.",
    "skipped": "It goes on with what comes next.",
    "removed": "Part {part} was removed.",
}

# What is said in the thread of a gathering, or to one person.
REMARKS: Mapping[str, str] = {
    "removed": "A moderator removed {part}.",
    "interrupted": "The place of your gathering {id} was closed, so it waits. Type /gather resume {id} where it shall"
    " go on.",
}

REFUSALS: Mapping[str, str] = {
    Refusal.OVER: "This is over.",
    Refusal.STOPPED: "This is paused at the moment.",
    Refusal.LATE: "That was before: it has gone on meanwhile. Look at its message again.",
    Refusal.MEMBERS_ONLY: "Join first.",
    Refusal.HOST_ONLY: "Only the person who opened this, or a moderator, can do that.",
    Refusal.MODERATORS_ONLY: "Only moderators can do that.",
    Refusal.OFF: "The moderators do not want this here.",
    Refusal.TIER: "The moderators let others open this here.",
    Refusal.DIRECT: "This needs a channel: others shall take part.",
    Refusal.SAME_KIND: "One is open in this channel already: {id}.",
    Refusal.TOO_MANY: "At most {most} can be open here. Wait for one to end.",
    Refusal.OWN_PART: "You cannot vote for your own.",
    Refusal.GUEST: "Guests do not vote here.",
    Refusal.NEWCOMER: "You are new here. Next time your vote counts.",
    Refusal.JOINED_LATER: "This was opened before you came. Next time your vote counts.",
    Refusal.TAKEN: "Somebody else was quicker. Take another one.",
    Refusal.GONE: "That is gone.",
    Refusal.TRIED_OFTEN: "Your turn is over: three times is the most.",
    Refusal.UNKNOWN: "This cannot be done here.",
}
MOVED = "Somebody else was quicker. Look at its message again."
