"""Answers that are lists, as lines to read. None is escaped: each face does that in its own way."""

from collections.abc import Sequence

from bots.texts.attributions import attribution
from bots.texts.chat import DEEDS, price, shorten, subject_of, waiting
from studio.commands.results import Attribution, Balance, Family, History, InQueue, Place, Relative
from studio.domain.jobs import Job, JobState

Listing = InQueue | History | Balance | Family | Attribution

NOTHING_QUEUED = "You have no jobs in the queue."
NO_HISTORY = "You have not painted anything here yet."
_LONGEST_PROMPT = 60
_MOST_RELATIVES = 15

_STATES = {
    JobState.DONE: "done",
    JobState.HELD: "with a moderator",
    JobState.REFUSED: "refused",
    JobState.CANCELLED: "cancelled",
    JobState.FAILED: "failed",
}


def lines_of(answer: Listing) -> list[str]:
    match answer:
        case InQueue():
            return [_queued(place) for place in answer.places] or [NOTHING_QUEUED]
        case History():
            return [f"{_STATES[job.state]} · {_title(job)}" for job in answer.jobs] or [NO_HISTORY]
        case Balance():
            return [balance(answer)]
        case Family():
            return family(answer)
        case Attribution():
            return attribution(answer)


def balance(answer: Balance) -> str:
    used = f"You used {answer.used} {'credit' if answer.used == 1 else 'credits'} this month."
    if answer.left is None:
        return f"{used} There is no limit here."
    return f"{used} {answer.left} {'is' if answer.left == 1 else 'are'} left."


def family(answer: Family) -> list[str]:
    """Who had a part in it, then the pictures, oldest first, each with what it was made from."""
    people = list(dict.fromkeys(relative.person.display_name for relative in answer.relatives))
    lines = [f"{len(answer.relatives)} in the family, by {_joined(people)}."]
    lines += [_relative(relative) for relative in answer.relatives[:_MOST_RELATIVES]]
    hidden = len(answer.relatives) - _MOST_RELATIVES
    return [*lines, f"and {hidden} more"] if hidden > 0 else lines


def _relative(relative: Relative) -> str:
    picture = relative.picture
    if picture.deleted:
        return f"{picture.id} · deleted · {relative.person.display_name}"
    deed = DEEDS[picture.recipe.operation]
    origin = f" from {', '.join(relative.parents)}" if relative.parents else ""
    subject = subject_of(picture.recipe.prompt)
    return f"{picture.id} · {subject} · {deed} by {relative.person.display_name}{origin}"


def _queued(place: Place) -> str:
    painting = place.job.state is JobState.PAINTING
    stands = "Being painted." if painting else waiting(place.ahead, place.eta_seconds)
    return " · ".join(filter(None, [_title(place.job), price(place.job), stands]))


def _title(job: Job) -> str:
    prompt = shorten(job.request.prompt, _LONGEST_PROMPT)
    return f"{job.id} · {prompt}" if prompt else f"{job.id} · {DEEDS[job.request.operation]}"


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
