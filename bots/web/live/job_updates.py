"""Which jobs changed since the browsers were last told, and how far the unfinished ones are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bots.queries.job_view import JobView
from bots.texts.jobs import step
from studio.bounded_dict import BoundedDict
from studio.domain.events import JobProgress
from studio.domain.jobs import OUTSTANDING, WAITING, JobState
from studio.domain.settings.languages import Language
from studio.services.visibility import is_private

MOST_CARDS = 40  # in one message
_MOST_REMEMBERED = 200


class JobUpdates:
    """For the event loop only."""

    def __init__(self) -> None:
        self._changed: dict[str, None] = {}
        self._progress: dict[str, JobProgress] = {}
        self._stepped: set[str] = set()
        self._unfinished: dict[str, JobState] = {}
        self._owners: dict[str, str] = {}
        self._sent: BoundedDict[str, Mapping[Language, str]] = BoundedDict(_MOST_REMEMBERED)
        self.positions_changed = False

    @property
    def pending(self) -> bool:
        return bool(self._changed)

    @property
    def unfinished(self) -> tuple[str, ...]:
        return tuple(self._unfinished)

    @property
    def progress(self) -> dict[str, JobProgress]:
        """A copy, which a thread may read."""
        return dict(self._progress)

    def progress_of(self, job_id: str) -> JobProgress | None:
        return self._progress.get(job_id)

    def owner_of(self, job_id: str) -> str | None:
        """The user who alone may see an unfinished job; None: everybody may."""
        return self._owners.get(job_id)

    def mark(self, job_ids: Iterable[str]) -> None:
        self._changed.update(dict.fromkeys(job_ids))

    def watch(self, job_id: str) -> None:
        """An unfinished job that a browser shows."""
        self._unfinished.setdefault(job_id, JobState.ACCEPTED)

    def forget_sent(self, job_ids: Iterable[str]) -> None:
        """A browser may have missed these cards, or the latest ones: send them again even if they are unchanged."""
        for job_id in [*job_ids, *list(self._sent)[-MOST_CARDS:]]:
            self._sent.pop(job_id, None)
            self.mark([job_id])

    def take_changed(self) -> list[str]:
        """The next jobs to send. They leave the list before they are read: one that changes meanwhile returns to it."""
        job_ids = list(self._changed)[:MOST_CARDS]
        for job_id in job_ids:
            del self._changed[job_id]
        return job_ids

    def add_progress(self, progress: JobProgress) -> None:
        earlier = self._progress.get(progress.job_id)
        if progress.preview is None and earlier is not None:
            progress = replace(progress, preview=earlier.preview)
        self._progress[progress.job_id] = progress
        self._stepped.add(progress.job_id)
        if self._unfinished.get(progress.job_id) is not JobState.PAINTING:
            self.mark([progress.job_id])

    def take_steps(self) -> dict[str, JobProgress]:
        """The newest step of each job that made one."""
        stepped, self._stepped = self._stepped, set()
        return {job_id: self._progress[job_id] for job_id in stepped if job_id in self._progress}

    def record_states(self, job_ids: Sequence[str], cards: Sequence[JobView]) -> None:
        """Remember what is unfinished, and that the waiting jobs moved up when another one changed its state.

        The card of the job that a new one starts from marks the button that was pressed for it.
        """
        new = (
            card.job for card in cards if card.job.state in WAITING and card.job.id not in self._unfinished
        )
        self.mark(job.origin_job_id for job in new if job.origin_job_id)
        states = {card.job.id: card.job.state for card in cards}
        owners = {card.job.id: card.job.person.user_id for card in cards if is_private(card.job)}
        for job_id in job_ids:
            state = states.get(job_id)
            others_wait = any(other in WAITING for other in self._unfinished.values())
            if self._unfinished.get(job_id) is not state and others_wait:
                self.positions_changed = True
            if state in OUTSTANDING and state is not None:
                self._unfinished[job_id] = state
                self._owners |= {job_id: owners[job_id]} if job_id in owners else {}
            else:
                self._owners.pop(job_id, None)
                self._unfinished.pop(job_id, None)
                self._progress.pop(job_id, None)

    def is_unsent(self, card: JobView, html: Mapping[Language, str]) -> bool:
        """False for a card that every browser has as it is: the event about what was just sent."""
        if self._sent.get(card.job.id) == html:
            return False
        self._sent[card.job.id] = html
        return True


def step_data(progress: JobProgress) -> dict[str, Any]:
    """What the browsers show of a step."""
    text = step(progress.step, progress.steps, progress.seconds_left)
    return {
        "step": progress.step,
        "steps": progress.steps,
        "text": text,
        "left": progress.seconds_left,
        "preview": progress.preview,
    }
