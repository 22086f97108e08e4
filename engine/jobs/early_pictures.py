"""The pictures of a job that are finished long before its others: stored and shown while those are painted."""

import logging
from collections.abc import Mapping
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass

from engine.generation_task import GeneratedImage
from engine.jobs.context import WorkerContext
from engine.jobs.job_results import record_early
from engine.jobs.postprocessing import JudgedImage, StoredImage, judge, store_pictures
from engine.jobs.tracked_store import TrackingStore
from studio.db import outbox
from studio.domain.jobs import Job
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import DatabaseUnavailableError, StorageError
from studio.ports import Gate

Result = JudgedImage | StoredImage | Verdict

log = logging.getLogger(__name__)


def shows_early(job: Job) -> bool:
    """Not where one picture tells nothing: drafts are compared, and a gathering shows its own; nor what is hidden."""
    request = job.request
    return request.count > 1 and not (request.draft or job.spoiler or job.gathering)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """`pictures` has threads that wait for those of `steps`."""

    pictures: Executor
    steps: Executor


class EarlyPictures:
    """Of one job. For its task thread; each picture is judged and stored on another one.

    What the moderation does not plainly allow waits for the end of the job, and so does what cannot be stored now.
    """

    def __init__(
        self, job: Job, context: WorkerContext, threads: Threads, *, gate: Gate, store: TrackingStore
    ) -> None:
        self._job = job
        self._context = context
        self._threads = threads
        self._gate = gate
        self._store = store
        self._results: dict[int, Future[Result]] = {}
        self._shown: list[int] = []

    def add(self, index: int, painted: GeneratedImage) -> None:
        """`index` counts from 0."""
        self._results[index + 1] = self._threads.pictures.submit(self._finish, index + 1, painted)

    @property
    def shown(self) -> int:
        """How many can be seen."""
        return len(self._shown)

    def wait(self) -> None:
        """Until none of them is being stored any more."""
        wait(self._results.values())

    def results(self) -> Mapping[int, Result]:
        """By number, from 1, once all are there. Raises `InspectionError` and `SigningError`."""
        self.wait()
        return {index: result.result() for index, result in self._results.items()}

    def _finish(self, index: int, painted: GeneratedImage) -> Result:
        signer = self._context.signer
        judged = judge(self._job, index, painted, gate=self._gate, signer=signer)
        if isinstance(judged, Verdict) or judged.verdict.ruling is not Ruling.ALLOW:
            return judged
        try:
            stored = store_pictures(
                self._job, [judged], store=self._store, executor=self._threads.steps, signer=signer
            )
            event = record_early(self._context.database, self._job, stored[0], worker=self._context.name)
        except (DatabaseUnavailableError, StorageError) as error:
            log.info("picture not shown early: %s", error.code, extra={"job_id": self._job.id})
            return judged
        if event is None:
            return judged
        self._shown.append(index)
        self._store.store_again(stored)
        outbox.send(self._context.database, self._context.events, [event])
        return stored[0]
