"""Texts that both chat faces say alike. None is escaped: each face does that in its own way."""

from collections.abc import Sequence

from bots.texts import shortening
from studio.domain.jobs import Job, JobState
from studio.domain.pictures import Picture
from studio.domain.requests import Operation
from studio.errors import BadParameterError, ChatelierError
from studio.parsing.text_cleaning import point_at

shorten, subject_of = shortening.shorten, shortening.subject_of

_BAR_CELLS = 12
_WORTH_TELLING_SECONDS = 7.5

BUTTON_UNKNOWN = "This button does not belong to a picture here."
FORM_UNKNOWN = "This form does not belong to a picture here."
NO_IMAGE = "There is no image on that message."
UPLOAD_GONE = "That image is not here any more. Please start again from the message that shows it."
WHICH_PICTURE = "Which picture?"
CHOOSE_CELLS = "Choose cells"
NOT_FROM_HERE = "This picture was not painted here, as far as the records go."
NOT_AN_IMAGE = "it is not an image."
ALL_DELETED = "The pictures of this job were deleted."
ASKING = "The person who made the picture is asked first. It starts as soon as they allow it."
NO_PICTURE_FILE = "The picture's file is missing in the storage. Please tell an administrator."
ELSEWHERE = "I may not write in the channel where you asked, so here it is:"
MODAL_REMIX = "Paint it with other words"
MODAL_EDIT = "Paint a part anew"
FIELD_PROMPT = "What the picture shall show"
FIELD_EDIT = "What that part shall show"
EXPAND_PRICE = "A picture costs a credit for each megapixel of its new canvas."
MENU_VARY = "Vary"
MENU_EDIT = "Edit"
MENU_EXPAND = "Expand"
MENU_UPSCALE = "Upscale"
MENU_WHO = "Who made this?"
MENU_REPORT = "Report"
MODAL_REPORT = "Report a picture"
FIELD_REPORT = "What is wrong with it (optional)"

DEEDS = {
    Operation.IMAGINE: "painted",
    Operation.VARY: "varied",
    Operation.EDIT: "edited",
    Operation.EXPAND: "expanded",
    Operation.BLEND: "blended",
    Operation.UPSCALE: "upscaled",
}


def credit(maker: str, sources: Sequence[tuple[str, str]]) -> str:
    """``@ana, from @bo’s fox and their own boat``. A source is whose it was (empty: their own) and what it shows."""
    parts = [
        f"{owner}’s {subject}" if owner else f"their own {subject}"
        for owner, subject in dict.fromkeys(sources)
    ]
    if not parts:
        return maker
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return f"{maker}, from {listed}"


def broke(fault_id: str) -> str:
    return f"Something broke on our side. Nothing was charged; please try again. (Fault {fault_id})"


def pointer(error: ChatelierError) -> str:
    """For a typeface of fixed width: what was typed and carets under what is wrong with it; empty for most errors."""
    if not isinstance(error, BadParameterError) or not error.text:
        return ""
    # One letter for one letter, or the carets would stand elsewhere.
    shown = "".join(each if each.isprintable() else " " for each in error.text.replace("`", "'"))
    return point_at(shown, error.span)


def waiting(ahead: int, eta_seconds: float | None = None) -> str:
    """A job's place in the queue, and how long until it is done where that is known."""
    place = f"{ahead} {'is' if ahead == 1 else 'are'} painted before it." if ahead else "You are next."
    left = f" Done in {about(eta_seconds)}." if eta_seconds is not None else ""
    return f"Accepted. {place}{left}"


def price(job: Job) -> str:
    """What a job costs, where its pictures are dearer than one credit each; else nothing."""
    return f"Costs {job.cost} credits." if job.cost > job.request.count else ""


def about(seconds: float) -> str:
    """Coarse, as estimates are: ``"a few seconds"``, ``"about 40 s"``, ``"about 3 min"``."""
    if seconds < _WORTH_TELLING_SECONDS:
        return "a few seconds"
    if seconds < 100:
        return f"about {round(seconds, -1) if seconds >= 15 else 10:.0f} s"
    return f"about {round(seconds / 60)} min"


def painting(step: int, steps: int, seconds_left: float | None = None) -> str:
    """A bar, the share in percent, the step, and the time left where it is worth telling."""
    share = min(1.0, step / steps) if steps else 0.0
    full = round(share * _BAR_CELLS)
    bar = "▰" * full + "▱" * (_BAR_CELLS - full)
    return f"{bar} {share:.0%} · step {min(step, steps)} of {steps}{left(seconds_left)}"


def left(seconds: float | None) -> str:
    """``" · about 40 s left"``, or nothing where it is not known or nearly over."""
    return f" · {about(seconds)} left" if seconds is not None and seconds >= _WORTH_TELLING_SECONDS else ""


def ended(job: Job, *, asks: bool = False) -> str:
    """One sentence for a job that shows no pictures; it may quote what somebody typed.

    `asks`: it waits for the owner of a picture, not for a moderator.
    """
    match job.state:
        case JobState.HELD:
            return ASKING if asks else "A moderator takes a look at this first."
        case JobState.CANCELLED:
            return job.error_text or "Cancelled."
        case JobState.REFUSED:
            return job.error_text or "The house rules do not allow this. Please try something else."
        case _:
            return job.error_text or "This could not be painted. Nothing was charged; please try again."


def alternative(prompt: str, count: int, *, longest: int) -> str:
    """The alternative text of what is attached."""
    shown = shorten(prompt, longest - 80) or "a picture painted from an upload"
    return shown if count == 1 else f"{count} numbered pictures: {shown}"


def unfinished(prompt: str, *, longest: int) -> str:
    """The alternative text of a preview."""
    return shorten(f"An unfinished picture: {prompt}", longest)


def stopped(*, at_once: bool) -> str:
    return "Cancelled." if at_once else "Stopping at the next step."


def starred(*, given: bool, stars: int) -> str:
    return f"Starred; it has {stars} now." if given else "Star taken back."


def deleted(count: int) -> str:
    return "The picture is gone." if count == 1 else f"{count} pictures are gone."


def too_large(limit_bytes: int) -> str:
    return f"it is larger than {limit_bytes // (1024 * 1024)} MiB."


def unread(count: int) -> str:
    """Of words at the prompt's end that the model did not take in; empty when it took in all."""
    return f"too long for this model: the last {count} words were not read" if count else ""


def recipe(job: Job, pictures: Sequence[Picture], *, model: str) -> str:
    """Seed, model, size, steps, stars and id in one line. `model` is its name, escaped as the platform wants it."""
    first, last = pictures[0].recipe, pictures[-1].recipe
    seeds = f"seed {first.seed}" if len(pictures) == 1 else f"seeds {first.seed}–{last.seed}"
    stars = sum(each.stars for each in pictures)
    words = dict.fromkeys(each.recipe.added_words for each in pictures if each.recipe.added_words)
    added = shorten(" / ".join(words), 100)
    facts = [
        seeds,
        model,
        f"{pictures[0].width}×{pictures[0].height}",
        f"{first.steps} steps" if job.request.operation is not Operation.UPSCALE else "",
        f"added: {added}" if added else "",
        unread(max(each.recipe.unread_words for each in pictures)),
        *dict.fromkeys(each.recipe.remark for each in pictures),
        f"⭐ {stars}" if stars else "",
        f"`{pictures[0].id if len(pictures) == 1 else job.id}`",
    ]
    return " · ".join(fact for fact in facts if fact)
