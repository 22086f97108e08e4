"""What a decision on a report does to the picture: it stays, hides behind a click, or is taken down."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.cases.sanctions import notify
from moderation.cases.side_effects import DecisionEffects
from moderation.records.evidence import release_unfounded
from moderation.reports.hidden_pictures import show, unblock, unhide
from moderation.reports.overlapping_reports import hand_over, take_over
from moderation.reports.takedown_reasons import appeal_window, taken_down
from studio.clock import now
from studio.coded_text import to_stored
from studio.db import outbox, queries
from studio.db.tables import CaseRow, JobRow, PictureRow
from studio.db.takedowns.taken_down_pictures import appeal_advice, record_appeal_window
from studio.domain.cases import URGENT, Case, CaseKind, CaseState, Decision, NoticeKind
from studio.domain.events import JobChanged
from studio.domain.people import Platform
from studio.services import file_references
from studio.services.picture_deletion import take_down_pictures

STAYING = frozenset({Decision.APPROVE, Decision.SPOILER})  # the picture stays


def answer_report(session: Session, case: Case, row: JobRow) -> DecisionEffects:
    """The picture stays, hides behind a click, or goes, and with it what looks like it if the report was urgent."""
    outcome = DecisionEffects()
    alike = _closed_reports(session, case)
    stays = case.decision in STAYING
    if stays:
        hand_over(session, alike)
    else:
        take_over(session, case)
    hidden = unhide(session, alike)
    if stays:
        if not _is_upheld(session, case):
            unblock(session, alike)
            release_unfounded(session, alike)
        outcome.events += show(session, hidden)
    if case.decision is Decision.SPOILER:
        row.spoiler = True
        outcome.events.append(
            outbox.write(session, JobChanged(job_id=row.id, platform=Platform(row.platform)))
        )
    elif not stays:
        jobs = {row.id, *(picture.job_id for picture in hidden)}
        wanted = {case.picture_id, *(picture.id for picture in hidden)}
        outcome.add(_shorten_appeal_window(session, case))
        for job_id in sorted(jobs):
            outcome.add(_take_down(session, case, job_id, wanted))
    return outcome


def _take_down(session: Session, case: Case, job_id: str, wanted: Collection[str | None]) -> DecisionEffects:
    outcome = DecisionEffects()
    job = queries.find_job(session, job_id)
    pictures = [picture for picture in queries.pictures_of_job(session, job_id) if picture.id in wanted]
    window = appeal_window(case)
    until = now() + window if window else None
    if pictures and until:
        record_appeal_window(session, [picture.id for picture in pictures], until=until, case_id=case.id)
    if pictures:
        outcome.remove(take_down_pictures(session, job, pictures))
    about = case.id if job_id == case.job_id else None
    for picture in pictures:
        text = _statement(case, picture.id, until)
        outcome.add(notify(session, job.person.key, NoticeKind.DECIDED, text, case_id=about))
    return outcome


def _shorten_appeal_window(session: Session, case: Case) -> DecisionEffects:
    """Of a picture that was taken down before this report on it was decided, where the report leaves less time."""
    outcome = DecisionEffects()
    row = session.get_one(PictureRow, case.picture_id)
    window = appeal_window(case)
    until = now() + window if window else None
    if row.appeal_until is None or (until and until >= row.appeal_until):
        return outcome
    row.appeal_until = until
    if until:  # an appeal that is open already is against the earlier decision
        row.taken_down_by = case.id
    session.flush()
    outcome.files |= file_references.find_unneeded(session, queries.picture_of(row).file_keys)
    text = _statement(case, row.id, until)
    outcome.add(notify(session, row.person_key, NoticeKind.DECIDED, text, case_id=case.id))
    return outcome


def _statement(case: Case, picture_id: str, until: datetime | None) -> str:
    """What the owner is told."""
    appeal = (appeal_advice(picture_id, until),) if until else ()
    return to_stored(taken_down(case, picture_id), *appeal)


def _closed_reports(session: Session, case: Case) -> list[str]:
    """This one and those on the same picture that were decided; if it stays, those that found so too."""
    query = select(CaseRow.id).where(CaseRow.kind == CaseKind.REPORT, CaseRow.picture_id == case.picture_id)
    if case.decision in STAYING:
        query = query.where(CaseRow.decision.in_(STAYING))
    return list(session.scalars(query.where(CaseRow.state == CaseState.CLOSED)))


def _is_upheld(session: Session, case: Case) -> bool:
    """Whether an urgent report of the picture was found right: what it blocks and preserves stays."""
    query = select(CaseRow.id).where(
        CaseRow.kind == CaseKind.REPORT,
        CaseRow.picture_id == case.picture_id,
        CaseRow.state == CaseState.CLOSED,
        CaseRow.weight >= URGENT,
        CaseRow.decision.not_in(STAYING),
    )
    return session.scalars(query).first() is not None
