"""What the moderators' records say of a person is erased when they ask; bans and strikes in force stay."""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from moderation.cases.strikes import FORGOTTEN, strike_sum
from moderation.records import audit_log
from moderation.records.audit_log import HOUSE
from moderation.records.case_words import erase_rejected
from moderation.records.tables import BlockedPictureRow, StrikeRow
from moderation.reports.outside_reports import empty_receipts
from studio.clock import now
from studio.db import credit_ledger
from studio.db.database import Database
from studio.db.identities import linked_identities
from studio.db.tables import BanRow, CaseRow
from studio.domain.cases import CaseState
from studio.services import account_erasure


def erase_records(session: Session, keys: tuple[str, ...]) -> int:
    """Words, evidence and old strikes go, and the audit chain forgets. How many of its entries did.

    What an open case says of them stays until it is decided. Strikes that still weigh stay under the key without
    the job and the decided case they were for, or forgetting would be the way around a suspension.
    """
    closed = CaseRow.subject.in_(keys) & (CaseRow.state == CaseState.CLOSED)
    empty_receipts(session, select(CaseRow.id).where(closed))
    session.execute(update(CaseRow).where(closed).values(words="", evidence="", note=""))
    erase_rejected(session, CaseRow.subject.in_(keys))
    filed = CaseRow.filed_by.in_(keys)
    session.execute(update(CaseRow).where(filed).values(words="", note="", filed_by=None))
    for key in keys:  # a ban is still lifted where it was imposed
        actor = f"{key.rpartition(':')[0]}:{HOUSE}"
        session.execute(update(BanRow).where(BanRow.banned_by == key).values(banned_by=actor))
    blocked = BlockedPictureRow.blocked_by.in_(keys)
    session.execute(update(BlockedPictureRow).where(blocked).values(blocked_by=HOUSE))
    theirs = StrikeRow.person_key.in_(keys)
    over = StrikeRow.overturned_at.is_not(None) | (StrikeRow.at < now() - FORGOTTEN)
    session.execute(delete(StrikeRow).where(theirs, over))
    session.execute(update(StrikeRow).where(theirs).values(job_id=None))
    decided = StrikeRow.case_id.in_(select(CaseRow.id).where(CaseRow.state == CaseState.CLOSED))
    session.execute(update(StrikeRow).where(theirs, decided).values(case_id=None))
    session.flush()
    return sum(audit_log.erase(session, key) for key in keys)


def let_judged_go(database: Database) -> None:
    """Those who were forgotten while they were judged, once no ban, strike or open case of theirs is left."""
    with database.read() as session:
        found = account_erasure.find_nameless_keys(session)
    for key in found:
        with database.begin() as session:
            linked_identities.lock_identities(session, key)
            keys = linked_identities.identities(session, key)
            credit_ledger.lock(session, *keys)
            if not account_erasure.is_judged(session, keys) and not strike_sum(session, key):
                erase_rejected(session, CaseRow.subject == key)
                account_erasure.erase_remaining_records(session, key)
                audit_log.erase(session, key)
