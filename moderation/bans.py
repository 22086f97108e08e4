"""Bans: a person who may not paint, for a while or for good, under none of their names."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from moderation import audit
from studio.clock import now
from studio.db.humans import identities
from studio.db.tables import BanRow
from studio.people import Person


def ban(
    session: Session, person_key: str, *, by: str, reason: str = "", until: datetime | None = None
) -> BanRow:
    """Ban a person, or change a ban. `until` None is for good; `by` is the moderator's key, or the house."""
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
    """The longest ban that holds at the moment, on any identity of the human; one that ran out does not count."""
    at = at or now()
    wanted = BanRow.person_key.in_(identities(session, person_key))
    holding = [row for row in session.scalars(select(BanRow).where(wanted)) if not _ended(row, at)]
    return max(holding, key=lambda row: (row.until is None, row.until or at), default=None)


def is_banned(session: Session, person: Person, *, at: datetime | None = None) -> bool:
    return find_ban(session, person.key, at=at) is not None


def _ended(row: BanRow, at: datetime) -> bool:
    return row.until is not None and row.until <= at
