"""Durable events, written in the transaction that makes them true and sent after it."""

import itertools
import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

from sqlalchemy import Select, Table, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.database import Database
from studio.db.tables import DeliveryRow, JobRow, OutboxRow
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import EVENT_KINDS, Event, JobChanged, JobEnded
from studio.domain.jobs import ENDED, WITH_MESSAGE
from studio.domain.people import Platform
from studio.errors import QueueUnavailableError
from studio.serialization import from_data, to_data

_BATCH = 200
RETENTION = timedelta(days=2)
_MOST_AT_ONCE = 20
_PACE = timedelta(seconds=1)  # Slack takes about one edit a second, and people wait for answers meanwhile
_CHECK_AFTER = timedelta(minutes=1)
_MOST_ATTEMPTS = 12
_TELL_OF_AN_END = frozenset({JobEnded.__name__, JobChanged.__name__})
_TABLE = cast("Table", OutboxRow.__table__)
_CHANGE = update(_TABLE).where(
    _TABLE.c.id == bindparam("outbox_id")
)  # the other parameters are the new values
# The same for one event, as a part of another statement on PostgreSQL.
_VALUES = ("published_at", "check_at", "attempts")
MARK_ONE_PUBLISHED = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("event_outbox_id"))
    .values({name: bindparam(f"event_{name}", type_=_TABLE.c[name].type) for name in _VALUES})
    .returning(_TABLE.c.id)
)

log = logging.getLogger(__name__)


class EventPublisher(Protocol):
    """What sends events; `studio.ports.Events` does."""

    def publish(self, event: Event) -> None:
        """Raises `QueueUnavailableError`."""


def write(session: Session, event: Event) -> OutboxRow:
    row = OutboxRow(kind=type(event).__name__, payload=to_data(event), created_at=now())
    session.add(row)
    return row


def pace(rows: Sequence[OutboxRow], *, earlier: int = 0) -> list[OutboxRow]:
    """The events of the first 20 messages, to send after the commit; the sweeper sends the others, a message a second.

    For changes that lead to edits of many messages. Call it before the commit, with the events of a message together.
    `earlier` messages were paced before these, in transactions of their own.
    """
    at_once: list[OutboxRow] = []
    messages = itertools.groupby(
        rows, key=lambda row: row.payload.get("case_id") or row.payload.get("job_id")
    )
    for number, (_, events) in enumerate(messages, start=earlier):
        if number < _MOST_AT_ONCE:
            at_once.extend(events)
            continue
        for row in events:
            row.created_at += (number - _MOST_AT_ONCE + 1) * _PACE
    return at_once


def send(database: Database, events: EventPublisher, rows: Iterable[OutboxRow]) -> None:
    """Send what a committed transaction wrote. If the queue is away, the sweeper sends it later."""
    if sent := publish(events, rows):
        with database.begin_single() if len(sent) == 1 else database.begin() as session:
            mark_published(session, sent)


def publish(events: EventPublisher, rows: Iterable[OutboxRow]) -> list[OutboxRow]:
    """Those that were sent, for `mark_published`. What is not marked is sent once more."""
    sent: list[OutboxRow] = []
    try:
        for row in rows:
            if event := _read(row):
                events.publish(event)
            sent.append(row)
    except QueueUnavailableError:
        pass
    return sent


def mark_published(session: Session, sent: Sequence[OutboxRow]) -> None:
    if sent:
        session.execute(_CHANGE, [_published_values(row, at=now()) for row in sent])


def values_of_one(row: OutboxRow, *, at: datetime) -> dict[str, Any]:
    """The parameters of `MARK_ONE_PUBLISHED`."""
    return {f"event_{name}": value for name, value in _published_values(row, at=at).items()}


def _published_values(row: OutboxRow, *, at: datetime) -> dict[str, Any]:
    check_at = at + _CHECK_AFTER * 2**row.attempts if row.kind in _TELL_OF_AN_END else None
    return {"outbox_id": row.id, "published_at": at, "check_at": check_at, "attempts": row.attempts + 1}


def _read(row: OutboxRow) -> Event | None:
    """None for what cannot be read: it would keep all later events from being sent."""
    try:
        return from_data(EVENT_KINDS[row.kind], row.payload)
    except ValueError:
        log.exception("event skipped: unreadable", extra={"outbox_id": row.id, "kind": row.kind})
        return None


def send_unsent(
    database: Database, events: EventPublisher, *, before: datetime, keep: timedelta = RETENTION
) -> int:
    """Send events committed before `before` and never sent; forget those sent longer ago than `keep`.

    Returns how many it found.
    """
    with database.read() as session:
        known = OutboxRow.kind.in_(sorted(EVENT_KINDS))  # a newer version may have written others
        query = select(OutboxRow).where(
            known, OutboxRow.published_at.is_(None), OutboxRow.created_at < before
        )
        rows = list(session.scalars(query.order_by(OutboxRow.id).limit(_BATCH)))
    send(database, events, rows)
    with database.begin() as session:
        # Written so that SQLite looks for the old ones, not for all without a check, which are nearly all.
        unchecked = func.coalesce(OutboxRow.check_at, OutboxRow.published_at) == OutboxRow.published_at
        old = (OutboxRow.published_at < now() - keep) & unchecked
        session.execute(delete(OutboxRow).where(old), execution_options={"synchronize_session": False})
    return len(rows)


def send_undelivered(database: Database, events: EventPublisher, *, at: datetime) -> None:
    """Publish again the ends of jobs that no message shows: Redis, or a restored database, may have lost the event.

    It is looked for 1, 2, 4 … minutes after each publication, up to three days in all. A front end that has shown it
    meanwhile edits the same message.
    """
    with database.begin() as session:
        due = select(OutboxRow).where(OutboxRow.check_at < at).order_by(OutboxRow.check_at, OutboxRow.id)
        rows = list(session.scalars(due.limit(_BATCH)))
        job_ids = [row.payload["job_id"] for row in rows]
        undelivered = set(session.scalars(_select_undelivered(job_ids))) if rows else set()
        latest = {row.payload["job_id"]: row for row in rows}  # one event for each job will do
        lost = [row for job_id, row in latest.items() if job_id in undelivered]
        for row in rows:
            if row not in lost or row.attempts >= _MOST_ATTEMPTS:
                row.check_at = None
    for row in lost:
        log.warning(
            "job result not delivered: %s",
            "publishing again" if row.check_at else "no attempts left",
            extra={"job_id": row.payload["job_id"], "attempts": row.attempts},
        )
    send(database, events, [row for row in lost if row.check_at])


def _select_undelivered(job_ids: Collection[str]) -> Select[str]:
    """Those of the jobs that ended without a final message. The web page reads its jobs from the database itself."""
    unseen = or_(DeliveryRow.subject.is_(None), DeliveryRow.final.is_(False))
    of_job = (DeliveryRow.kind == DeliveryKind.JOB) & (DeliveryRow.subject == JobRow.id)
    return (
        select(JobRow.id)
        .outerjoin(DeliveryRow, of_job)
        .where(
            JobRow.id.in_(job_ids),
            JobRow.platform != Platform.WEB,
            JobRow.visibility.in_(WITH_MESSAGE),  # others are shown by their gathering
            JobRow.state.in_(sorted(ENDED)),
            unseen,
        )
    )
