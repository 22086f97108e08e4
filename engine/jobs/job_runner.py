"""A job's life in the worker: lease, sources, painting, inspection, storage, record, word to the front ends."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Protocol

from PIL import Image

from engine.generation_task import GeneratedImage, GenerationTask, Progress
from engine.imaging.codecs.encoding import decode, decode_mask
from engine.imaging.masks.grid_masks import mask_of_cells
from engine.jobs.context import WorkerContext
from engine.jobs.early_pictures import EarlyPictures, Threads, shows_early
from engine.jobs.job_results import JobResult, Numbers, end_for_verdict, read_leased, record
from engine.jobs.leases import Lease, LeaseKeeper, is_paused
from engine.jobs.moderation_recheck import ClearedGate, review
from engine.jobs.picture_descriptions import PictureDescriptions
from engine.jobs.postprocessing import JudgedImage, StoredImage, judge, store_pictures
from engine.jobs.progress_announcer import ProgressAnnouncer
from engine.jobs.tracked_store import TrackingStore, clear_up
from studio.clock import now
from studio.coded_text import to_stored
from studio.db import job_transitions, outbox, queries
from studio.db.callers.caller_facts import remember_caller
from studio.db.sessions.read_memo import forget_reads, remember_reads
from studio.db.tables import JobRow
from studio.domain.jobs import Job, JobState
from studio.domain.requests import Source
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import (
    ChatelierError,
    DatabaseUnavailableError,
    GenerationError,
    JobCancelledError,
    RequestRefusedError,
    ServiceError,
)
from studio.gatherings import periodic_tasks
from studio.tracing import tracer

_RECORD_RETRY_SECONDS = 0.5
_STOPPED = JobCancelledError()
_HANDS = 8
_EARLY_HANDS = 4

log = logging.getLogger(__name__)


class Generates(Protocol):
    """What work needs of the image generator."""

    def generate(
        self,
        task: GenerationTask,
        *,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        on_picture: Callable[[int, GeneratedImage], None] | None = None,
    ) -> list[GeneratedImage]:
        """As `ImageGenerator.generate`."""


class JobRunner:
    """Carries out jobs by id. One instance serves all task threads of a worker."""

    def __init__(self, context: WorkerContext, *, generator: Generates, leases: LeaseKeeper) -> None:
        self._context = context
        self._generator = generator
        self._leases = leases
        # Encoding and storing leave the interpreter's lock free: a job's pictures go side by side.
        self._executor = ThreadPoolExecutor(_HANDS, thread_name_prefix="finishing")
        early = ThreadPoolExecutor(_EARLY_HANDS, thread_name_prefix="early-pictures")
        self._threads = Threads(pictures=early, steps=self._executor)
        self._descriptions = PictureDescriptions(context, context.captioner)

    def run(self, message: str) -> None:
        """Paint the job whose turn it is when the message of a job comes. Never raises for what goes wrong with it."""
        lease = self._leases.take(message)
        if lease is None:
            return
        try:
            with tracer().span("work", lease.job_id, worker=self._context.name), remember_reads():
                self._work(lease.job_id, lease)
        finally:
            self._leases.drop(lease)

    def close(self) -> None:
        """Begin nothing more of what follows ended jobs."""
        self._descriptions.close()

    def _work(self, job_id: str, lease: Lease) -> None:
        database = self._context.database
        with database.read() as session:
            row, done = read_leased(session, job_id)
            job = queries.job_of(row)
        remember_caller(database, job.person)
        with database.read() as session:
            lease.aside = lease.aside or is_paused(session, row)
        lease.cancelled = lease.cancelled or job.cancel_requested
        lease.enough = lease.enough or job.enough_requested
        log.info("job started", extra={"job_id": job_id, "attempt": job.attempts})
        tracer().record("wait", job_id, since=job.created_at, attempt=job.attempts)
        receipts = TrackingStore(self._context.store)
        outcome = self._outcome(job, lease, receipts, done)
        recorded = self._record(job, outcome, lease, receipts) if outcome is not None else None
        if recorded is not None:
            clear_up(database, self._context.store, job, recorded, receipts.keys)
            self._advance_gathering(job)
            self._descriptions.add(job)
        elif outcome is None and lease.goes_back and not lease.lost:
            self._give_back(job, send=not lease.aside)

    def _outcome(self, job: Job, lease: Lease, store: TrackingStore, done: Numbers) -> JobResult | None:
        """None when the job is not ours to end: the lease is lost, or the worker stops."""
        try:
            if lease.must_stop():
                raise JobCancelledError
            allowance = self._context.gate.allowance(job.person, job.address)
            verdict = review(self._context.database, self._context.gate, job, allowance)
            if not verdict.allows:
                return end_for_verdict(verdict)
            return self._carry_out(job, lease, store, weight=allowance.weight, done=done)
        except JobCancelledError as error:
            if lease.cancelled and not lease.lost:
                return _failed_result(JobState.CANCELLED, error)
            return None
        except DatabaseUnavailableError:
            log.warning("job interrupted: database unavailable", extra={"job_id": job.id})
            return None  # the lease runs out and the sweeper sends the job again
        except RequestRefusedError as error:  # banned since it was accepted
            return _failed_result(JobState.CANCELLED, error)
        except ChatelierError as error:
            log.warning("job failed: %s", _cause(error), extra={"job_id": job.id}, exc_info=error.__cause__)
            return _failed_result(JobState.FAILED, error)
        except Exception:  # a defect must end the job, not the worker
            log.exception("job failed: unexpected error", extra={"job_id": job.id})
            return _failed_result(JobState.FAILED, GenerationError())

    def _carry_out(
        self, job: Job, lease: Lease, store: TrackingStore, *, weight: float, done: Numbers
    ) -> JobResult:
        forget_reads()  # painting takes its time
        gate = ClearedGate(self._context.gate) if job.cleared else self._context.gate
        early = EarlyPictures(job, self._context, self._threads, gate=gate, store=store)
        started_at = time.monotonic()
        try:
            missing = [index for index in range(1, job.request.count + 1) if index not in done]
            painted = self._paint(job, lease, early, weight=weight, done=done) if missing else []
        except BaseException:
            early.wait()  # what is being stored belongs to this attempt
            raise
        painting_seconds = time.monotonic() - started_at
        finished = early.results()
        judging = partial(judge, job, gate=gate, signer=self._context.signer)
        rest = [pair for pair in zip(missing, painted, strict=False) if pair[0] not in finished]
        judged = self._executor.map(judging, *zip(*rest, strict=True)) if rest else ()
        results = [*finished.values(), *judged]
        shown_early = len(done) + sum(isinstance(result, StoredImage) for result in results)
        refused = [result for result in results if isinstance(result, Verdict)]
        if core := next((verdict for verdict in refused if verdict.is_core), None):
            return end_for_verdict(core)  # though its person's jobs are stopped for it at this very moment
        if lease.must_stop():
            raise JobCancelledError
        shown = [result for result in results if isinstance(result, JudgedImage)]
        if not shown and not shown_early:
            return end_for_verdict(refused[0]) if refused else _failed_result(JobState.CANCELLED, _STOPPED)
        held = next((image for image in shown if image.verdict.ruling is Ruling.HOLD), None)
        stored = store_pictures(job, shown, store=store, executor=self._executor, signer=self._context.signer)
        return JobResult(
            state=JobState.HELD if held else JobState.DONE,
            pictures=tuple(stored),
            verdict=held.verdict if held else None,
            painting_seconds=painting_seconds,
        )

    def _paint(
        self, job: Job, lease: Lease, early: EarlyPictures, *, weight: float, done: Numbers
    ) -> list[GeneratedImage]:
        """The pictures that are not `done`; none of them when their person had enough before all were painted."""
        if lease.stops_early():
            return []
        task = replace(self._task_of(job, weight), done=frozenset(index - 1 for index in done))
        announcer = ProgressAnnouncer(job, self._context.events, finished=lambda: len(done) + early.shown)
        try:
            with tracer().span("generate", job.id):
                return self._generator.generate(
                    task,
                    on_progress=announcer,
                    cancelled=lambda: lease.must_stop() or lease.stops_early(),
                    on_picture=early.add if shows_early(job) else None,
                )
        except JobCancelledError:
            if lease.stops_early():
                return []
            raise

    def _task_of(self, job: Job, weight: float) -> GenerationTask:
        request = job.request
        sources = self._decode(request.starts)
        mask = None
        if request.cells and sources:
            mask = mask_of_cells(request.cells, sources[0].size)
        elif sources and (mask_key := request.starts[0].mask_key):
            mask = decode_mask(self._context.store.get(mask_key))
        return GenerationTask(
            job_id=job.id,
            person=job.person.key,
            request=request,
            sources=sources,
            references=self._decode(request.references),
            structures=self._decode(request.structures),
            mask=mask,
            weight=weight,
        )

    def _decode(self, sources: Sequence[Source]) -> list[Image.Image]:
        return [decode(self._context.store.get(source.key)) for source in sources]

    def _record(
        self, job: Job, outcome: JobResult, lease: Lease, receipts: TrackingStore
    ) -> JobResult | None:
        """Write the end into the database, trying again while the lease may still be ours. None: it is not."""
        give_up_at = time.monotonic() + 2 * self._context.rules.lease_seconds
        while True:
            try:
                recorded = record(self._context.database, job, outcome, worker=self._context.name)
                break
            except DatabaseUnavailableError:
                if lease.lost or time.monotonic() > give_up_at:
                    log.error("job result not recorded: database unavailable", extra={"job_id": job.id})
                    return None  # the lease runs out and the sweeper sends the job again
                time.sleep(_RECORD_RETRY_SECONDS)
        if recorded is None:
            return None
        receipts.store_again(recorded.outcome.pictures)
        outbox.send(self._context.database, self._context.events, recorded.events)
        log.info("job ended", extra={"job_id": job.id, "state": recorded.outcome.state})
        return recorded.outcome

    def _advance_gathering(self, job: Job) -> None:
        """At once; what fails here, the sweeper repeats."""
        if job.gathering is None:
            return
        try:
            periodic_tasks.advance(self._context.database, self._context.events, job.gathering)
        except ChatelierError as error:
            log.warning("gathering not advanced: %s", error.code, extra={"gathering": job.gathering})

    def _give_back(self, job: Job, *, send: bool) -> None:
        """Without `send` it waits until its community goes on."""
        with self._context.database.begin() as session:
            if not job_transitions.give_back(session, job.id, worker=self._context.name):
                return
            session.get_one(JobRow, job.id).queued_at = now()
        if not send:
            return
        try:
            self._context.queue.enqueue(job.id, priority=job.priority, model=job.request.model)
        except ChatelierError:
            log.info("job not requeued: queue unavailable", extra={"job_id": job.id})


def _cause(error: ChatelierError) -> str:
    """For the log. What is wrong with a request is its person's matter."""
    return str(error) if isinstance(error, ServiceError) else error.code


def _failed_result(state: JobState, error: ChatelierError) -> JobResult:
    return JobResult(state=state, error_code=error.code, error_text=to_stored(*error.texts))
