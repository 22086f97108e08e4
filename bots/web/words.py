"""Every text of the room."""

import re
from collections.abc import Sequence

from markupsafe import Markup

from bots.words import DEEDS, ended, left, waiting  # noqa: F401 - the templates say DEEDS
from studio.buttons import Action
from studio.cases import Decision
from studio.errors import ChatelierError
from studio.jobs import Job, JobState
from studio.preferences import RemixConsent

FOREIGN_HOST = "This room is not served under that name. Add it to the allowed hosts of the web settings."
FOREIGN_ORIGIN = "This request came from another site, so it was not followed."
NOT_IN = "Please come in through the front page first."
STALE_FORM = "This page is older than your session. Reload it and try again."
NAME_MISSING = "Please type a name, so that the others know who painted what."
NAME_TAKEN = "Somebody in the room goes by that name already. Please choose another."
WRONG_WORD = "That is not the invite word. Ask whoever invited you."
TOO_MANY_TRIES = "Too many tries. Please wait a minute."
MESSAGE_UNREADABLE = "That message could not be read. Reload the page and try again."
MESSAGE_TOO_LONG = "That is too long. A prompt has at most 1,000 characters."
TOO_FAST = "That is a lot at once. Please wait a second."
TICKET_EXPIRED = "The attached image is not here any more. Please attach it again."
BUTTON_UNKNOWN = "This button does not belong to a picture here."
UPLOAD_EMPTY = "That file is empty."
SENDING = "On its way…"
NOT_FOUND = "There is no such page here."
TOO_SLOW = "Your connection could not keep up."

SCRIPT_WORDS = {
    "received": "Received.",
    "lost": "The connection was lost. Trying again in {seconds} s…",
    "back": "Connected again.",
    "attached": "{name} is attached.",
    "attaching": "Attaching {name}…",
    "notImage": "Only images can be attached.",
    "tooLarge": "That image is larger than {megabytes} MB.",
    "uploadFailed": "The image could not be attached. Please try again.",
    "asPicture": "to paint from",
    "asMask": "as mask",
    "asPictureHint": "Used as the picture to start from. Press to use it as a mask.",
    "asMaskHint": "Used as a mask, white where the picture may change. Press to use it as the picture.",
    "detach": "Remove {name}",
    "news": "{count} new above",
    "ready": "Your pictures are ready: {prompt}",
    "copied": "Copied {id}.",
    "chooseCells": "Choose at least one field of the picture.",
    "waiting": "Sent. It is followed as soon as the connection is back.",
    "stillAttaching": "The image is still on its way. Please try again in a moment.",
    "help": "What you can type, and what the reactions do.",
    "yes": "Delete",
    "no": "Keep",
    "suggestions": "{count} suggestions",
    "saved": "Saved.",
}

# What stands on the pages themselves.
PAGE = {
    "lead": "A room where people paint together, with words.",
    "your_name": "Your name",
    "invite_word": "Invite word",
    "look_after": "I look after this room",
    "moderators_word": "Moderators’ word",
    "come_in": "Come in",
    "skip": "Skip to the prompt",
    "change": "Change",
    "leave": "Leave the room",
    "help_title": "Help: commands and reactions",
    "attached_images": "Attached images",
    "attach": "Attach an image",
    "describe": "Describe a picture…",
    "what_to_paint": "What shall be painted? Type / for commands.",
    "suggestions": "Suggestions",
    "wall": "The wall",
    "close_hint": "Close (Esc)",
    "drop": "Drop the picture to paint from it",
    "bare": "The wall is still bare.",
    "bare_hint": "Describe a picture and press Enter. Everybody in the room sees it come to life.",
    "older": "Older pictures…",
    "remix_hint": "The same picture, painted again with other words.",
    "new_words": "The new words",
    "edit_part": "Edit a part",
    "edit_hint": "Tap or sweep over the fields that may change. Everything else stays as it is, to the pixel.",
    "fields": "Fields of the picture that may change; arrow keys move, space chooses",
    "instead": "What shall be there instead?",
    "small_boat": "a small boat",
    "clear_fields": "Clear fields",
    "expand_hint": "Paint beyond the frame, to some sides or to a new shape.",
    "how_much": "How much on each side",
    "new_shape": "Or a new shape",
    "by_sides": "By sides",
    "new_part": "What the new part shows (if you like)",
    "picture_before": "Picture before",
    "picture_after": "Next picture",
    "vary_little": "Vary a little",
    "vary_lot": "Vary a lot",
    "made_from": "Made from",
    "became": "What became of it",
    "from_whom": "from",
    "and_whom": "and",
    "cancel_or_delete": "Cancel or delete what is yours",
    "delete_all": "Delete all pictures of this job for good?",
    "delete_one": "Delete this picture for good?",
    "remix_title": "Paint again with other words",
    "edit_title": "Paint a part anew",
    "expand_title": "Paint beyond the frame",
    "what_to_type": "What you can type",
    "takes": "What it takes",
    "into_prompt": "Put it into the prompt",
    "own_images": "Images of your own",
    "back": "Back to the room",
    "details": "Details",
    "paint": "Paint",
    "close": "Close",
    "help": "Help",
    "remix": "Remix",
    "edit": "Edit",
    "expand": "Expand",
    "vary": "Vary",
    "upscale": "Upscale",
    "reroll": "Reroll",
    "star": "Star",
    "download": "Download",
    "delete": "Delete",
    "deleted": "deleted",
    "recipe": "Recipe",
    "sides": "Sides",
    "reactions": "Reactions",
    "progress": "Progress",
    "picture": "Picture",
    "job": "Job",
    "copy_it": "Copy",
    "needed": "needed",
    "seed": "Seed",
    "steps": "Steps",
    "guidance": "Guidance",
    "strength": "Strength",
    "scheduler": "Scheduler",
    "added": "Added words",  # about people of whom the prompt does not say who they are
    "without": "Without",
    "style": "Style",
    "model": "Model",
    "how": "How",
    "size": "Size",
    "id": "Id",
    "appeal": "Appeal",
    "hidden": "Hidden by a moderator; press to see it",
    "messages": "Messages",
    "no_messages": "There is nothing for you.",
    "allow": "Allow",
    "decline": "Decline",
    "asks": "would like to build on your picture",
    "may_they": "May they?",
    "your_settings": "Your settings",
    "who_builds": "Who may build on your pictures",
    "default_count": "Pictures at a time",
    "default_shape": "Shape",
    "default_style": "Style",
    "default_model": "Model",
    "as_the_house": "as the house has it",
    "save": "Save",
    "desk": "The moderators’ desk",
    "rules": "The rules of this room",
    "rules_hint": "Change one with /studio and its name, such as /studio pictures 2, or /studio pause.",
    "forget": "Forget me",
    "forgotten": "Everything that was kept of you is deleted.",
    "forget_sure": "Delete all your pictures, words and settings for good, under all your names?",
}

REMIX = {
    RemixConsent.ANYONE: "anyone",
    RemixConsent.ASK: "whoever asks me first",
    RemixConsent.NOBODY: "nobody",
}

# What stands on the moderators' desk.
DESK = {
    "to_room": "Back to the room",
    "empty": "Nothing lies on the desk.",
    "empty_hint": "Cases appear here by themselves.",
    "choose": "Choose a case with j and k, and take it with Enter.",
    "decided": "Decided last",
    "taken": "in another moderator’s hands",
    "yours": "yours",
    "claim": "Take this case",
    "blurred": "Blurred picture {number}; press to see it",
    "seen": "Picture {number}",
    "note": "A word for the records",
    "keys": "Keys",
    "moderators_only": "Only moderators can open the desk.",
    "of": "by",
    "filed": "filed by",
    "outside": "somebody outside",
    "sure": "{deed}: really?",
    "do_it": "Do it",
}
DESK_KEYS = {
    "j k": "next and previous case",
    "Enter": "take the case",
    "v": "show or blur the pictures",
    "a": "approve",
    "s": "approve as spoiler",
    "r": "reject",
    "w": "warn",
    "u": "suspend",
    "b": "ban",
    "x": "block the picture",
    "o": "overturn",
}
DECISION_KEYS = {
    Decision.APPROVE: "a",
    Decision.SPOILER: "s",
    Decision.REJECT: "r",
    Decision.WARN: "w",
    Decision.SUSPEND: "u",
    Decision.BAN: "b",
    Decision.BLOCK: "x",
    Decision.OVERTURN: "o",
}

# The form for people outside.
REPORT = {
    "title": "Report a picture",
    "lead": "Tell the moderators of {room} of a picture that was made here and should not be shown.",
    "picture": "Its id, such as k3v9m2p4qx7a.2, if you know it",
    "file": "Or the picture itself",
    "reason": "What is wrong with it",
    "send": "Send",
    "sent": "Thank you. If it was made here, the moderators will look at it.",
    "unknown": "This picture was not made here, or is gone already.",
    "nothing": "Give the picture’s id, or attach it.",
}


HELP_TYPING = Markup(
    "Words without a slash are painted: <q>a red apple on a blue background</q>. Type <kbd>/</kbd> for commands "
    "and <kbd>--</kbd> for their flags; <kbd>↑</kbd> <kbd>↓</kbd> choose, <kbd>Tab</kbd> takes, <kbd>Enter</kbd> "
    "sends, <kbd>Esc</kbd> closes."
)
HELP_IMAGES = Markup(
    "Attach one with the picture button, drop it anywhere, or paste it. Then write what to make of it, for "
    "instance <code>/edit a small boat --region B3-C4</code>. A second one is taken as a mask, white where the "
    "picture may change. With <code>/blend</code>, up to five are blended."
)

MINE = {"queue": "Your jobs that wait or are being painted", "history": "Your latest jobs"}
NOTHING_MINE = {
    "queue": "You have no jobs in the queue.",
    "history": "You have not painted anything here yet.",
}

# What a reaction does, said for tile `number` (0: the whole job).
_DEEDS = {
    Action.VARY: "Vary picture {number}",
    Action.VARY_SUBTLE: "Vary picture {number} a little",
    Action.UPSCALE: "Make picture {number} four times as large",
    Action.REROLL: "Paint again with a new seed",
    Action.REMIX: "Paint picture {number} with other words",
    Action.EDIT: "Paint a part of picture {number} anew",
    Action.EXPAND: "Paint beyond the frame of picture {number}",
    Action.STAR: "Star picture {number}",
    Action.SHOW: "Show the recipe",
    Action.CANCEL: "Cancel",
    Action.DELETE: "Delete",
    Action.REPORT: "Report picture {number} to the moderators",
    Action.APPEAL: "Ask a moderator to look again",
}


def deed(action: Action, number: int = 0) -> str:
    if action is Action.DELETE and number:
        return f"Delete picture {number}"
    return _DEEDS[action].format(number=number)


def sentence_of(error: ChatelierError) -> str:
    """The one place where errors become words: the studio writes them for people already."""
    return str(error)


def broke(fault_id: str) -> str:
    return f"Something broke on our side. Nothing was charged; please try again. (Fault {fault_id})"


def status(job: Job, *, ahead: int = 0, eta_seconds: float | None = None, asks: bool = False) -> str:
    """Where a job stands, in a few words. `asks`: it waits for the owner of a picture."""
    match job.state:
        case JobState.ACCEPTED | JobState.QUEUED:
            return waiting(ahead, eta_seconds)
        case JobState.PAINTING:
            return "Stopping…" if job.cancel_requested else "Painting…"
        case JobState.DONE:
            return "Done."
        case _:
            return ended(job, asks=asks)


def step(step: int, steps: int, seconds_left: float | None = None) -> str:
    made = f"Step {min(step, steps)} of {steps}" if step > 0 else "The first strokes…"
    return f"{made}{left(seconds_left)}"


def too_large(limit_bytes: int) -> str:
    return f"That image is larger than {limit_bytes // 1024**2} MB."


def stopped(*, at_once: bool) -> str:
    return "Cancelled." if at_once else "Stopping at the next step."


def starred(*, given: bool) -> str:
    return "Starred." if given else "Star taken back."


def deleted(count: int) -> str:
    return "The picture is gone." if count == 1 else f"{count} pictures are gone."


def alternative(prompt: str, number: int, count: int) -> str:
    """The alternative text of a picture."""
    words = prompt or "A picture painted from an upload"
    return words if count == 1 else f"{words} ({number} of {count})"


def together(count: int) -> str:
    return "1 person is here" if count == 1 else f"{count} people are here"


_ARTICLE = re.compile(r"^(?:an?|the|some|my)\s+", re.IGNORECASE)
_TURN = re.compile(
    r"[,.;:!?]|\s(?:on|in|at|with|under|over|by|near|of|beside|behind|and|from|for|to)\s", re.IGNORECASE
)


def one_of(choices: Sequence[str]) -> str:
    return f"One of {', '.join(choices)}."


def title_of(prompt: str) -> str:
    """A prompt's subject in at most four words: ``"a red fox in the snow"`` becomes ``"red fox"``."""
    subject = _TURN.split(_ARTICLE.sub("", prompt.strip()), maxsplit=1)[0].split()
    return " ".join(subject[:4])[:40] or "picture"


def credit(maker: str, prompt: str) -> str:
    """Whose picture it started from: ``@bo's fox``."""
    return f"@{maker}’s {title_of(prompt)}"
