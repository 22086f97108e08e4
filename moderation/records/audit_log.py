"""What moderators and the gate did, in a chain that shows any later change.

Each entry's hash covers its number, time, action, a salted hash of its personal content, and the hash of the entry
before. Content may be erased when a person asks: the salted hash stays, so the chain still holds and tells nothing.
An entry `erase` names the numbers of the entries that were erased, so that one emptied by hand shows. A chain cannot
show that its newest entries were cut off: compare `head` with one that was noted elsewhere.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, text, update
from sqlalchemy.orm import Session

from moderation.records.tables import AuditRow
from studio.clock import now
from studio.db.sql_dialects import is_postgresql

FIRST_HASH = "0" * 64
FIELDS = tuple(column.name for column in AuditRow.__table__.columns)
ERASE = "erase"
HOUSE = "house"  # who acts when no person does
_BATCH = 500
_ADVISORY_LOCK = 0x61_75_64_69_74  # "audit"; any number that nobody else locks


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """`broken_at` is the number of the first entry that does not fit; None: the chain is whole."""

    entries: int
    erased: int
    head: str
    broken_at: int | None = None

    @property
    def whole(self) -> bool:
        return self.broken_at is None


def append(
    session: Session,
    action: str,
    *,
    actor: str,
    subject: str = "",
    details: Mapping[str, Any] | None = None,
) -> AuditRow:
    """Add an entry. `details` hold ids and rules, never prompts. It is part of the session's transaction.

    Appending locks the chain until the transaction ends, so it belongs at its end.
    """
    lock(session)
    last = session.scalar(select(AuditRow).order_by(AuditRow.number.desc()).limit(1))
    row = AuditRow(
        number=last.number + 1 if last else 1,
        at=now(),
        action=action,
        actor=actor,
        subject=subject,
        details=dict(details or {}),
        salt=secrets.token_hex(16),
        previous_hash=last.entry_hash if last else FIRST_HASH,
    )
    row.content_hash = _content_hash(row)
    row.entry_hash = _entry_hash(row)
    session.add(row)
    session.flush()
    return row


def lock(session: Session) -> None:
    """SQLite writers go one by one anyway."""
    if is_postgresql(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


def verify(session: Session) -> Verified:
    """Walk the whole chain. A break in it is told before an entry that was emptied by hand."""
    previous, count = FIRST_HASH, 0
    emptied = _Emptied()
    for row in _rows(session):
        count += 1
        forgotten = row.salt is None
        fits = row.number == count and row.previous_hash == previous and row.entry_hash == _entry_hash(row)
        content_fits = _is_empty(row) if forgotten else row.content_hash == _content_hash(row)
        if not (fits and content_fits):
            return Verified(
                entries=_count(session), erased=emptied.count, head=previous, broken_at=row.number
            )
        emptied.read(row)
        previous = row.entry_hash
    return Verified(entries=count, erased=emptied.count, head=previous, broken_at=emptied.first_by_hand())


class _Emptied:
    """The entries without content, and those for which an `erase` entry stands."""

    def __init__(self) -> None:
        self._numbers: set[int] = set()
        self.count = 0

    def read(self, row: AuditRow) -> None:
        if row.salt is None:
            self._numbers.add(row.number)
            self.count += 1
        elif row.action == ERASE and row.details:
            for first, last in row.details.get("ranges", ()):
                self._numbers.difference_update(range(first, min(last, row.number - 1) + 1))

    def first_by_hand(self) -> int | None:
        return min(self._numbers, default=None)


def erase(session: Session, person_key: str) -> int:
    """Forget the content of every entry about or by a person, and note which. The chain still holds."""
    return _empty(session, or_(AuditRow.actor == person_key, AuditRow.subject == person_key))


def expire(session: Session, *, before: datetime) -> int:
    """Forget the content of every entry older than `before`; how many that were. The chain still holds."""
    return _empty(session, AuditRow.at < before)


def _empty(session: Session, which: ColumnElement[bool]) -> int:
    """`erase` entries stay: they say nothing of a person, and stand for those that they emptied."""
    lock(session)
    wanted = which & AuditRow.salt.is_not(None) & (AuditRow.action != ERASE)
    numbers = session.scalars(select(AuditRow.number).where(wanted).order_by(AuditRow.number)).all()
    if not numbers:
        return 0
    session.execute(update(AuditRow).where(wanted).values(actor=None, subject=None, details=None, salt=None))
    details = {"entries": len(numbers), "ranges": ranges_of(numbers)}
    append(session, ERASE, actor=HOUSE, details=details)
    return len(numbers)


def ranges_of(numbers: Sequence[int]) -> list[list[int]]:
    """The first and the last number of each run without a gap, of numbers in ascending order."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def export(session: Session) -> Iterator[dict[str, Any]]:
    """Every entry as plain data with the keys `FIELDS`, oldest first."""
    for row in _rows(session):
        yield {field: getattr(row, field) for field in FIELDS} | {"at": row.at.isoformat()}


def has_hash(session: Session, entry_hash: str) -> bool:
    return session.scalar(select(AuditRow.number).where(AuditRow.entry_hash == entry_hash)) is not None


def _rows(session: Session) -> Iterator[AuditRow]:
    """In batches, so that a long chain needs little memory and an early end leaves no cursor open."""
    last = 0
    while batch := session.scalars(
        select(AuditRow).where(AuditRow.number > last).order_by(AuditRow.number).limit(_BATCH)
    ).all():
        last = batch[-1].number
        for row in batch:
            yield row
            session.expunge(row)


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(AuditRow)) or 0


def _is_empty(row: AuditRow) -> bool:
    return row.actor is None and row.subject is None and row.details is None


def _content_hash(row: AuditRow) -> str:
    return _digest([row.salt, row.actor, row.subject, row.details])


def _entry_hash(row: AuditRow) -> str:
    at: datetime = row.at.astimezone(UTC)
    return _digest([row.number, at.isoformat(), row.action, row.content_hash, row.previous_hash])


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
