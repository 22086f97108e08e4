"""Every text of the room."""

import re

from studio.buttons import Action
from studio.errors import ChatelierError
from studio.jobs import Job, JobState
from studio.requests import Operation

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
}

MINE = {"queue": "Your jobs that wait or are being painted", "history": "Your latest jobs"}
NOTHING_MINE = {
    "queue": "You have no jobs in the queue.",
    "history": "You have not painted anything here yet.",
}

OPERATIONS = {
    Operation.IMAGINE: "painted",
    Operation.VARY: "varied",
    Operation.EDIT: "edited",
    Operation.EXPAND: "expanded",
    Operation.UPSCALE: "upscaled",
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


def status(job: Job, *, ahead: int) -> str:
    """Where a job stands, in a few words."""
    match job.state:
        case JobState.ACCEPTED | JobState.QUEUED:
            return waiting(ahead)
        case JobState.PAINTING:
            return "Stopping…" if job.cancel_requested else "Painting…"
        case JobState.CANCELLED:
            return "Cancelled."
        case JobState.HELD:
            return "A moderator takes a look at this first."
        case JobState.REFUSED:
            return job.error_text or "The house rules do not allow this. Please try something else."
        case JobState.FAILED:
            return job.error_text or "This could not be painted. Nothing was charged; please try again."
        case JobState.DONE:
            return "Done."


def waiting(ahead: int) -> str:
    if ahead == 0:
        return "Accepted. You are next."
    return f"Accepted. {ahead} {'is' if ahead == 1 else 'are'} painted before it."


def step(step: int, steps: int) -> str:
    return f"Step {min(step, steps)} of {steps}" if step > 0 else "The first strokes…"


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


def title_of(prompt: str) -> str:
    """A prompt's subject in at most four words: ``"a red fox in the snow"`` becomes ``"red fox"``."""
    subject = _TURN.split(_ARTICLE.sub("", prompt.strip()), maxsplit=1)[0].split()
    return " ".join(subject[:4])[:40] or "picture"


def credit(maker: str, prompt: str) -> str:
    """Whose picture it started from: ``@bo's fox``."""
    return f"@{maker}’s {title_of(prompt)}"
