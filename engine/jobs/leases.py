"""Keeps the leases of all jobs that this worker paints, and hears when one is to stop."""

import logging
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from studio.clock import now
from studio.db import job_transitions
from studio.db.database import Database
from studio.db.settings import community_rules
from studio.db.tables import JobRow
from studio.domain.people import Platform
from studio.errors import DatabaseUnavailableError

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Lease:
    """One job in this worker's hands. The flags only ever go from False to True."""

    job_id: str
    cancelled: bool = False  # its person wants it stopped
    lost: bool = False  # another worker has it now, or nobody
    worker_stops: bool = False
    aside: bool = False  # a moderator paused its community
    enough: bool = False  # its person wants no more than the pictures that are finished

    def must_stop(self) -> bool:
        """What the step batcher asks between two denoising steps."""
        return self.cancelled or self.lost or self.goes_back

    def stops_early(self) -> bool:
        """Nothing more is to be painted, and what is finished stays."""
        return self.enough and not self.must_stop()

    @property
    def goes_back(self) -> bool:
        """The job is stopped and given back, so that it runs again later."""
        return self.worker_stops or self.aside


def is_paused(session: Session, row: JobRow) -> bool:
    """Whether the moderators of the job's community paused it."""
    return community_rules(session, Platform(row.platform), row.community).paused


class Chooser(Protocol):
    def __call__(self, session: Session, message: str, *, at: datetime, held: Collection[str]) -> str | None:
        """The job to paint for the message of a job, as `studio.db.queue.community_turns.choose_job`."""


class LeaseKeeper:
    """A thread that renews every lease three times per lease period and reads the row's cancel flag."""

    def __init__(
        self, database: Database, *, worker: str, lease_seconds: float, choose: Chooser | None = None
    ) -> None:
        self._database = database
        self._choose = choose
        self._worker = worker
        self._lease_seconds = lease_seconds
        self._held: dict[str, Lease] = {}
        self._lock = threading.Lock()
        self._choosing = threading.Lock()
        self._stop = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._beat, name="lease-keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def take(self, message: str) -> Lease | None:
        """The lease of the job that is painted for the message of a job; without a chooser, of that job itself.

        None when the job is in other hands, over, or already in ours, and when nothing waits.
        """
        lease: Lease | None = None
        try:
            # One after another: those of all workers wait for each other, and each would hold a connection meanwhile.
            with self._choosing, self._database.begin() as session:
                at = now()
                job_id = self._job_of(session, message, at)
                if job_id is None or (lease := self._hold(job_id)) is None:
                    return None
                taken = job_transitions.take_lease(
                    session, job_id, worker=self._worker, at=at, lease_seconds=self._lease_seconds
                )
        except BaseException:
            if lease is not None:
                self.drop(lease)
            raise
        if not taken:
            self.drop(lease)
            return None
        return lease

    def _job_of(self, session: Session, message: str, at: datetime) -> str | None:
        if self._choose is None:
            return message
        with self._lock:
            stopping, held = self._stopping, list(self._held)
        return None if stopping else self._choose(session, message, at=at, held=held)

    def _hold(self, job_id: str) -> Lease | None:
        with self._lock:
            if job_id in self._held or self._stopping:
                return None
            lease = self._held[job_id] = Lease(job_id=job_id)
            return lease

    def drop(self, lease: Lease) -> None:
        with self._lock:
            self._held.pop(lease.job_id, None)

    def cancel(self, job_id: str) -> None:
        """Called when a job is cancelled; other workers' jobs are no business of ours."""
        with self._lock:
            lease = self._held.get(job_id)
        if lease is not None:
            lease.cancelled = True

    def stop_early(self, job_id: str) -> None:
        """The same, for a job that ends with the pictures that are finished."""
        with self._lock:
            lease = self._held.get(job_id)
        if lease is not None:
            lease.enough = True

    def set_aside(self, job_id: str) -> None:
        """The same, for a job whose community was paused."""
        with self._lock:
            lease = self._held.get(job_id)
        if lease is not None:
            lease.aside = True

    def stop_all(self) -> None:
        """The worker goes: no new job, and those being painted are given back."""
        with self._lock:
            self._stopping = True
            for lease in self._held.values():
                lease.worker_stops = True

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _beat(self) -> None:
        while not self._stop.wait(self._lease_seconds / 3):
            with self._lock:
                held = list(self._held.values())
            for lease in held:
                try:
                    self._renew(lease)
                except DatabaseUnavailableError:
                    log.warning("lease not renewed: database unavailable", extra={"job_id": lease.job_id})
                except Exception:  # a defect at one job must not cost the others their leases
                    log.exception("lease not renewed: unexpected error", extra={"job_id": lease.job_id})

    def _renew(self, lease: Lease) -> None:
        with self._database.begin() as session:
            renewed = job_transitions.renew_lease(
                session, lease.job_id, worker=self._worker, at=now(), lease_seconds=self._lease_seconds
            )
            row = session.get(JobRow, lease.job_id)
            cancel_requested = bool(row and row.cancel_requested)
            enough_requested = bool(row and row.enough_requested)
            paused = bool(row and is_paused(session, row))
        lease.cancelled = lease.cancelled or cancel_requested
        lease.enough = lease.enough or enough_requested
        lease.aside = lease.aside or paused
        with self._lock:
            still_held = lease.job_id in self._held
        lease.lost = lease.lost or (still_held and not renewed)
