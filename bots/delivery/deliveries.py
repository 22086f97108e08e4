"""Which message shows what: the only store of the messages that chats show, and of who is sending one.

A message is claimed before it is sent, so that of several processes one sends it. A claim ends by itself when its
process does not renew it; the process that takes it over then may find that the message was sent after all.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, update

from studio.clock import now
from studio.db.database import Database
from studio.db.deliveries import message_of
from studio.db.sql_dialects import insert_into
from studio.db.tables import DeliveryRow
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject


class Claim(StrEnum):
    OURS = "ours"
    INHERITED = "inherited"  # the process that had it went silent, and may have sent the message
    THEIRS = "theirs"
    SENT = "sent"  # the message is there


def take_claim(database: Database, subject: Subject, channel: str, *, lasts: timedelta) -> Claim:
    """Claim the message of a subject. `channel` is where, or to whom, it is about to be sent."""
    values = {"channel": channel, "claimed_until": now() + lasts, "updated_at": now()}
    with database.begin_single() as session:
        new = {"kind": subject.kind, "subject": subject.id, "platform": subject.platform, "message": ""}
        statement = insert_into(session, DeliveryRow).values(**new, **values, final=False)
        taken = statement.on_conflict_do_nothing().returning(DeliveryRow.subject)
        if session.execute(taken).scalar() is not None:
            return Claim.OURS
    return _take_over(database, subject, channel, lasts=lasts)


def _take_over(database: Database, subject: Subject, channel: str, *, lasts: timedelta) -> Claim:
    """Of a message that was claimed before."""
    with database.begin() as session:
        row = session.get(DeliveryRow, (subject.kind, subject.id), with_for_update=True)
        if row is None:  # it was given back this moment
            return Claim.THEIRS
        if row.message:
            return Claim.SENT
        if row.claimed_until is None:  # once there was no place left to send it to
            row.channel, row.claimed_until, row.updated_at = channel, now() + lasts, now()
            return Claim.OURS
        if row.claimed_until > now():
            return Claim.THEIRS
        row.claimed_until = now() + lasts
        return Claim.INHERITED


def find_message(database: Database, kind: DeliveryKind, subject_id: str) -> MessageRef | None:
    """None while there is no message, also while it is being sent."""
    with database.read() as session:
        return message_of(session, kind, subject_id)


def renew_claim(database: Database, subject: Subject, *, until: datetime) -> None:
    _change_claimed(database, subject, claimed_until=until)


def move_claim(database: Database, subject: Subject, channel: str) -> None:
    """The message is about to go elsewhere: the process that inherits the claim has to look there."""
    _change_claimed(database, subject, channel=channel)


def claimed_channel(database: Database, subject: Subject) -> str | None:
    """The channel, or the person, that the message was to go to."""
    with database.read() as session:
        row = session.get(DeliveryRow, (subject.kind, subject.id))
        return row.channel if row else None


def abandon_claim(database: Database, subject: Subject) -> None:
    """It is not known whether the message was sent: the next process inherits the claim at once."""
    _change_claimed(database, subject, claimed_until=now())


def release_claim(database: Database, subject: Subject) -> None:
    """Nothing was sent after all; the next process may send it."""
    with database.begin_single() as session:
        session.execute(delete(DeliveryRow).where(_is(subject), DeliveryRow.claimed_until.is_not(None)))


def record(database: Database, subject: Subject, ref: MessageRef) -> None:
    """Two processes may record the same message at once; the later one wins, and both name the same message."""
    values = {
        "platform": subject.platform,
        "channel": ref.channel,
        "message": ref.message,
        "thread": ref.thread,
        "claimed_until": None,
        "final": ref.final,
        "updated_at": now(),
    }
    with database.begin_single() as session:
        statement = insert_into(session, DeliveryRow).values(kind=subject.kind, subject=subject.id, **values)
        keys = [DeliveryRow.kind, DeliveryRow.subject]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))


def forget(database: Database, subject: Subject) -> None:
    """The message is gone; a new one may be sent."""
    with database.begin_single() as session:
        session.execute(delete(DeliveryRow).where(_is(subject)))


def _change_claimed(database: Database, subject: Subject, **values: object) -> None:
    claimed = DeliveryRow.claimed_until.is_not(None)
    with database.begin_single() as session:
        session.execute(update(DeliveryRow).where(_is(subject), claimed).values(updated_at=now(), **values))


def _is(subject: Subject) -> ColumnElement[bool]:
    return (DeliveryRow.kind == subject.kind) & (DeliveryRow.subject == subject.id)
