"""What the room says. The templates find all its texts here; those of pages and desk have modules of their own."""

import re
from collections.abc import Sequence

from bots.texts.chat import DEEDS, EXPAND_PRICE, ended, left, price, unread, waiting
from bots.web.texts.moderation_texts import DECISION_KEYS, DESK, DESK_KEYS, REPORT
from bots.web.texts.page_texts import HELP_IMAGES, HELP_TYPING, MINE, NOTHING_MINE, PAGE, REMIX, SCRIPT_WORDS
from studio.commands.button_ids import Action
from studio.domain.jobs import Job, JobState
from studio.errors import ChatelierError

__all__ = [
    "DECISION_KEYS",
    "DEEDS",
    "DESK",
    "DESK_KEYS",
    "EXPAND_PRICE",
    "HELP_IMAGES",
    "HELP_TYPING",
    "MINE",
    "NOTHING_MINE",
    "PAGE",
    "REMIX",
    "REPORT",
    "SCRIPT_WORDS",
    "price",
    "unread",
]

FOREIGN_HOST = "This room is not served under that name. Add it to the allowed hosts of the web settings."
FOREIGN_ORIGIN = "This request came from another site, so it was not followed."
NOT_IN = "Please come in through the front page first."
STALE_FORM = "This page is older than your session. Reload it and try again."
NAME_MISSING = "Please type a name, so that the others know who painted what."
NAME_TAKEN = "Somebody here has, or had, that name or one that looks like it already. Please choose another."
NAME_RESERVED = "That name would speak for the moderators or for the room itself. Please choose another."
WRONG_WORD = "That is not the invite word. Ask whoever invited you."
TOO_MANY_TRIES = "Too many tries. Please wait a minute."
MESSAGE_UNREADABLE = "That message could not be read. Reload the page and try again."
MESSAGE_TOO_LONG = "That is too long. A prompt has at most 1,000 characters."
TOO_FAST = "That is a lot at once. Please wait a second."
TICKET_EXPIRED = "The attached image is not here any more. Please attach it again."
BUTTON_UNKNOWN = "This button does not belong to a picture here."
UPLOAD_EMPTY = "the file is empty."
SENDING = "On its way…"
METRICS_CLOSED = "Metrics are served to this machine only, or with the token of the web settings."
NOT_FOUND = "There is no such page here."
TOO_SLOW = "Your connection could not keep up."

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
    Action.REPORT: "Report a picture to the moderators",
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


def more(count: int) -> str:
    """Behind a list that does not show all."""
    return f"and {count} more"


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
