"""Which messages show something of a deleted picture or a forgotten person, and the events that render them again.

A message shows more than its own job: "from @ana's red fox" stands on whatever others made from a picture, and a case
quotes the pictures that its job goes back to. `outbox.pace` keeps many such events from crowding out everything else.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from studio.db import cases, outbox
from studio.db.tables import (
    CaseRow,
    DeliveryRow,
    JobRow,
    JobSourceRow,
    LineageRow,
    OutboxRow,
    PictureRow,
    StarRow,
)
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import JobChanged, PictureChanged
from studio.domain.jobs import GOING_ON, JobState
from studio.domain.people import Platform

_MOST_VALUES = 500  # in one query; SQLite takes 32,766
_MOST_GENERATIONS = 64  # as far as a case's words go back
_PEOPLE = (CaseRow.subject, CaseRow.filed_by, CaseRow.addressee, CaseRow.claimed_by, CaseRow.decided_by)


def of_deleted(session: Session, job_id: str, picture_ids: Collection[str]) -> list[OutboxRow]:
    """All but the message of the job itself and the starboard, which `PictureChanged` renders again."""
    if not picture_ids:
        return []
    return [
        *_of_children(session, set(picture_ids), but={job_id}),
        *_of_cases(session, set(picture_ids), CaseRow.job_id == job_id),
    ]


def of_forgotten(session: Session, keys: Sequence[str]) -> list[OutboxRow]:
    """All but the messages of the person's own jobs. To be called first: afterwards nothing leads to the others."""
    own_jobs = select(JobRow.id).where(JobRow.person_key.in_(keys))
    pictures = set(session.scalars(select(PictureRow.id).where(PictureRow.person_key.in_(keys))))
    named = or_(CaseRow.job_id.in_(own_jobs), *(column.in_(keys) for column in _PEOPLE))
    return [
        *_of_children(session, pictures, but=set(session.scalars(own_jobs))),
        *_of_starred(session, keys),
        *_of_cases(session, pictures, named),
    ]


def of_cases(session: Session, wanted: ColumnElement[bool]) -> list[OutboxRow]:
    """Those cases among the wanted that have a message."""
    query = select(CaseRow).where(_is_shown(), wanted)
    return [
        cases.write_case_changed(session, row) for row in session.scalars(query.order_by(CaseRow.id)).all()
    ]


def _of_children(session: Session, pictures: set[str], *, but: set[str]) -> Iterator[OutboxRow]:
    """Of the jobs that started from the pictures. In chats a job without a message must not get one now."""
    job_ids = (_find_painted_from(session, pictures) | _find_unpainted_from(session, pictures)) - but
    for batch in _batches(sorted(job_ids)):
        query = select(JobRow.id, JobRow.platform, DeliveryRow.message)
        of_job = (DeliveryRow.kind == DeliveryKind.JOB) & (DeliveryRow.subject == JobRow.id)
        query = query.outerjoin(DeliveryRow, of_job).where(JobRow.id.in_(batch))
        for job_id, platform, message in session.execute(query.order_by(JobRow.created_at.desc())).all():
            if message or platform == Platform.WEB:
                yield outbox.write(session, JobChanged(job_id=job_id, platform=Platform(platform)))


def _find_painted_from(session: Session, pictures: set[str]) -> set[str]:
    query = select(PictureRow.job_id).join(LineageRow, LineageRow.child == PictureRow.id).distinct()
    return {
        job_id
        for batch in _batches(sorted(pictures))
        for job_id in session.scalars(query.where(LineageRow.parent.in_(batch)))
    }


def _find_unpainted_from(session: Session, pictures: set[str]) -> set[str]:
    """Of the jobs without pictures, those whose messages credit their sources: on the web the failed ones too."""
    goes_on = JobRow.state.in_(sorted(GOING_ON))
    unpainted_on_web = (JobRow.state != JobState.DONE) & (JobRow.platform == Platform.WEB)
    query = select(JobRow.id).join(JobSourceRow, JobSourceRow.job_id == JobRow.id).distinct()
    query = query.where(goes_on | unpainted_on_web)
    return {
        job_id
        for batch in _batches(sorted(pictures))
        for job_id in session.scalars(query.where(JobSourceRow.picture_id.in_(batch)))
    }


def _of_starred(session: Session, keys: Sequence[str]) -> Iterator[OutboxRow]:
    query = select(PictureRow.id, JobRow.id, JobRow.platform).join(JobRow, JobRow.id == PictureRow.job_id)
    starred = query.join(StarRow, StarRow.picture_id == PictureRow.id).where(StarRow.person_key.in_(keys))
    others = starred.where(PictureRow.person_key.not_in(keys), PictureRow.deleted_at.is_(None))
    for picture_id, job_id, platform in session.execute(others.distinct()).all():
        changed = PictureChanged(job_id=job_id, platform=Platform(platform), picture_id=picture_id)
        yield outbox.write(session, changed)


def _of_cases(session: Session, pictures: set[str], named: ColumnElement[bool]) -> list[OutboxRow]:
    """Of the named cases, and of those that quote one of the pictures."""
    query = select(CaseRow.id, JobRow.request).join(JobRow, JobRow.id == CaseRow.job_id)
    shown = session.execute(query.where(_is_shown())).all()
    quotable = pictures | _descendants(session, pictures) if shown else set()
    quoting = [case_id for case_id, request in shown if not quotable.isdisjoint(_sources(request))]
    found = {
        row.id: row
        for wanted in (named, *(CaseRow.id.in_(batch) for batch in _batches(quoting)))
        for row in session.scalars(select(CaseRow).where(_is_shown(), wanted))
    }
    return [cases.write_case_changed(session, found[found_id]) for found_id in sorted(found)]


def _is_shown() -> ColumnElement[bool]:
    """Whether a case has a message, or one is being sent."""
    kinds = (DeliveryKind.CASE, DeliveryKind.QUESTION)
    return CaseRow.id.in_(select(DeliveryRow.subject).where(DeliveryRow.kind.in_(kinds)))


def _descendants(session: Session, pictures: set[str]) -> set[str]:
    found: set[str] = set()
    front = pictures
    for _ in range(_MOST_GENERATIONS):
        children = {
            child
            for batch in _batches(sorted(front))
            for child in session.scalars(select(LineageRow.child).where(LineageRow.parent.in_(batch)))
        }
        front = children - found - pictures
        if not front:
            break
        found |= front
    return found


def _batches(values: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(values)
    while batch := list(islice(rest, _MOST_VALUES)):
        yield batch


def _sources(request: dict[str, Any]) -> set[str]:
    return {str(source.get("picture_id")) for source in request.get("sources", ())}
