"""Gatherings go on although nobody presses anything: the sweeper and the workers call this, at any time."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from studio.db import outbox, sql_dialects
from studio.db.database import Database
from studio.db.gatherings import gathering_rows, part_rows, sponsors
from studio.db.settings import find_paused_communities
from studio.db.tables import GatheringRow
from studio.domain.gatherings import INTERRUPTED, PAUSED, STOPPED
from studio.errors import ChatelierError, NotFoundError
from studio.gatherings.kind import Turn
from studio.gatherings.pausable_clocks import resume, stop
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
        if turn.row.closed_at is None and turn.row.state not in STOPPED:
            stop(turn, INTERRUPTED)
            turn.remark("interrupted", person=turn.row.host, private=True, id=turn.row.id)

    _move(database, events, gathering_id, halt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The ids of gatherings in which something is to be done, by what it is."""

    to_stop: Sequence[str]
    to_resume: Sequence[str]
    to_advance: Sequence[str]
    wanting: Sequence[str]


def sweep(database: Database, events: Events) -> int:
    """Do everything that is due in all gatherings; how many moved on. Two sweeps at once do no harm."""
    with database.read() as session:
        due = _find_due(session)
    for gathering_id in due.to_stop:
        _move(database, events, gathering_id, _stop_with_community)
    for gathering_id in due.to_resume:
        _move(database, events, gathering_id, _go_on_with_community)
    for gathering_id in due.to_advance:
        try:
            advance(database, events, gathering_id)
        except ChatelierError:
            raise
        except Exception:  # a defect of one kind must not keep the other gatherings from going on
            log.exception("gathering not advanced: unexpected error", extra={"gathering": gathering_id})
    for gathering_id in due.wanting:
        _move(database, events, gathering_id, _mark_changed)
    return len(due.to_advance)


def _find_due(session: Session) -> Due:
    """While moderators have paused a community nobody can act, so no clock of its gatherings runs."""
    at = sql_dialects.database_now(session)
    paused = find_paused_communities(session)
    to_stop = [row.id for row in gathering_rows.find_open(session, paused) if not _is_stopped(row)]
    states = gathering_rows.find_open_states(session)
    to_resume = [
        row.id
        for row in (gathering_rows.find_paused(session) if PAUSED in states.values() else ())
        if row.data.get(BY_COMMUNITY) and gathering_rows.gathering_of(row).address.home not in paused
    ]
    ending = gathering_rows.find_ending(session, at=at, most=_MOST_AT_ONCE) if states else ()
    going_on = [gathering_id for gathering_id, state in states.items() if state not in STOPPED]
    moved = part_rows.find_due(session, going_on, at=at)
    to_advance = sorted({*ending, *moved} - {*to_stop})
    wanting = part_rows.find_wanting(session, going_on, before=at - _WANTED_FOR)
    return Due(
        to_stop=to_stop,
        to_resume=to_resume,
        to_advance=to_advance,
        wanting=sorted({*wanting} - {*to_advance}),
    )


def return_sponsored_credits(database: Database) -> int:
    """What came back to sponsors' accounts after their gatherings had ended; of how many gatherings. Run every hour."""
    with database.read() as session:
        at = sql_dialects.database_now(session)
        found = sponsors.find_unreturned(session, at=at)
    for gathering_id, host in found:
        with database.begin() as session:
            sponsors.give_back(session, gathering_id, host, at=at)
    return len(found)


def _mark_changed(turn: Turn) -> None:
    turn.changed = True


def _is_stopped(row: GatheringRow) -> bool:
    return gathering_rows.gathering_of(row).is_stopped


def _stop_with_community(turn: Turn) -> None:
    if turn.row.closed_at is None and turn.row.state not in STOPPED:
        stop(turn, PAUSED)
        turn.write_data(**{BY_COMMUNITY: True})


def _go_on_with_community(turn: Turn) -> None:
    if turn.row.state == PAUSED:
        turn.write_data(**{BY_COMMUNITY: False})
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
