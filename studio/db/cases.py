"""Cases and notices in the database. Each move is one guarded UPDATE, so that exactly one moderator wins."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db import outbox
from studio.db.identities.linked_identities import identities
from studio.db.identities.people import person_of
from studio.db.tables import CaseRow, NoticeRow, OutboxRow, PersonRow
from studio.domain.cases import (
    URGENT,
    Case,
    CaseKind,
    CaseState,
    Decision,
    NewCase,
    NewNotice,
    Notice,
    NoticeKind,
)
from studio.domain.events import CaseChanged, NoticeWritten
from studio.domain.identifiers import new_job_id
from studio.domain.people import Person, Platform
from studio.errors import NotFoundError

CLAIM_LASTS = timedelta(minutes=10)
OPEN_QUESTION = (CaseRow.kind == CaseKind.CONSENT) & (CaseRow.state == CaseState.OPEN)


def open_case(session: Session, new: NewCase) -> tuple[Case, list[OutboxRow]]:
    """File a matter once: the same `case_key` again gives the case that is there, and no event.

    Send the returned rows after the commit.
    """
    if found := session.scalar(select(CaseRow).where(CaseRow.case_key == new.case_key)):
        return case_of(found), []
    home = new.addressee or new.subject
    row = CaseRow(
        id=new_job_id(),
        case_key=new.case_key,
        kind=new.kind,
        state=CaseState.OPEN,
        platform=home.platform,
        community=home.community,
        subject=new.subject.key,
        filed_by=new.filed_by.key if new.filed_by else None,
        addressee=new.addressee.key if new.addressee else None,
        job_id=new.job_id,
        picture_id=new.picture_id,
        rule=new.rule,
        category=new.category,
        evidence=new.evidence,
        words=new.words,
        weight=new.weight,
        opened_at=now(),
        note="",
    )
    session.add(row)
    session.flush()
    return case_of(row), [write_case_changed(session, row)]


def suspension_key(strike: int, job_id: str | None) -> str:
    """The `case_key` of a suspension. The refused job is part of it, because its row may not be written yet."""
    return f"suspension:{strike}:{job_id}" if job_id else f"suspension:{strike}"


def link_refused_job(session: Session, job_id: str, subject: str) -> list[OutboxRow]:
    """A suspension that a refused job led to shows the job, now that it has a row."""
    named = (CaseRow.kind == CaseKind.SUSPENSION) & CaseRow.case_key.endswith(f":{job_id}", autoescape=True)
    rows = session.scalars(select(CaseRow).where(CaseRow.subject == subject, named)).all()
    for row in rows:
        row.job_id = job_id
    session.flush()
    return [write_case_changed(session, row) for row in rows]


def find_suspension(session: Session, job_id: str) -> CaseRow | None:
    """The open case of a suspension to which a job led."""
    wanted = (CaseRow.job_id == job_id) & (CaseRow.kind == CaseKind.SUSPENSION)
    return session.scalars(select(CaseRow).where(wanted, CaseRow.state == CaseState.OPEN)).first()


def find_unanswered_suspension(session: Session, keys: Collection[str]) -> CaseRow | None:
    """An open case of a suspension about which the person with these keys has not told their side."""
    open_ones = (CaseRow.kind == CaseKind.SUSPENSION) & (CaseRow.state == CaseState.OPEN)
    about = CaseRow.subject.in_(keys) & CaseRow.job_id.is_not(None) & CaseRow.filed_by.is_(None)
    return session.scalars(select(CaseRow).where(open_ones, about).order_by(CaseRow.opened_at)).first()


def add_statement(session: Session, row: CaseRow, person: Person, words: str) -> list[OutboxRow]:
    """What the suspended person says for themselves, once. No event where they have said something already."""
    if row.filed_by is not None:
        return []
    row.filed_by, row.words = person.key, words
    session.flush()
    return [write_case_changed(session, row)]


def write_case_changed(session: Session, row: CaseRow) -> OutboxRow:
    return outbox.write(session, CaseChanged(case_id=row.id, platform=Platform(row.platform)))


def case_of(row: CaseRow) -> Case:
    return Case(
        id=row.id,
        kind=CaseKind(row.kind),
        state=CaseState(row.state),
        platform=Platform(row.platform),
        community=row.community,
        subject=row.subject,
        filed_by=row.filed_by,
        addressee=row.addressee,
        job_id=row.job_id,
        picture_id=row.picture_id,
        rule=row.rule,
        category=row.category,
        evidence=row.evidence,
        words=row.words,
        opened_at=row.opened_at,
        weight=row.weight,
        claimed_by=row.claimed_by,
        claimed_until=row.claimed_until,
        decision=Decision(row.decision) if row.decision else None,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        note=row.note,
    )


def find_case(session: Session, case_id: str, *, viewer: Person | None = None) -> Case:
    """Raises `NotFoundError`; also for a viewer from another community."""
    row = session.get(CaseRow, case_id)
    if row is None or (viewer and (row.platform, row.community) != viewer.home):
        raise NotFoundError("case", id=case_id[:12])
    return case_of(row)


def desk_cases(
    session: Session, viewer: Person, *, states: Collection[CaseState] = (CaseState.OPEN,), limit: int = 25
) -> list[Case]:
    """What lies on the desk of the viewer's community: open ones oldest first, weighty ones before others.

    Cases that one person was asked are not on the desk.
    """
    query = select(CaseRow).where(
        CaseRow.platform == viewer.platform,
        CaseRow.community == viewer.community,
        CaseRow.addressee.is_(None),
        CaseRow.state.in_(sorted(states)),
    )
    order = (
        CaseRow.decided_at.desc().nulls_first(),
        (CaseRow.weight < URGENT),
        (CaseRow.weight < 0.5),
        CaseRow.opened_at,
    )
    return [case_of(row) for row in session.scalars(query.order_by(*order).limit(limit))]


def find_open_questions(session: Session, person: Person, *, limit: int) -> list[Case]:
    """What others asked this person, oldest first."""
    query = select(CaseRow).where(OPEN_QUESTION, CaseRow.addressee == person.key)
    return [case_of(row) for row in session.scalars(query.order_by(CaseRow.opened_at).limit(limit))]


def find_appealed(session: Session, job_ids: Collection[str]) -> set[str]:
    """Those of the jobs that were appealed already, and those of their pictures."""
    query = select(CaseRow.job_id, CaseRow.picture_id)
    filed = session.execute(query.where(CaseRow.kind == CaseKind.APPEAL, CaseRow.job_id.in_(job_ids)))
    return {picture_id or job_id for job_id, picture_id in filed if job_id is not None}


def find_open_appeal(session: Session, picture_id: str) -> Case | None:
    """The appeal about a picture that was taken down, which waits for a decision."""
    wanted = (CaseRow.kind == CaseKind.APPEAL) & (CaseRow.state == CaseState.OPEN)
    row = session.scalars(select(CaseRow).where(wanted, CaseRow.picture_id == picture_id)).first()
    return case_of(row) if row else None


def claim(session: Session, case_id: str, *, by: str, at: datetime) -> bool:
    """One moderator takes an open case for ten minutes. False: somebody else has it, or it is closed."""
    free = or_(CaseRow.claimed_by.is_(None), CaseRow.claimed_by == by, CaseRow.claimed_until < at)
    guard = (CaseRow.state == CaseState.OPEN) & free
    return _update_case(session, case_id, guard, {"claimed_by": by, "claimed_until": at + CLAIM_LASTS})


def close(
    session: Session, case_id: str, decision: Decision, *, by: str, at: datetime, note: str = ""
) -> CaseRow | None:
    """Decide an open case that nobody else has claimed. The row as it is then; None: too late."""
    free = or_(CaseRow.claimed_by.is_(None), CaseRow.claimed_by == by, CaseRow.claimed_until < at)
    values = {
        "state": CaseState.CLOSED,
        "decision": decision,
        "decided_by": by,
        "decided_at": at,
        "note": note,
    }
    if not _update_case(session, case_id, (CaseRow.state == CaseState.OPEN) & free, values):
        return None
    return session.get_one(CaseRow, case_id, populate_existing=True)


def find_jobs_awaiting_consent(session: Session, job_ids: Collection[str]) -> set[str]:
    """Those of the jobs that wait for the owner of a picture to answer."""
    if not job_ids:
        return set()
    found = session.scalars(select(CaseRow.job_id).where(CaseRow.job_id.in_(job_ids), OPEN_QUESTION))
    return {job_id for job_id in found if job_id is not None}


def write_notice(session: Session, new: NewNotice) -> OutboxRow | None:
    """A word for one person. None for somebody who was never here: there is no way to reach them."""
    person = session.get(PersonRow, new.person_key)
    if person is None:
        return None
    row = NoticeRow(
        id=new.id or new_job_id(),
        kind=new.kind,
        person_key=new.person_key,
        text=new.text,
        case_id=new.case_id,
        job_id=new.job_id,
        written_at=now(),
    )
    session.add(row)
    session.flush()
    return outbox.write(session, NoticeWritten(notice_id=row.id, platform=Platform(person.platform)))


def find_notice(session: Session, notice_id: str) -> Notice:
    """Raises `NotFoundError`."""
    row = session.get(NoticeRow, notice_id)
    if row is None:
        raise NotFoundError("notice", id=notice_id[:12])
    return Notice(
        id=row.id,
        kind=NoticeKind(row.kind),
        person=person_of(session.get_one(PersonRow, row.person_key)),
        text=row.text,
        case_id=row.case_id,
        written_at=row.written_at,
        delivered=row.delivered_at is not None,
        job_id=row.job_id,
    )


def mark_notice_delivered(session: Session, notice_id: str) -> None:
    session.execute(update(NoticeRow).where(NoticeRow.id == notice_id).values(delivered_at=now()))


def _update_case(session: Session, case_id: str, guard: Any, values: dict[str, Any]) -> bool:
    statement = update(CaseRow).where(CaseRow.id == case_id, guard).values(**values)
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount == 1


def find_report(
    session: Session, picture_id: str, person_keys: Collection[str], *, rule: str | None = None
) -> Case | None:
    """The first report of a picture by one of these people, or of those by a rule; None when they filed none."""
    filed = CaseRow.filed_by.in_(person_keys) & (CaseRow.kind == CaseKind.REPORT)
    query = select(CaseRow).where(filed, CaseRow.picture_id == picture_id)
    if rule is not None:
        query = query.where(CaseRow.rule == rule)
    row = session.scalars(query.order_by(CaseRow.opened_at, CaseRow.id)).first()
    return case_of(row) if row else None


def find_urgent(session: Session, *, before: datetime) -> list[Case]:
    """Urgent reports of all communities that were opened before then and wait for a decision, oldest first."""
    waits = (CaseRow.kind == CaseKind.REPORT) & (CaseRow.state == CaseState.OPEN) & (CaseRow.weight >= URGENT)
    query = select(CaseRow).where(waits, CaseRow.opened_at < before)
    return [case_of(row) for row in session.scalars(query.order_by(CaseRow.opened_at))]


def report_weight(session: Session, person_key: str) -> float:
    """How much a report of a human's counts, in (0, 1]: the share of their decided ones that were right.

    Two reports in good faith are assumed from the start, so that one mistake does not silence anybody. What was
    reported under several names before they were linked counts once.
    """
    query = select(CaseRow.picture_id, CaseRow.decision).where(
        CaseRow.kind == CaseKind.REPORT,
        CaseRow.filed_by.in_(identities(session, person_key)),
        CaseRow.state == CaseState.CLOSED,
    )
    decided = session.execute(query.distinct()).all()
    right = sum(decision != Decision.APPROVE for _, decision in decided)
    return (right + 2) / (len(decided) + 2)
