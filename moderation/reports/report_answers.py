"""Reports from outside that were decided, and whose reporters have not been told by mail yet."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from moderation.records.tables import OutsideReportRow
from moderation.reports.outside_reports import outcome_of
from studio.clock import now
from studio.db.tables import CaseRow
from studio.domain.cases import CaseState, Decision, ReportOutcome

_TOLD_WITHIN = timedelta(days=7)  # of the decision; later it would only surprise
_MOST_AT_ONCE = 100
_MOST_DIGESTS = 500  # of reports that a query leaves out


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredReport:
    """`digest` is that of the code of its receipt; `language` the one in which it was written."""

    digest: str = field(repr=False)
    contact: str = field(repr=False)
    language: str
    outcome: ReportOutcome


def find_unanswered(session: Session, *, tried: Collection[str] = ()) -> list[UnansweredReport]:
    """At most a hundred, the earliest decisions first, but those whose digests were `tried` already.

    None once 500 were tried: the next round begins anew.
    """
    if len(tried) >= _MOST_DIGESTS:
        return []
    query = (
        select(OutsideReportRow, CaseRow.decision)
        .join(CaseRow, CaseRow.id == OutsideReportRow.case_id)
        .where(OutsideReportRow.contact != "", OutsideReportRow.answered_at.is_(None))
        .where(OutsideReportRow.code_digest.not_in(tried))
        .where(CaseRow.state == CaseState.CLOSED, CaseRow.decided_at > now() - _TOLD_WITHIN)
        .order_by(CaseRow.decided_at)
        .limit(_MOST_AT_ONCE)
    )
    return [
        UnansweredReport(
            digest=row.code_digest,
            contact=row.contact,
            language=row.language,
            outcome=outcome_of(Decision(decision) if decision else None),
        )
        for row, decision in session.execute(query)
    ]


def mark_answered(session: Session, digest: str) -> bool:
    """False: another process did."""
    mine = (OutsideReportRow.code_digest == digest) & OutsideReportRow.answered_at.is_(None)
    result = session.execute(update(OutsideReportRow).where(mine).values(answered_at=now()))
    return cast("CursorResult[Any]", result).rowcount == 1


def mark_unanswered(session: Session, digest: str) -> None:
    """Its mail could not be sent."""
    row = OutsideReportRow.code_digest == digest
    session.execute(update(OutsideReportRow).where(row).values(answered_at=None))
