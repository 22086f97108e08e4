"""Jobs brought to their end without a worker, for tests of what comes after."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from studio.clock import now
from studio.db import credit_ledger, job_transitions, queries
from studio.db.tables import JobRow, LineageRow, PictureRow
from studio.domain.identifiers import picture_id
from studio.domain.jobs import JobState
from studio.domain.verdicts import ALLOWED
from studio.errors import PolicyRefusalError
from studio.ports import Ports
from studio.serialization import to_data
from tests.support.recipes import recipe_of

WORKER = "test-worker"


def end_job(ports: Ports, job_id: str, state: JobState) -> None:
    with ports.database.begin() as session:
        _end(session, job_id, state)


def _end(session: Session, job_id: str, state: JobState) -> None:
    assert job_transitions.take_lease(session, job_id, worker=WORKER, at=now(), lease_seconds=600)
    ending = job_transitions.JobEnding(PolicyRefusalError.code if state is JobState.REFUSED else None)
    assert job_transitions.end(session, job_id, state, at=now(), worker=WORKER, ending=ending)


def paint_job(
    ports: Ports, job_id: str, *, state: JobState = JobState.DONE, like: str | None = None, png: bytes = b""
) -> str:
    """End a job with as many pictures as it asked for; with `like`, with the files of that job.

    As a worker does it: nobody ever sees the end without the pictures.
    """
    with ports.database.begin() as session:
        _paint(session, ports, job_id, state, like=like or job_id, png=png)
    return job_id


def paint_jobs(ports: Ports, job_ids: Sequence[str]) -> None:
    """Several at once."""
    if job_ids:
        with ports.database.begin() as session:
            for job_id in job_ids:
                _paint(session, ports, job_id, JobState.DONE, like=job_id, png=b"")


def _paint(session: Session, ports: Ports, job_id: str, state: JobState, *, like: str, png: bytes) -> None:
    _end(session, job_id, state)
    row = session.get_one(JobRow, job_id)
    request = queries.job_of(row).request
    for index in range(1, request.count + 1):
        _add_picture(session, ports, row, index, like=like, png=png)
    row.grid_key = ports.store.put(f"grid {job_id}".encode(), suffix=".png")
    if state is not JobState.HELD:
        credit_ledger.capture(session, row, painted=request.count, at=now())


def finish_early(ports: Ports, job_id: str, index: int = 1, *, png: bytes = b"") -> str:
    """One picture of a job is finished while its others are being painted; answers its id."""
    with ports.database.begin() as session:
        row = session.get_one(JobRow, job_id)
        if row.state != JobState.PAINTING:
            assert job_transitions.take_lease(session, job_id, worker=WORKER, at=now(), lease_seconds=600)
        _add_picture(session, ports, row, index, like=job_id, png=png)
    return picture_id(job_id, index)


def _add_picture(session: Session, ports: Ports, row: JobRow, index: int, *, like: str, png: bytes) -> None:
    request = queries.job_of(row).request
    data = png or f"picture {like} {index}".encode()
    recipe = recipe_of(request, index - 1, steps=8, model="thimble", scheduler="DDIM")
    session.add(
        PictureRow(
            id=picture_id(row.id, index),
            job_id=row.id,
            position=index,
            person_key=row.person_key,
            recipe=to_data(recipe),
            storage_key=ports.store.put(data, suffix=".png"),
            thumbnail_key=ports.store.put(png or b"small " + data, suffix=".webp"),
            width=64,
            height=64,
            size_bytes=len(data),
            verdict=to_data(ALLOWED),
            created_at=now(),
        )
    )
    session.flush()
    for parent in dict.fromkeys(recipe.parents):
        session.add(
            LineageRow(
                child=picture_id(row.id, index),
                parent=parent,
                operation=request.operation,
                person_key=row.person_key,
            )
        )
