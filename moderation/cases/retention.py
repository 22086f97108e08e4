"""How long the moderators' records keep their content. The chain, and that there was a case, stay for ever."""

from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from moderation.cases.decisions import follow
from moderation.cases.record_erasure import let_judged_go
from moderation.cases.sanctions import hold
from moderation.cases.strikes import FORGOTTEN
from moderation.records import audit_log
from moderation.records.audit_log import HOUSE
from moderation.records.case_words import end_appeal
from moderation.records.evidence import find_expired
from moderation.records.tables import StrikeRow
from moderation.reports.outside_reports import empty_receipts, forget_old
from studio.clock import now
from studio.db import cases, credit_ledger
from studio.db.database import Database
from studio.db.tables import CaseRow, EvidenceRow
from studio.db.takedowns.taken_down_pictures import end_appeal_windows
from studio.domain.cases import CaseKind, CaseState, Decision
from studio.services import account_erasure
from studio.services.picture_deletion import delete_unseen_pictures

_DELIVERED = timedelta(days=1)  # by then every front end has received a deletion


def let_go(database: Database, *, keep: timedelta) -> int:
    """Empty audit entries and closed cases older than `keep`, and give up pictures that were refused before.

    How many audit entries were emptied.
    """
    before = now() - keep
    let_judged_go(database)
    with database.begin() as session:
        credit_ledger.leave_names(session, at=now())
    delete_unseen_pictures(database, before=before)
    with database.begin() as session:
        account_erasure.leave_private_places(session, before=now() - _DELIVERED)
    _end_unreviewed_freezes(database)
    with database.begin() as session:
        end_appeal_windows(session)
        _empty_cases(session, keep)
        forget_old(session)
        session.execute(delete(StrikeRow).where(StrikeRow.at < now() - FORGOTTEN))
        return audit_log.expire(session, before=before)


def _end_unreviewed_freezes(database: Database) -> None:
    """Words that nobody read in time go, and with them the suspension that nobody can judge any more.

    A held request that nobody judged is refused, and so are appeals for one whose words went.
    """
    with database.read() as session:
        expired = [(row.id, row.case_id, row.subject) for row in find_expired(session, at=now())]
    for evidence_id, case_id, subject in expired:
        with database.begin() as session:
            hold(session, subject)
            evidence = session.get(EvidenceRow, evidence_id, with_for_update=True)
            if evidence is None or evidence.legal_hold:
                continue  # since they were listed
            house = f"{subject.rpartition(':')[0]}:{HOUSE}"
            held = case_id and cases.find_case(session, case_id).kind is CaseKind.HOLD
            ends = Decision.REJECT if held else Decision.OVERTURN
            row = cases.close(session, case_id, ends, by=house, at=now()) if case_id else None
            if row is not None:
                cases.write_case_changed(session, row)  # sent by the sweeper
                follow(session, cases.case_of(row))
            elif case_id and cases.find_case(session, case_id).state is CaseState.OPEN:
                continue  # a moderator reads them at this moment
            if held and evidence.job_id and not end_appeal(session, evidence.job_id):
                continue
            session.execute(delete(EvidenceRow).where(EvidenceRow.id == evidence_id))


def _empty_cases(session: Session, keep: timedelta) -> None:
    old = (CaseRow.state == CaseState.CLOSED) & (CaseRow.decided_at < now() - keep)
    empty_receipts(session, select(CaseRow.id).where(old))
    session.execute(update(CaseRow).where(old).values(words="", evidence="", note=""))
