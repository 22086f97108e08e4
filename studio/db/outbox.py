"""Durable events, written in the transaction that makes them true and sent after it."""

import itertools
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.database import Database
from studio.db.tables import OutboxRow
from studio.errors import QueueUnavailable
from studio.events import EVENT_KINDS, Event
from studio.ports import Events
from studio.wire import from_data, to_data

_BATCH = 200
_KEPT = timedelta(days=2)
_MOST_AT_ONCE = 20
_PACE = timedelta(seconds=1)  # Slack takes about one edit a second, and people wait for answers meanwhile

log = logging.getLogger(__name__)


def write(session: Session, event: Event) -> OutboxRow:
    row = OutboxRow(kind=type(event).__name__, payload=to_data(event), created_at=now())
    session.add(row)
    return row


def pace(rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    """The events of the first 20 messages, to send after the commit; the sweeper sends the others, a message a second.

    For changes that lead to edits of many messages. Call it before the commit, with the events of a message together.
    """
    at_once: list[OutboxRow] = []
    messages = itertools.groupby(
        rows, key=lambda row: row.payload.get("case_id") or row.payload.get("job_id")
    )
    for number, (_, events) in enumerate(messages):
        if number < _MOST_AT_ONCE:
            at_once.extend(events)
            continue
        for row in events:
            row.created_at += (number - _MOST_AT_ONCE + 1) * _PACE
    return at_once


def send(database: Database, events: Events, rows: Iterable[OutboxRow]) -> None:
    """Send what a committed transaction wrote. If the queue is away, the sweeper sends it later."""
    sent: list[int] = []
    try:
        for row in rows:
            if event := _read(row):
                events.publish(event)
            sent.append(row.id)
    except QueueUnavailable:
        pass
    if sent:
        with database.begin() as session:
            session.execute(update(OutboxRow).where(OutboxRow.id.in_(sent)).values(published_at=now()))


def _read(row: OutboxRow) -> Event | None:
    """None for what cannot be read: it would keep all later events from being sent."""
    try:
        return from_data(EVENT_KINDS[row.kind], row.payload)
    except ValueError:
        log.exception("event skipped: unreadable", extra={"outbox_id": row.id, "kind": row.kind})
        return None


def send_unsent(database: Database, events: Events, *, before: datetime) -> int:
    """Send events committed before `before` and never sent; forget old ones. Returns how many it found."""
    with database.read() as session:
        known = OutboxRow.kind.in_(sorted(EVENT_KINDS))  # a newer version may have written others
        query = select(OutboxRow).where(
            known, OutboxRow.published_at.is_(None), OutboxRow.created_at < before
        )
        rows = list(session.scalars(query.order_by(OutboxRow.id).limit(_BATCH)))
    send(database, events, rows)
    with database.begin() as session:
        session.execute(delete(OutboxRow).where(OutboxRow.published_at < now() - _KEPT))
    return len(rows)
