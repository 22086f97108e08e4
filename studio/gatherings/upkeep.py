"""Gatherings go on although nobody presses anything: the sweeper and the workers call this, at any time."""

import logging
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from studio.db import outbox, sql_dialects
from studio.db.database import Database
from studio.db.gatherings import gathering_rows, part_rows, sponsors
from studio.db.settings import find_paused_communities
from studio.db.tables import GatheringRow
from studio.domain.gatherings import INTERRUPTED, PAUSED
from studio.errors import ChatelierError, NotFoundError
from studio.gatherings.clocks import resume, stop
from studio.gatherings.kind import Turn
from studio.gatherings.progress import catch_up
from studio.gatherings.registry import find_kind
from studio.ports import Events

BY_COMMUNITY = "paused_by_community"  # among what a gathering keeps: it goes on with its community
_MOST_AT_ONCE = 200
_WANTED_FOR = timedelta(seconds=10)  # and no front end has submitted the job: they are told once more

log = logging.getLogger(__name__)


def advance(database: Database, events: Events, gathering_id: str) -> None:
    """Do everything in a gathering that is due."""
    _move(database, events, gathering_id, catch_up)


def interrupt(database: Database, events: Events, gathering_id: str) -> None:
    """Its channel or thread is closed: its clocks stand still, and its host is told, once."""

    def halt(turn: Turn) -> None:
        if turn.row.closed_at is None and not turn.gathering.is_stopped:
            stop(turn, INTERRUPTED)
            turn.remark("interrupted", person=turn.row.host, private=True, id=turn.row.id)

    _move(database, events, gathering_id, halt)


def sweep(database: Database, events: Events) -> int:
    """Do everything that is due in all gatherings; how many that were. Two sweeps at once do no harm."""
    _follow_communities(database, events)
    with database.read() as session:
        at = sql_dialects.database_now(session)
        ending = gathering_rows.find_ending(session, at=at, most=_MOST_AT_ONCE)
        due = part_rows.find_due(session, at=at, most=_MOST_AT_ONCE)
        wanting = part_rows.find_wanting(session, before=at - _WANTED_FOR, most=_MOST_AT_ONCE)
    found = sorted({*ending, *due})
    for gathering_id in found:
        try:
            advance(database, events, gathering_id)
        except ChatelierError:
            raise
        except Exception:  # a defect of one kind must not keep the other gatherings from going on
            log.exception("gathering not advanced: unexpected error", extra={"gathering": gathering_id})
    for gathering_id in sorted({*wanting} - {*found}):
        _move(database, events, gathering_id, _tell_again)
    return len(found)


def return_sponsored_credits(database: Database) -> int:
    """What came back to sponsors' accounts after their gatherings had ended; of how many gatherings. Run every hour."""
    with database.read() as session:
        at = sql_dialects.database_now(session)
        found = sponsors.find_unreturned(session, at=at)
    for gathering_id, host in found:
        with database.begin() as session:
            sponsors.give_back(session, gathering_id, host, at=at)
    return len(found)


def _tell_again(turn: Turn) -> None:
    turn.changed = True


def _follow_communities(database: Database, events: Events) -> None:
    """While moderators have paused a community nobody can act, so no clock of its gatherings runs."""
    with database.read() as session:
        paused = find_paused_communities(session)
        to_stop = [row.id for row in gathering_rows.find_open(session, paused) if not _is_stopped(row)]
        query = select(GatheringRow).where(GatheringRow.closed_at.is_(None), GatheringRow.state == PAUSED)
        to_resume = [
            row.id
            for row in session.scalars(query)
            if row.data.get(BY_COMMUNITY) and (row.platform, row.community) not in paused
        ]
    for gathering_id in to_stop:
        _move(database, events, gathering_id, _stop_with_community)
    for gathering_id in to_resume:
        _move(database, events, gathering_id, _go_on_with_community)


def _is_stopped(row: GatheringRow) -> bool:
    return gathering_rows.gathering_of(row).is_stopped


def _stop_with_community(turn: Turn) -> None:
    if turn.row.closed_at is None and not turn.gathering.is_stopped:
        stop(turn, PAUSED)
        turn.keep(**{BY_COMMUNITY: True})


def _go_on_with_community(turn: Turn) -> None:
    if turn.row.state == PAUSED:
        turn.keep(**{BY_COMMUNITY: False})
        resume(turn)


def _move(database: Database, events: Events, gathering_id: str, change: Callable[[Turn], None]) -> None:
    try:
        with database.begin() as session:
            turn = Turn.begin(session, gathering_id, find_kind)
            change(turn)
            written = turn.finish()
    except NotFoundError:  # of a kind that this version does not know
        return
    outbox.send(database, events, written)
