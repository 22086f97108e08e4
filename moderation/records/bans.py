"""Bans: a person who may not paint, for a while or for good, under none of their names.

A ban holds in every community that a human is known in, and is lifted where it was imposed: the person who moderates
somewhere else can neither lift nor shorten it.
"""

from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from moderation.records import audit_log
from studio.clock import now
from studio.db.identities.linked_identities import identities
from studio.db.newcomers import newcomer_origins
from studio.db.tables import BanRow
from studio.domain.people import Person

_OF_THESE = select(BanRow).where(BanRow.person_key.in_(bindparam("keys", expanding=True)))
_OF_THESE_OR_INHERITED = select(BanRow).from_statement(_OF_THESE.union(newcomer_origins.INHERITED_BANS))


def ban(
    session: Session, person_key: str, *, by: str, reason: str = "", until: datetime | None = None
) -> BanRow:
    """Ban a person, or change a ban. `until` None is for good; `by` is the moderator's key, or the instance's there.

    One that holds on a name in another community, imposed by its moderators, stays as it is.
    """
    row = session.get(BanRow, person_key) or BanRow(person_key=person_key)
    if (
        row.banned_by
        and not _has_ended(row, now())
        and not may_lift(row, by)
        and _home(person_key) != _home(by)
    ):
        return row
    if not row.banned_by or _has_ended(row, now()):  # else it has held since then
        row.created_at = now()
    row.until = until
    row.reason = reason
    row.banned_by = by
    session.add(row)
    session.flush()
    ends = until.isoformat() if until else None
    audit_log.append(session, "ban", actor=by, subject=person_key, details={"until": ends, "reason": reason})
    return row


def unban(session: Session, person_key: str, *, by: str) -> bool:
    """False: there was no ban, or it is not theirs to lift."""
    row = session.get(BanRow, person_key)
    if row is None or not may_lift(row, by):
        return False
    session.execute(delete(BanRow).where(BanRow.person_key == person_key))
    audit_log.append(session, "unban", actor=by, subject=person_key)
    return True


def may_lift(row: BanRow, by: str) -> bool:
    """Whether the person with the key `by` acts where the ban was imposed."""
    return not _home(row.banned_by) or _home(row.banned_by) == _home(by)


def holding(session: Session, person_key: str, *, at: datetime | None = None) -> list[BanRow]:
    """The bans that hold at the moment, on any identity of the human."""
    at = at or now()
    if newcomer_origins.is_known_unbanned(session, person_key):
        return []
    found = session.scalars(_OF_THESE, {"keys": identities(session, person_key)})
    return [row for row in found if not _has_ended(row, at)]


def find_ban(session: Session, person_key: str, *, at: datetime | None = None) -> BanRow | None:
    """The longest ban that holds at the moment, on any identity of the human; one that ran out does not count."""
    at = at or now()
    found = holding(session, person_key, at=at)
    return max(found, key=lambda row: (row.until is None, row.until or at), default=None)


def bans_in_force(session: Session, person: Person, *, at: datetime | None = None) -> list[BanRow]:
    """Bans on any identity of the human, or on somebody from the same network whom they may be under a new name."""
    at = at or now()
    if person.moderates:
        return holding(session, person.key, at=at)
    if newcomer_origins.is_known_unbanned(session, person.key):
        return []
    keys = identities(session, person.key)
    found = session.scalars(_OF_THESE_OR_INHERITED, {"keys": keys, "person_key": person.key, "at": at}).all()
    own = [row for row in found if row.person_key in keys and not _has_ended(row, at)]
    others = [row for row in found if row.person_key not in keys]
    return own + newcomer_origins.without_later_ones(session, person.key, others)


def _home(person_key: str) -> str:
    """Platform and community of a key; empty for what is none, such as the instance's older bans."""
    return person_key.rpartition(":")[0]


def _has_ended(row: BanRow, at: datetime) -> bool:
    return row.until is not None and row.until <= at
