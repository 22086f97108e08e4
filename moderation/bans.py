"""Bans: a person who may not paint, for a while or for good."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from moderation import audit
from studio.clock import now
from studio.db.tables import BanRow
from studio.people import Person


def ban(
    session: Session, person_key: str, *, by: str, reason: str = "", until: datetime | None = None
) -> BanRow:
    """Ban a person, or change a ban. `until` None is for good; `by` is the moderator's key."""
    row = session.get(BanRow, person_key) or BanRow(person_key=person_key)
    row.until = until
    row.reason = reason
    row.banned_by = by
    row.created_at = now()
    session.add(row)
    session.flush()
    ends = until.isoformat() if until else None
    audit.append(session, "ban", actor=by, subject=person_key, details={"until": ends, "reason": reason})
    return row


def unban(session: Session, person_key: str, *, by: str) -> bool:
    """False: there was no ban."""
    if session.get(BanRow, person_key) is None:
        return False
    session.execute(delete(BanRow).where(BanRow.person_key == person_key))
    audit.append(session, "unban", actor=by, subject=person_key)
    return True


def find_ban(session: Session, person_key: str, *, at: datetime | None = None) -> BanRow | None:
    """The ban that holds at the moment; one that has run out does not count."""
    row = session.get(BanRow, person_key)
    if row is None or (row.until is not None and row.until <= (at or now())):
        return None
    return row


def is_banned(session: Session, person: Person, *, at: datetime | None = None) -> bool:
    return find_ban(session, person.key, at=at) is not None
