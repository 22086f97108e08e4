"""Reports of people without a name here: one case for each picture and reason, and a receipt for each report."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from moderation.policy.categories import Category
from moderation.records.tables import OutsideReportRow
from studio.clock import now
from studio.commands.moderation.report import ARTIST_RULE, INTIMATE_RULE, LONGEST_ARTIST
from studio.db import job_transitions, queries
from studio.db.cases import open_case, write_case_changed
from studio.db.tables import CaseRow, JobRow, OutboxRow, PictureRow
from studio.domain.cases import (
    INTIMATE_WITHIN,
    LONGEST_REPORTER,
    URGENT,
    Case,
    CaseKind,
    CaseState,
    Decision,
    NewCase,
    OutsideReport,
    ReportOutcome,
    ReportReason,
    ReportStatus,
)
from studio.parsing.text_cleaning import clean_text

LONGEST_CONTACT = 200
KEPT_AFTER = timedelta(
    days=90
)  # an address, after the decision; a report of a picture that is not known here
MOST_HIDES_A_DAY = 200  # by reports from outside in all; more are filed, and hide nothing
_DAY = timedelta(days=1)
_OUTSIDE = 0.5  # the weight of a report that nobody stands for
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
CHILD_RULE = "sexualised child"
OUTSIDE_RULE = "report from outside"
_RULES = {
    ReportReason.INTIMATE: INTIMATE_RULE,
    ReportReason.CHILD: CHILD_RULE,
    ReportReason.ARTIST: ARTIST_RULE,
    ReportReason.OTHER: OUTSIDE_RULE,
}
_OUTCOMES = {Decision.APPROVE: ReportOutcome.STAYS, Decision.SPOILER: ReportOutcome.HIDDEN}


def file_case(session: Session, report: OutsideReport) -> tuple[Case, list[OutboxRow], bool]:
    """The case of a report, the events to send, and whether nobody has judged the picture for this reason yet.

    A second report gives the case that is there, whose messages then show its words too. Once a moderator let the
    picture stay, it opens another one.
    Raises `NotFoundError`.
    """
    row = session.get(PictureRow, report.picture_id)
    if row is None or row.hidden_by is None:
        queries.find_picture(session, report.picture_id or "")
    picture = session.get_one(PictureRow, report.picture_id)
    # Of two at once, the second finds the first's case.
    job_transitions.lock_jobs(session, JobRow.id == picture.job_id)
    job = queries.find_job(session, picture.job_id)
    reason = report.reason
    key = {ReportReason.ARTIST: ARTIST_RULE, ReportReason.OTHER: "report"}.get(reason, str(reason))
    case_key = f"{key}:{picture.id}:outside"
    earlier = _find_judged(session, case_key)
    case, events = open_case(
        session,
        NewCase(
            kind=CaseKind.REPORT,
            case_key=f"{case_key}:{earlier + 1}" if earlier else case_key,
            subject=job.person,
            job_id=job.id,
            picture_id=picture.id,
            rule=_RULES[reason],
            category=Category.MINORS if reason is ReportReason.CHILD else "",
            evidence=clean_text(report.artist)[:LONGEST_ARTIST],
            words=clean_text(report.words),
            weight=URGENT if reason.is_urgent else _OUTSIDE,
        ),
    )
    is_open = case.state is CaseState.OPEN
    if is_open and not events:
        events = [write_case_changed(session, session.get_one(CaseRow, case.id))]
    return case, events, is_open and not earlier


def _find_judged(session: Session, case_key: str) -> int:
    """How many cases of this picture and reason ended with the picture staying."""
    same = (CaseRow.case_key == case_key) | CaseRow.case_key.startswith(f"{case_key}:", autoescape=True)
    stays = CaseRow.decision.in_(_OUTCOMES)
    return session.scalar(select(func.count()).select_from(CaseRow).where(same, stays)) or 0


def may_hide(session: Session) -> bool:
    """Whether urgent reports from outside, the newest included, are few enough today to hide pictures by themselves."""
    urgent = (CaseRow.kind == CaseKind.REPORT) & (CaseRow.weight >= URGENT) & CaseRow.filed_by.is_(None)
    query = select(func.count()).select_from(CaseRow).where(urgent, CaseRow.opened_at > now() - _DAY)
    return (session.scalar(query) or 0) <= MOST_HIDES_A_DAY


def write_receipt(session: Session, report: OutsideReport, case_id: str | None) -> str:
    """The code with which the reporter looks the decision up. Only its digest is stored."""
    code = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
    at = now()
    session.add(
        OutsideReportRow(
            code_digest=_digest(code),
            case_id=case_id,
            reason=report.reason,
            contact=clean_text(report.contact)[:LONGEST_CONTACT],
            words=clean_text(report.words),
            reporter=clean_text(report.reporter)[:LONGEST_REPORTER],
            good_faith=report.good_faith,
            language=report.language,
            received_at=at,
            decide_by=at + INTIMATE_WITHIN if report.reason.is_urgent else None,
        )
    )
    session.flush()
    return code


def read_status(session: Session, code: str) -> ReportStatus | None:
    """None for a code that nobody got, or of a report that was forgotten."""
    row = session.get(OutsideReportRow, _digest(code))
    if row is None:
        return None
    case = session.get(CaseRow, row.case_id) if row.case_id else None
    decision = Decision(case.decision) if case and case.decision else None
    return ReportStatus(
        reason=ReportReason(row.reason),
        received_at=row.received_at,
        outcome=outcome_of(decision),
        decide_by=row.decide_by,
        decided_at=case.decided_at if case else None,
    )


def outcome_of(decision: Decision | None) -> ReportOutcome:
    if decision is None:
        return ReportOutcome.WAITING
    return _OUTCOMES.get(decision, ReportOutcome.REMOVED)


def read_receipts(session: Session, case_id: str) -> list[OutsideReportRow]:
    """Those of a case, the earliest first."""
    query = select(OutsideReportRow).where(OutsideReportRow.case_id == case_id)
    return list(session.scalars(query.order_by(OutsideReportRow.received_at)))


def report_of(row: OutsideReportRow, case: Case) -> OutsideReport:
    """A receipt of a case as what its reporter says."""
    return OutsideReport(
        picture_id=case.picture_id,
        reason=ReportReason(row.reason),
        words=row.words,
        contact=row.contact,
        reporter=row.reporter,
        good_faith=row.good_faith,
    )


def empty_receipts(session: Session, case_ids: Select[str]) -> None:
    """What the reporters of these cases said goes with the words of the cases; their codes still work."""
    theirs = OutsideReportRow.case_id.in_(case_ids)
    session.execute(update(OutsideReportRow).where(theirs).values(words="", reporter="", contact=""))


def forget_old(session: Session) -> None:
    """Addresses some time after the decision, and reports of pictures that are not known here."""
    before = now() - KEPT_AFTER
    decided = select(CaseRow.id).where(CaseRow.state == CaseState.CLOSED, CaseRow.decided_at < before)
    session.execute(update(OutsideReportRow).where(OutsideReportRow.case_id.in_(decided)).values(contact=""))
    unknown = OutsideReportRow.case_id.is_(None) & (OutsideReportRow.received_at < before)
    session.execute(delete(OutsideReportRow).where(unknown))


def _digest(code: str) -> str:
    letters = "".join(code.lower().split()).replace("-", "")
    return hashlib.sha256(letters.encode()).hexdigest()
