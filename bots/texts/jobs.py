"""Sentences about a job: where it stands, and what its pictures are."""

from bots.texts.languages.formats import format_percent
from bots.texts.translation import translate, translate_plural

_WORTH_TELLING_SECONDS = 7.5
_BAR_CELLS = 12

FROM_AN_UPLOAD = "A picture from an upload"
GENERATING = "Painting…"
STOPPING = "Stopping…"
NEXT = "Next in line."
MOVES_SOON = (
    "I may write here for a few minutes more. What is finished later comes to your direct messages, and {history}"
    " lists it."
)
COST = "Costs {credits} credits."
HELD = "A moderator looks at this first."
ASKED = "The owner of the picture was asked. The job starts as soon as they agree."
CANCELLED = "Cancelled."
REFUSED = "The rules here do not allow this. Please try something else."
FAILED = "This could not be painted. Nothing was charged; please try again."
FINISHED = "Your picture is finished."
FINISHED_SEVERAL = "Your pictures are finished."
ALL_DELETED = "The pictures of this job were deleted."
FILE_MISSING = "The picture's file is missing in the storage. Please tell an administrator."
FILES_MISSING = "Some of the pictures' files are missing in the storage. Please tell an administrator."
PRIVATE = "Only you see this."
HIDDEN = "This is hidden behind a button. Press Show to see it."

UPSCALE_MENU = "Upscale…"
VARY_MENU = "Vary…"
FULL_SIZE_MENU = "Paint at full size…"

CREDIT = "by {maker}"
CREDIT_FROM = "by {maker}, from {sources}"
OWNERS = "{owner}’s {subject}"
OWN = "their own {subject}"
AND = "{first} and {last}"

ALT_TEXT_OF_SEVERAL = "Picture {index} of {count}: {prompt}"
ALT_TEXT_NUMBERED = "Number {number}: {subject}"
ALT_TEXT_SHEET = "{count} pictures, numbered: {prompt}"
ALT_TEXT_PREVIEW = "An unfinished picture: {prompt}"
ALT_TEXT_PIXELATED = "A coarse copy of a picture that is hidden until clicked"

STAR = "{count} star"
STARS = "{count} stars"
JUMP = "Go to its message"

SUMMARY_DONE = "{maker}: {prompt}"
SUMMARY_STATE = "{maker}: {prompt} · {state}"


def waiting(ahead: int, eta_seconds: float | None = None) -> str:
    """A job's place in the queue, and how long until it is done where that is known."""
    place = (
        translate_plural("Waiting: {count} job is ahead.", "Waiting: {count} jobs are ahead.", ahead)
        if ahead
        else translate(NEXT)
    )
    if eta_seconds is None:
        return place
    return f"{place} {translate('Done in {time}.', time=about(eta_seconds))}"


def about(seconds: float) -> str:
    """Coarse, as estimates are: ``"a few seconds"``, ``"about 40 s"``, ``"about 3 min"``."""
    if seconds < _WORTH_TELLING_SECONDS:
        return translate("a few seconds")
    if seconds < 100:
        return translate("about {count} s", count=int(round(seconds, -1)) if seconds >= 15 else 10)
    return translate("about {count} min", count=round(seconds / 60))


def step(step: int, steps: int, seconds_left: float | None = None) -> str:
    """``"Step 12 of 30 · about 40 s left"``; the time only where it is known and worth telling."""
    position = translate("Step {step} of {steps}", step=min(step, steps), steps=steps)
    if seconds_left is None or seconds_left < _WORTH_TELLING_SECONDS:
        return position
    return f"{position} · {translate('{time} left', time=about(seconds_left))}"


def bar(step: int, steps: int) -> str:
    """A bar of characters, and the share in percent."""
    share = min(1.0, step / steps) if steps else 0.0
    full = round(share * _BAR_CELLS)
    return f"{'▰' * full}{'▱' * (_BAR_CELLS - full)} {format_percent(share)}"


def progress_bar(step_: int, steps: int, seconds_left: float | None = None) -> str:
    """The bar, the step, and the time left where it is worth telling."""
    return f"{bar(step_, steps)} · {step(step_, steps, seconds_left)}"


def unread(count: int) -> str:
    """Of words at the prompt's end that the model did not take in."""
    return translate_plural(
        "Too long for this model: the last word was not read.",
        "Too long for this model: the last {count} words were not read.",
        count,
    )
