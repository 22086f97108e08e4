"""What the web front end says. The templates find its texts here; those of pages and desk have modules of their own."""

from bots.presentation.compose.errors import explain
from bots.presentation.spans import plain_text
from bots.texts.jobs import step
from bots.texts.shortening import subject_of
from bots.web.texts.moderation_texts import DECISION_KEYS, DESK, DESK_KEYS, REPORT
from bots.web.texts.page_texts import HELP_IMAGES, HELP_TYPING, PAGE, SCRIPT_WORDS
from studio.errors import ChatelierError

__all__ = [
    "DECISION_KEYS",
    "DESK",
    "DESK_KEYS",
    "HELP_IMAGES",
    "HELP_TYPING",
    "PAGE",
    "REPORT",
    "SCRIPT_WORDS",
    "step",
]

SOMEBODY = "somebody"
IMAGE_TYPES = "image/png,image/jpeg,image/webp,image/avif,image/heic,image/heif,.heic,.heif,image/gif"
FOREIGN_HOST = "This room is not served under that name. Add it to the allowed hosts of the web settings."
FOREIGN_ORIGIN = "This request came from another site, so it was not followed."
NOT_IN = "Please come in through the front page first."
STALE_FORM = "This page is older than your session. Reload it and try again."
NAME_MISSING = "Please type a name, so that the others know who painted what."
NAME_TAKEN = "Somebody here has, or had, that name or one that looks like it already. Please choose another."
NAME_RESERVED = "That name would speak for the moderators or for the room itself. Please choose another."
WRONG_WORD = "That is not the invite word. Ask the person who invited you."
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


def sentence_of(error: ChatelierError) -> str:
    return plain_text(explain(error))


def too_large(limit_bytes: int) -> str:
    return f"That image is larger than {limit_bytes // 1024**2} MiB."


def more(count: int) -> str:
    """Behind a list that does not show all."""
    return f"and {count} more"


def stars(count: int) -> str:
    """Of a picture, for screen readers."""
    return "1 star" if count == 1 else f"{count} stars"


def together(count: int) -> str:
    return "1 person is here" if count == 1 else f"{count} people are here"


def credit(maker: str, prompt: str) -> str:
    """Whose picture it started from: ``@bo's fox``."""
    return f"@{maker}’s {subject_of(prompt)}"
