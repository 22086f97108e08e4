"""What follows when somebody decides on a job that waited for them: it is painted, delivered, or ends.

Each function belongs into the transaction that closes the case, and answers with the events to send after it.
A job that goes to the queue is handed over by the caller, after the commit.
"""

from collections.abc import Iterator

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db import cases, credit_ledger, job_transitions, outbox, queries
from studio.db.tables import CaseRow, JobRow, OutboxRow, PictureRow
from studio.domain.cases import Decision
from studio.domain.events import JobChanged, JobEnded
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.services.built_on_notices import notify_owners

_SHOWN = select(func.count()).select_from(PictureRow).where(PictureRow.job_id == bindparam("job_id"))


def release(session: Session, job_id: str, *, cleared: bool = True) -> list[OutboxRow]:
    """Held or refused → queued. Empty when somebody was quicker.

    A refused job costs what it would have cost, but no more than its person has left of that month's credits: that
    the refusal was a mistake shall not keep it from being painted.
    `cleared`: a moderator has read the request. An owner's consent does not exempt it from the policy.
    """
    row = session.get_one(JobRow, job_id)
    refused = row.state == JobState.REFUSED
    if not job_transitions.release(session, job_id, at=now(), cleared=cleared):
        return []
    job_transitions.reopen_delivery(session, job_id)
    session.refresh(row)
    if refused:
        row.cost = queries.job_of(row).request.cost
        session.flush()
        credit_ledger.reserve_what_is_left(session, row)
    return [outbox.write(session, JobChanged(job_id=job_id, platform=Platform(row.platform)))]


def deliver(session: Session, job_id: str, *, spoiler: bool = False) -> list[OutboxRow]:
    """Held or refused → done, with the pictures that were painted. Empty when somebody was quicker.

    A refused job was paid back, and is charged as one that is painted after all.
    """
    row = session.get_one(JobRow, job_id)
    refused = row.state == JobState.REFUSED
    if not job_transitions.end(session, job_id, JobState.DONE, at=now()):
        return []
    job_transitions.reopen_delivery(session, job_id)
    session.refresh(row)
    row.spoiler = row.spoiler or spoiler  # its channel may hide all pictures
    if refused:
        row.refused_rule = row.refused_category = ""
        credit_ledger.reserve_what_is_left(session, row)
    credit_ledger.capture(session, row, painted=pictures_of(session, job_id), at=now())
    changed = outbox.write(session, JobChanged(job_id=job_id, platform=Platform(row.platform)))
    return [changed, *notify_owners(session, queries.job_of(row))]


def stop(
    session: Session, job_id: str, state: JobState, *, error_code: str, error_text: str | None = None
) -> list[OutboxRow]:
    """Waiting or held → refused or cancelled, and the credits go back. Empty when somebody was quicker.

    People who were asked whether it may be painted need not answer any more.
    """
    ending = job_transitions.JobEnding(error_code, error_text)
    ended = job_transitions.end(session, job_id, state, at=now(), ending=ending)
    if not ended:
        return []
    row = session.get_one(JobRow, job_id)
    credit_ledger.release(session, row, at=now())
    ended_event = outbox.write(session, JobEnded(job_id=job_id, platform=Platform(row.platform), state=state))
    return [ended_event, *withdraw_questions(session, job_id)]


def withdraw_questions(session: Session, job_id: str) -> Iterator[OutboxRow]:
    """Close those to the owners of pictures that are still open."""
    asked = select(CaseRow.id).where(CaseRow.job_id == job_id, cases.OPEN_QUESTION).order_by(CaseRow.id)
    for case_id in session.scalars(asked).all():
        if row := cases.close(session, case_id, Decision.REJECT, by="", at=now()):
            yield cases.write_case_changed(session, row)


def has_pictures(session: Session, job_id: str) -> bool:
    """Whether it has pictures, deleted ones included: then it is not painted again."""
    return session.scalars(select(PictureRow.id).where(PictureRow.job_id == job_id)).first() is not None


def count_shown(session: Session, job_id: str) -> int:
    """How many pictures a job that is being painted showed; those that were deleted were seen, and are paid."""
    return session.scalar(_SHOWN, {"job_id": job_id}) or 0


def pictures_of(session: Session, job_id: str) -> int:
    """How many pictures of the job were painted and are there."""
    query = select(func.count()).select_from(PictureRow)
    return session.scalar(query.where(PictureRow.job_id == job_id, PictureRow.deleted_at.is_(None))) or 0
