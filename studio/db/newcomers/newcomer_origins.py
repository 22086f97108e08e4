"""From where people come in, where anybody may be somebody new: what newcomers share, and what a ban meets."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.identities.linked_identities import identities
from studio.db.sessions.read_memo import note, read_once, recall
from studio.db.sql_dialects import insert_into
from studio.db.tables import BanRow, PersonRow
from studio.db.tables.identities import OriginRow
from studio.domain.people import Person

ADDRESS = "address:"
INVITE = "invite:"
FIRST_DAY = timedelta(days=1)  # for so long after they were first seen, people are newcomers
RETENTION = timedelta(days=30)  # and as long as the person is banned

# Built once: the answer to each request asks them.
_ORIGINS = select(OriginRow.origin).where(OriginRow.person_key == bindparam("person_key"))
_FIRST_SEEN = select(func.min(PersonRow.first_seen_at)).where(
    PersonRow.key.in_(bindparam("keys", expanding=True))
)
_ARRIVED_FROM = _ORIGINS.where(OriginRow.origin.startswith(ADDRESS), OriginRow.arrived, ~OriginRow.excused)
_FROM_THERE = select(OriginRow.person_key).where(
    OriginRow.origin.in_(_ARRIVED_FROM), OriginRow.person_key != bindparam("person_key")
)
INHERITED_BANS = select(BanRow).where(
    BanRow.person_key.in_(_FROM_THERE), or_(BanRow.until.is_(None), BanRow.until > bindparam("at"))
)


def record_origin(
    session: Session, person_key: str, origins: Sequence[str], *, arrived: bool = False
) -> None:
    """Somebody was seen coming from there; `arrived`: as a newcomer. What is older than `RETENTION` goes."""
    for origin in sorted(origins):
        statement = insert_into(session, OriginRow).values(
            person_key=person_key, origin=origin, seen_at=now(), arrived=arrived, excused=False
        )
        latest = {"seen_at": statement.excluded.seen_at}
        keys = [OriginRow.person_key, OriginRow.origin]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_=latest))
    old = OriginRow.seen_at < now() - RETENTION
    session.execute(delete(OriginRow).where(old, OriginRow.person_key.not_in(select(BanRow.person_key))))


def find_first_seen(session: Session, person_key: str) -> datetime | None:
    """When a human was first seen under any of their names; None for somebody unknown."""

    def load() -> datetime | None:
        return session.scalar(_FIRST_SEEN, {"keys": identities(session, person_key)})

    return read_once(session, ("first_seen", person_key), load)


def note_origins(session: Session, person_key: str, *, seen_at: datetime | None, has_any: bool) -> None:
    """What `find_first_seen` would read, and of somebody without an origin that there is none."""
    note(session, ("first_seen", person_key), seen_at)
    note_origin(session, person_key, has_any=has_any)


def note_origin(session: Session, person_key: str, *, has_any: bool) -> None:
    """That somebody has no origin, where it is so."""
    if not has_any:
        note(session, ("origins", person_key), ())


def has_no_origin(session: Session, person_key: str) -> bool:
    """Whether it was noted. False says nothing."""
    known: tuple[str, ...] | None = recall(session, ("origins", person_key))
    return known == ()


def note_unbanned(session: Session, person_key: str) -> None:
    """No ban is recorded on any identity of the human, nor on anybody who came from where they came from."""
    note(session, ("unbanned", person_key), True)


def is_known_unbanned(session: Session, person_key: str) -> bool:
    """Whether that was noted. False says nothing."""
    return recall(session, ("unbanned", person_key)) is True


def of_newcomer(session: Session, person: Person, *, since: datetime) -> tuple[str, ...]:
    """The origins of somebody who was not known before `since`; none for everybody else, and for moderators."""
    if person.moderates:
        return ()

    def load() -> tuple[str, ...]:
        return tuple(session.scalars(_ORIGINS, {"person_key": person.key}))

    origins = read_once(session, ("origins", person.key), load)
    if not origins:
        return ()
    seen_at = find_first_seen(session, person.key)
    return origins if seen_at is None or seen_at >= since else ()


def find_inherited_bans(session: Session, person_key: str, *, at: datetime) -> list[BanRow]:
    """The bans at `at` on others that were there before this person came in from an address of theirs.

    People who were known before the ban, or came in from elsewhere, are not meant: an address may be shared by many.
    """
    rows = session.scalars(INHERITED_BANS, {"person_key": person_key, "at": at}).all()
    return without_later_ones(session, person_key, rows)


def without_later_ones(session: Session, person_key: str, rows: Sequence[BanRow]) -> list[BanRow]:
    """Of bans on others from where this person came in, those that were there before this person."""
    if not rows:
        return []
    seen_at = find_first_seen(session, person_key)
    return [row for row in rows if seen_at is None or row.created_at < seen_at]


def excuse_from_bans(session: Session, person_key: str) -> None:
    """Bans on others from where this person came do not concern them."""
    session.execute(update(OriginRow).where(OriginRow.person_key == person_key).values(excused=True))


def forget(session: Session, keys: Sequence[str]) -> None:
    session.execute(delete(OriginRow).where(OriginRow.person_key.in_(keys)))


def hand_over(session: Session, key: str, nobody: PersonRow) -> None:
    """What a newcomer used counts for the others from there until the first day is over, also when they were forgotten.

    Else forgetting would be the way to a fresh share. The origins are kept for the nameless row, and no longer.
    """
    if nobody.first_seen_at < now() - FIRST_DAY:
        return
    over_at = nobody.first_seen_at + FIRST_DAY
    for origin in session.scalars(select(OriginRow.origin).where(OriginRow.person_key == key)).all():
        session.add(OriginRow(person_key=nobody.key, origin=origin, seen_at=over_at - RETENTION))
    session.flush()
