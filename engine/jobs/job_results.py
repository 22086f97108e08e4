"""The end of a job, written in one transaction: state, pictures, lineage, credits and the event."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.orm import Session

from engine.jobs.postprocessing import StoredImage
from studio.clock import now
from studio.coded_text import to_stored
from studio.commands.submission import job_creation
from studio.db import credit_ledger, job_transitions, outbox
from studio.db.database import Database
from studio.db.tables import JobRow, LineageRow, OutboxRow, PictureRow
from studio.domain.events import JobEnded, PictureFinished
from studio.domain.identifiers import picture_id
from studio.domain.jobs import Job, JobState
from studio.domain.verdicts import Ruling, Verdict
from studio.serialization import to_data
from studio.services import held_job_decisions
from studio.services.built_on_notices import notify_owners

Numbers = frozenset[int]
_JOB = select(JobRow, exists().where(PictureRow.job_id == JobRow.id)).where(JobRow.id == bindparam("job_id"))
_POSITIONS = select(PictureRow.position).where(PictureRow.job_id == bindparam("job_id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """How a job ended: its state, the pictures to keep, and what the person is told if there are none.

    `error_text` is what `studio.coded_text.to_stored` makes."""

    state: JobState
    pictures: tuple[StoredImage, ...] = ()
    painting_seconds: float | None = None
    error_code: str | None = None
    error_text: str | None = None
    verdict: Verdict | None = None  # of what was refused or held


def end_for_verdict(verdict: Verdict) -> JobResult:
    """The end of a job that the moderation refuses, or leaves to a moderator."""
    if verdict.ruling is Ruling.HOLD:
        return JobResult(state=JobState.HELD, verdict=verdict)
    error = verdict.refusal()
    return JobResult(
        state=JobState.REFUSED, error_code=error.code, error_text=to_stored(*error.texts), verdict=verdict
    )


def record_early(database: Database, job: Job, picture: StoredImage, *, worker: str) -> OutboxRow | None:
    """The event to send. None when the lease is no longer this worker's."""
    with database.begin() as session:
        if not job_transitions.holds_lease(session, job.id, worker=worker):
            return None
        if session.get_one(JobRow, job.id).enough_requested and _is_deleted(session, job.id):
            return None
        _add_pictures(session, job, [picture], now())
        child = picture_id(job.id, picture.index)
        return outbox.write(
            session, PictureFinished(job_id=job.id, platform=job.address.platform, picture_id=child)
        )


def read_leased(session: Session, job_id: str) -> tuple[JobRow, Numbers]:
    """A job that this worker leased, and the numbers, from 1, of the pictures that it has already."""
    row, has_pictures = session.execute(_JOB, {"job_id": job_id}).one()
    done = session.scalars(_POSITIONS, {"job_id": job_id}) if has_pictures else ()
    return row, frozenset(done)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEnd:
    """The end as it was written, with the pictures that were added, and the events to send."""

    outcome: JobResult
    events: list[OutboxRow]


def record(database: Database, job: Job, outcome: JobResult, *, worker: str) -> RecordedEnd | None:
    """None when the lease is no longer this worker's, and another worker ends the job.

    A job that fails after some of its pictures were shown is done with these.
    """
    at = now()
    with database.begin() as session:
        if outcome.state is JobState.FAILED and held_job_decisions.has_pictures(session, job.id):
            outcome = JobResult(state=JobState.DONE, painting_seconds=outcome.painting_seconds)
        ending = job_transitions.JobEnding(outcome.error_code, outcome.error_text, outcome.painting_seconds)
        row = job_transitions.end_own(session, job.id, outcome.state, at=at, worker=worker, ending=ending)
        if row is None:
            return None
        if row.enough_requested and _is_deleted(session, job.id):
            outcome = replace(outcome, pictures=())
        if outcome.state is JobState.DONE:
            painted = len(outcome.pictures)
            if painted < job.request.count:
                painted += held_job_decisions.count_shown(session, job.id)
            credit_ledger.capture(session, row, painted=painted, at=at)
        elif outcome.state is not JobState.HELD:  # a held job keeps its reservation until a moderator decides
            credit_ledger.release(session, row, at=at)
        ended_event = JobEnded(job_id=job.id, platform=job.address.platform, state=outcome.state)
        events = [outbox.write(session, ended_event)]
        # As late as can be: from here on everybody else's pictures in this community wait for the commit, because a
        # trigger counts them in one row.
        _add_pictures(session, job, outcome.pictures, at)
        if _takes_pictures_back(outcome):
            shown = update(PictureRow).where(PictureRow.job_id == job.id, PictureRow.deleted_at.is_(None))
            session.execute(shown.values(deleted_at=at))
        if outcome.verdict is not None:
            events += _note_verdict(session, job, outcome, outcome.verdict)
        if outcome.state is JobState.DONE:
            events += notify_owners(session, job)
        return RecordedEnd(outcome=outcome, events=events)


def _is_deleted(session: Session, job_id: str) -> bool:
    """Whether its person, who had enough of it, deleted it while it was painted, with what was shown of it."""
    has_shown = held_job_decisions.has_pictures(session, job_id)
    return has_shown and not held_job_decisions.pictures_of(session, job_id)


def _takes_pictures_back(outcome: JobResult) -> bool:
    """Whether what was shown already goes. After a refusal with an appeal it is only hidden."""
    is_core = outcome.verdict is not None and outcome.verdict.is_core
    return outcome.state is JobState.CANCELLED or is_core


def _note_verdict(session: Session, job: Job, outcome: JobResult, verdict: Verdict) -> list[OutboxRow]:
    """A refusal stays with the job, for an appeal; a hold goes to the moderators' desk."""
    if outcome.state is JobState.REFUSED:
        job_creation.record_refusal(session.get_one(JobRow, job.id), verdict)
        return []
    held = next((picture.index for picture in outcome.pictures if picture.verdict == verdict), None)
    picture = picture_id(job.id, held) if held else None
    return job_creation.open_hold(session, job, verdict, picture_id=picture)


def _add_pictures(session: Session, job: Job, pictures: Sequence[StoredImage], at: datetime) -> None:
    session.flush()
    session.add_all([_row_of(job, picture, at) for picture in pictures])
    session.flush()
    operation, person = job.request.operation, job.person.key
    for picture in pictures:
        child = picture_id(job.id, picture.index)
        for parent in dict.fromkeys(picture.recipe.parents):
            session.add(LineageRow(child=child, parent=parent, operation=operation, person_key=person))


def _row_of(job: Job, finished: StoredImage, at: datetime) -> PictureRow:
    return PictureRow(
        id=picture_id(job.id, finished.index),
        job_id=job.id,
        position=finished.index,
        person_key=job.person.key,
        recipe=to_data(finished.recipe),
        storage_key=finished.key,
        master_key=finished.master_key,
        thumbnail_key=finished.thumbnail_keys[320],
        thumbnail_640_key=finished.thumbnail_keys.get(640),
        thumbnail_1280_key=finished.thumbnail_keys.get(1280),
        perceptual_hash=finished.perceptual_hash,
        width=finished.width,
        height=finished.height,
        size_bytes=finished.size_bytes,
        verdict=to_data(finished.verdict),
        created_at=at,
    )
