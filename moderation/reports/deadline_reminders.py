"""Reminds the desk of a chat when the 48 hours of an urgent report are nearly over, and when they are."""

import logging
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.records import audit_log
from moderation.records.tables import AuditRow
from moderation.reports.member_reports import decide_by
from studio.clock import now
from studio.coded_text import coded, to_stored
from studio.db import outbox
from studio.db.cases import find_case, find_urgent
from studio.db.database import Database
from studio.db.settings import community_rules
from studio.db.tables import OutboxRow
from studio.domain.cases import INTIMATE_WITHIN, Case, CaseState
from studio.domain.events import DigestWritten
from studio.domain.people import Platform
from studio.ports import Events

log = logging.getLogger(__name__)
REMIND_BEFORE = timedelta(hours=12)  # the end of the 48 hours
_FORGOTTEN = timedelta(days=7)  # after the report nobody is reminded any more
_ACTION = "remind"


def remind_of_deadlines(database: Database, events: Events) -> int:
    """Once for each of the two times, however many processes run it; how many reminders were written.

    Raises `DatabaseUnavailableError`; the next hour tries again.
    """
    with database.read() as session:
        found = find_urgent(session, before=now() - INTIMATE_WITHIN + REMIND_BEFORE)
    written = [row for case in found for row in _remind(database, case)]
    outbox.send(database, events, written)
    return len(written)


def _remind(database: Database, case: Case) -> list[OutboxRow]:
    """The web has no channel: its desk shows until when a case should be decided."""
    if case.platform is Platform.WEB or case.opened_at < now() - _FORGOTTEN:
        return []
    with database.begin() as session:
        rules = community_rules(session, case.platform, case.community)
        channel = rules.desk_channel or rules.log_channel
        until = decide_by(case)
        if channel is None or until is None:
            return []
        text = coded("notice.deadline_near", case=case.id, until=until)
        if until <= now():
            text = coded("notice.deadline_over", case=case.id)
        audit_log.lock(session)
        if _is_reminded(session, case, text.code) or find_case(session, case.id).state is not CaseState.OPEN:
            return []
        reminder = DigestWritten(
            platform=case.platform,
            community=case.community,
            channel=channel,
            text=to_stored(text),
        )
        row = outbox.write(session, reminder)
        audit_log.append(
            session, _ACTION, actor=audit_log.HOUSE, details={"case": case.id, "code": text.code}
        )
        log.info("desk reminded: code=%s", text.code, extra={"case_id": case.id})
        return [row]


def _is_reminded(session: Session, case: Case, code: str) -> bool:
    """By the audit chain, which the caller has locked."""
    query = select(AuditRow.details).where(AuditRow.action == _ACTION, AuditRow.at >= case.opened_at)
    return any(details == {"case": case.id, "code": code} for details in session.scalars(query))
