"""What the moderators' records say of a person is erased when they ask; bans and strikes in force stay."""

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from moderation import audit
from moderation.desk.consequences import HOUSE
from moderation.desk.strikes import HALF_LIFE
from moderation.tables import BlockedPictureRow, StrikeRow
from studio.clock import now
from studio.db.tables import BanRow, CaseRow


def erase_records(session: Session, keys: tuple[str, ...]) -> int:
    """Words, evidence and old strikes go, and the audit chain forgets. How many of its entries did.

    Strikes of the last half-life stay under the key, or forgetting would be the way around a suspension.
    """
    concerned = CaseRow.subject.in_(keys) | CaseRow.filed_by.in_(keys)
    session.execute(update(CaseRow).where(concerned).values(words="", note=""))
    session.execute(update(CaseRow).where(CaseRow.subject.in_(keys)).values(evidence=""))
    session.execute(update(CaseRow).where(CaseRow.filed_by.in_(keys)).values(filed_by=None))
    for key in keys:  # a ban is still lifted where it was imposed
        house = f"{key.rpartition(':')[0]}:{HOUSE}"
        session.execute(update(BanRow).where(BanRow.banned_by == key).values(banned_by=house))
    blocked = BlockedPictureRow.blocked_by.in_(keys)
    session.execute(update(BlockedPictureRow).where(blocked).values(blocked_by=HOUSE))
    old = StrikeRow.at < now() - HALF_LIFE
    session.execute(delete(StrikeRow).where(StrikeRow.person_key.in_(keys), old))
    session.flush()
    return sum(audit.erase(session, key, actor=HOUSE) for key in keys)
