"""Side effects of a decision, carried out once it is committed: events, queue messages and deletions of files."""

from dataclasses import dataclass, field

from studio.db import outbox
from studio.db.database import Database
from studio.db.tables import JobRow, OutboxRow
from studio.errors import QueueUnavailableError
from studio.ports import Events, Queue, Store
from studio.services.picture_deletion import Removal, delete_files


@dataclass(slots=True, kw_only=True)
class DecisionEffects:
    """What follows from one transaction. `aside` are jobs that their workers give back."""

    events: list[OutboxRow] = field(default_factory=list)
    enqueue: list[tuple[str, int, str | None]] = field(default_factory=list)
    cancel: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    files: set[str] = field(default_factory=set)

    def add(self, other: "DecisionEffects") -> None:
        self.events += other.events
        self.enqueue += other.enqueue
        self.cancel += other.cancel
        self.aside += other.aside
        self.files |= other.files

    def remove(self, removal: Removal) -> None:
        self.events += removal.events
        self.files |= removal.files

    def send(self, row: JobRow) -> None:
        """The job goes to the workers."""
        self.enqueue.append((row.id, row.priority, row.model))


class SideEffects:
    """Notifies front ends and workers, and deletes files. What fails here, the sweeper repeats."""

    def __init__(self, *, database: Database, queue: Queue, events: Events, store: Store) -> None:
        self._database = database
        self._queue = queue
        self._events = events
        self._store = store

    def run(self, outcome: DecisionEffects) -> None:
        for job_id in outcome.cancel:
            self._queue.cancel(job_id)
        for job_id in outcome.aside:
            self._queue.set_aside(job_id)
        outbox.send(self._database, self._events, outcome.events)
        self._send(outcome)
        delete_files(self._database, self._store, outcome.files)

    def read_file(self, key: str) -> bytes:
        """Raises `NotFoundError` and `StorageError`."""
        return self._store.get(key)

    def _send(self, outcome: DecisionEffects) -> None:
        for job_id, priority, model in outcome.enqueue:
            try:
                self._queue.enqueue(job_id, priority=priority, model=model)
            except QueueUnavailableError:
                return
