"""What follows from a decision, as one transaction: work moves, people hear of it, strikes weigh."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation.cases import strikes
from moderation.cases.artist_opt_outs import add_opt_out
from moderation.cases.blocked_pictures import block
from moderation.cases.sanctions import (
    EXCLUDING,
    Sanction,
    exclude,
    imposed_by,
    imposed_by_house,
    lift_timeouts,
    notify,
    outlasts,
    warning,
)
from moderation.cases.side_effects import DecisionEffects
from moderation.cases.takedowns.report_decisions import STAYING, answer_report
from moderation.cases.takedowns.takedown_appeals import answer_appeal, find_takedown
from moderation.records import bans
from moderation.records.audit_log import HOUSE
from moderation.reports.outside_reports import CHILD_RULE
from studio.clock import now
from studio.coded_text import CodedText, coded, to_stored
from studio.commands.submission import remix_consent
from studio.db import cases, queries
from studio.db.identities.linked_identities import identities, same_human
from studio.db.tables import CaseRow, JobRow, PictureRow
from studio.domain.cases import URGENT, Case, CaseKind, CaseState, Decision, NoticeKind
from studio.domain.jobs import JobState
from studio.services import held_job_decisions

_WAITED = to_stored(coded("stopped.held_too_long"))
_REJECTED = to_stored(coded("stopped.rejected"))
DELIVERING = STAYING | {Decision.OVERTURN}
_FIRST_SUSPENSION = timedelta(days=7)
_LONGEST_SUSPENSION = timedelta(days=90)
_WEIGHTS = {Decision.WARN: 1.0, Decision.SUSPEND: 2.0, Decision.BAN: 4.0, Decision.BLOCK: 1.0}


def follow(session: Session, case: Case) -> DecisionEffects:
    """All that a decided case leads to. Rows first, bans last: they lock the audit chain."""
    outcome = DecisionEffects()
    if case.decision is Decision.BLOCK:
        block(session, case)
    add_opt_out(session, case)
    outcome.add(_move_work(session, case))
    outcome.add(_notify_filer(session, case))
    granted = case.kind is CaseKind.APPEAL and case.decision in DELIVERING
    takedown = find_takedown(session, case) if granted else None
    if granted or case.decision is Decision.OVERTURN:
        # Another picture of the job may have been taken down rightly.
        job_id = None if granted and case.picture_id else case.job_id
        strikes.overturn(session, case_id=(takedown or case).id, job_id=job_id)
    elif case.kind is not CaseKind.SUSPENSION and case.decision in _WEIGHTS:
        violation = strikes.Violation(
            rule=case.rule or case.kind,
            category=case.category,
            weight=_WEIGHTS[case.decision],
            job_id=case.job_id,
        )
        strikes.strike(session, case.subject, violation, case_id=case.id)
    if granted:
        outcome.add(lift(session, case, former=takedown))
    elif case.decision is not None and case.decision in _JUDGED:
        outcome.add(_JUDGED[case.decision](session, case))
    return outcome


def _move_work(session: Session, case: Case) -> DecisionEffects:
    if case.job_id is None:
        return DecisionEffects()
    if case.kind is CaseKind.REPORT:
        return answer_report(session, case, session.get_one(JobRow, case.job_id))
    if case.kind is CaseKind.APPEAL and case.picture_id is not None:
        return answer_appeal(session, case)
    if case.kind not in (CaseKind.HOLD, CaseKind.APPEAL):
        return DecisionEffects()
    row = session.get_one(JobRow, case.job_id)
    if case.decision in DELIVERING:
        return _let_through(session, row, spoiler=case.decision is Decision.SPOILER)
    return _reject_job(session, case, row) if case.kind is CaseKind.HOLD else DecisionEffects()


def _let_through(session: Session, row: JobRow, *, spoiler: bool) -> DecisionEffects:
    outcome = DecisionEffects()
    if held_job_decisions.pictures_of(session, row.id):
        outcome.events += held_job_decisions.deliver(session, row.id, spoiler=spoiler)
    elif not held_job_decisions.has_pictures(session, row.id) and (
        moved := held_job_decisions.release(session, row.id)
    ):
        row.spoiler = row.spoiler or spoiler
        row.request = _without_doubts(row.request)
        outcome.events += moved
        outcome.add(_ask_owners(session, row))
    return outcome


def _without_doubts(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request with its uploads beyond doubt, so that what is made from it again does not wait again."""
    sources = [
        {name: value for name, value in source.items() if name != "doubt"}
        for source in request.get("sources", ())
    ]
    return {**request, "sources": sources}


def _ask_owners(session: Session, row: JobRow) -> DecisionEffects:
    """A moderator's word is not that of the people whose pictures a job starts from, if they were not asked yet."""
    job = queries.job_of(row)
    outcome = DecisionEffects(events=remix_consent.ask(session, job.person, job))
    if outcome.events:
        row.state = JobState.HELD
        session.flush()
    else:
        outcome.send(row)
    return outcome


def _reject_job(session: Session, case: Case, row: JobRow) -> DecisionEffects:
    text = _WAITED if (case.decided_by or "").endswith(f":{HOUSE}") else _REJECTED
    ended = held_job_decisions.stop(session, row.id, JobState.REFUSED, error_code="policy", error_text=text)
    if ended:
        session.refresh(row)
        row.refused_rule, row.refused_category = case.rule, case.category
    return DecisionEffects(events=ended)


def _notify_filer(session: Session, case: Case) -> DecisionEffects:
    """The person who reported or appealed is told the outcome."""
    if case.filed_by is None or case.kind not in (CaseKind.REPORT, CaseKind.APPEAL):
        return DecisionEffects()
    if case.kind is CaseKind.APPEAL:
        granted = case.decision in DELIVERING
        text = coded("notice.appeal_granted" if granted else "notice.appeal_rejected")
        if picture := case.picture_id:
            text = _answer_takedown(session, picture, granted=granted)
    else:
        text = _REPORTED.get(case.decision or Decision.REJECT, coded("notice.report_upheld"))
    return notify(session, case.filed_by, NoticeKind.DECIDED, to_stored(text), case_id=case.id)


def _answer_takedown(session: Session, picture_id: str, *, granted: bool) -> CodedText:
    """The files may be gone when an appeal is granted, or the owner deleted the picture."""
    if not granted:
        return coded("notice.takedown_stands", picture=picture_id)
    if session.get_one(PictureRow, picture_id).deleted_at is None:
        return coded("notice.takedown_reversed", picture=picture_id)
    return coded("notice.takedown_reversed_gone", picture=picture_id)


_REPORTED = {
    Decision.APPROVE: coded("notice.report_rejected"),
    Decision.SPOILER: coded("notice.report_hidden"),
}


def _warn(session: Session, case: Case) -> DecisionEffects:
    return notify(session, case.subject, NoticeKind.WARNING, warning(case.category), case_id=case.id)


def _suspend(session: Session, case: Case) -> DecisionEffects:
    """Seven days, and twice as long each further time."""
    query = select(func.count()).select_from(CaseRow)
    earlier = session.scalar(
        query.where(
            CaseRow.subject.in_(identities(session, case.subject)),
            CaseRow.decision == Decision.SUSPEND,
            CaseRow.id != case.id,
        )
    )
    until = now() + min(_FIRST_SUSPENSION * 2 ** min(earlier or 0, 8), _LONGEST_SUSPENSION)
    if case.kind is not CaseKind.SUSPENSION and outlasts(session, case.subject, until):
        return DecisionEffects()  # what holds already is not made shorter
    return exclude(session, case.subject, _sanction(case, NoticeKind.SUSPENSION, until=until))


def _ban(session: Session, case: Case) -> DecisionEffects:
    return exclude(session, case.subject, _sanction(case, NoticeKind.BAN, until=None))


def _sanction(case: Case, kind: NoticeKind, *, until: datetime | None) -> Sanction:
    return Sanction(by=case.decided_by or "", until=until, reason=case.category, kind=kind)


def lift(session: Session, case: Case, *, former: Case | None = None) -> DecisionEffects:
    """The suspension that the case is about, or a timeout to which the appealed refusal led.

    `former` is a case that is taken back, as it was decided: the suspension or ban that it imposed ends. Bans that
    others imposed stay.
    """
    by = case.decided_by or ""
    excluded = former is not None and former.decision in EXCLUDING
    if case.kind is not CaseKind.SUSPENSION and not excluded:
        return lift_timeouts(session, case.subject, by=by, case_id=case.id)
    imposed = imposed_by(session, former) if former and excluded else imposed_by_house(session, case)
    for row in sorted(imposed, key=lambda row: row.person_key):
        bans.unban(session, row.person_key, by=by)
    if bans.holding(session, case.subject):
        return DecisionEffects()
    text = to_stored(coded("notice.suspension_lifted"))
    return notify(session, case.subject, NoticeKind.LIFTED, text, case_id=case.id)


_JUDGED: Mapping[Decision, Callable[[Session, Case], DecisionEffects]] = {
    Decision.WARN: _warn,
    Decision.SUSPEND: _suspend,
    Decision.BAN: _ban,
    Decision.OVERTURN: lift,
}


def answer_alike(session: Session, case: Case) -> DecisionEffects:
    """The other open reports on the same picture get the same answer, unless a moderator is at one of them.

    One that the deciding moderator filed waits for somebody else.
    """
    outcome = DecisionEffects()
    if case.kind is not CaseKind.REPORT or case.decision is None:
        return outcome
    query = select(CaseRow).where(
        CaseRow.kind == CaseKind.REPORT,
        CaseRow.picture_id == case.picture_id,
        CaseRow.state == CaseState.OPEN,
    )
    if case.weight < URGENT and case.decision in (Decision.APPROVE, Decision.SPOILER):
        query = query.where(CaseRow.weight < URGENT)  # an urgent one is decided by itself
    if (
        case.rule != CHILD_RULE
    ):  # what it preserves for the authorities, only its own decision releases or keeps
        query = query.where(CaseRow.rule != CHILD_RULE)
    by = case.decided_by or ""
    # One that another moderator is deciding at this very moment is left to them.
    for row in session.scalars(query.order_by(CaseRow.id).with_for_update(skip_locked=True)):
        own = row.filed_by is not None and same_human(session, row.filed_by, by)
        if not own and cases.close(session, row.id, case.decision, by=by, at=now()):
            outcome.events.append(cases.write_case_changed(session, row))
            outcome.add(_notify_filer(session, cases.case_of(row)))
    return outcome
