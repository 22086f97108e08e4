"""Gatherings as rows: each move is one guarded UPDATE from the old state."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Table, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from studio.db import outbox
from studio.db.tables import GatheringRow, OutboxRow
from studio.domain.events import GatheringChanged, GatheringRemark
from studio.domain.gatherings import PAUSED, Gathering
from studio.domain.people import Address, Platform
from studio.errors import NotFoundError
from studio.serialization import from_data, to_data

# Built once: they are read for each press, and by each sweep.
_BY_ID = select(GatheringRow).where(GatheringRow.id == bindparam("gathering_id"))
_LOCKED = _BY_ID.with_for_update(key_share=True).execution_options(populate_existing=True)
_TABLE = cast("Table", GatheringRow.__table__)
_MOVE = update(_TABLE).where(  # from the state in which it was read; the other parameters are the new values
    _TABLE.c.id == bindparam("gathering_id"), _TABLE.c.state == bindparam("state_was")
)
_OPEN = GatheringRow.closed_at.is_(None)
_ENDING = (
    select(GatheringRow.id)
    .where(_OPEN, GatheringRow.phase_ends_at <= bindparam("at"))
    .order_by(GatheringRow.phase_ends_at)
    .limit(bindparam("most"))
)
_OPEN_STATES = select(GatheringRow.id, GatheringRow.state).where(_OPEN).order_by(GatheringRow.changed_at)
_PAUSED = select(GatheringRow).where(_OPEN, GatheringRow.state == PAUSED)


def gathering_of(row: GatheringRow) -> Gathering:
    return Gathering(
        id=row.id,
        kind=row.kind,
        address=from_data(Address, row.address),
        host=row.host,
        state=row.state,
        opened_at=row.opened_at,
        rules=row.rules,
        data=row.data,
        before=row.before,
        round=row.round,
        phase_ends_at=row.phase_ends_at,
        seconds_left=row.seconds_left,
        closed_at=row.closed_at,
        parent_id=row.parent_id,
    )


def add_gathering(session: Session, gathering: Gathering) -> GatheringRow:
    """A new one, without parts, and without a clock until its kind sets one."""
    row = GatheringRow(
        id=gathering.id,
        kind=gathering.kind,
        platform=gathering.address.platform,
        community=gathering.address.home[1],
        channel=gathering.address.channel,
        thread=gathering.address.thread,
        address=to_data(gathering.address),
        host=gathering.host,
        rules=dict(gathering.rules),
        data=dict(gathering.data),
        state=gathering.state,
        round=gathering.round,
        opened_at=gathering.opened_at,
        changed_at=gathering.opened_at,
        parent_id=gathering.parent_id,
    )
    session.add(row)
    session.flush()
    return row


def find_gathering(session: Session, gathering_id: str) -> Gathering:
    """Raises `NotFoundError`."""
    row = session.scalar(_BY_ID, {"gathering_id": gathering_id})
    if row is None:
        raise NotFoundError("gathering", id=gathering_id[:12])
    return gathering_of(row)


def lock_gathering(session: Session, gathering_id: str) -> GatheringRow:
    """The row as it is now; nobody else changes anything in the gathering until the commit. Raises `NotFoundError`."""
    row = session.scalar(_LOCKED, {"gathering_id": gathering_id})
    if row is None:
        raise NotFoundError("gathering", id=gathering_id[:12])
    return row


def move(session: Session, row: GatheringRow, *, at: datetime, **values: Any) -> bool:
    """Change a row while it is in the state in which it was read. False: somebody was quicker."""
    read = {"gathering_id": row.id, "state_was": row.state}
    result = session.execute(_MOVE, {**read, **values, "changed_at": at})
    session.refresh(row)
    return cast("CursorResult[Any]", result).rowcount == 1


def write_changed(session: Session, row: GatheringRow) -> OutboxRow:
    return outbox.write(session, GatheringChanged(gathering_id=row.id, platform=Platform(row.platform)))


def write_remark(
    session: Session, row: GatheringRow, code: str, values: Mapping[str, str | int], **to: Any
) -> OutboxRow:
    """`to` are the fields of a `GatheringRemark` that say to whom, and its number."""
    platform = Platform(row.platform)
    remark = GatheringRemark(gathering_id=row.id, platform=platform, code=code, values=dict(values), **to)
    return outbox.write(session, remark)


def open_in_channel(session: Session, address: Address) -> Sequence[Gathering]:
    """What is open in a channel and its threads, the oldest first."""
    places = {place for place in (address.channel, address.thread, address.parent) if place}
    return [found for found in open_in_community(session, address) if places & set(_places_of(found))]


def open_in_community(session: Session, address: Address) -> Sequence[Gathering]:
    query = select(GatheringRow).where(_OPEN, in_community(*address.home))
    rows = session.scalars(query.order_by(GatheringRow.opened_at, GatheringRow.id))
    return [gathering_of(row) for row in rows]


def in_community(platform: str, community: str) -> ColumnElement[bool]:
    """The condition for the gatherings of a community, named as in `Address.home`.

    Older rows name a Slack workspace together with its organisation.
    """
    named = GatheringRow.community == community
    if platform == Platform.SLACK:
        named = or_(named, GatheringRow.community.endswith(f":{community}", autoescape=True))
    return and_(GatheringRow.platform == platform, named)


def _places_of(gathering: Gathering) -> Collection[str]:
    return gathering.address.places


def find_ending(session: Session, *, at: datetime, most: int) -> list[str]:
    """The ids of those whose phase, or whose clock while they are stopped, has ended by `at`."""
    return list(session.scalars(_ENDING, {"at": at, "most": most}))


def find_open_states(session: Session) -> Mapping[str, str]:
    """The states of all that are open by their ids, those first that were changed longest ago."""
    return {row[0]: row[1] for row in session.execute(_OPEN_STATES)}


def find_paused(session: Session) -> list[GatheringRow]:
    """All that are open and paused."""
    return list(session.scalars(_PAUSED))


def find_hosted(session: Session, hosts: Collection[str]) -> list[str]:
    """The ids of the gatherings that these people opened."""
    query = select(GatheringRow.id).where(GatheringRow.host.in_(hosts))
    return list(session.scalars(query.order_by(GatheringRow.id)))


def find_open(session: Session, communities: Collection[tuple[str, str]]) -> list[GatheringRow]:
    """The open gatherings of these communities, by platform and id."""
    if not communities:
        return []
    here = or_(*(in_community(platform, community) for platform, community in communities))
    query = select(GatheringRow).where(_OPEN, here)
    return list(session.scalars(query.order_by(GatheringRow.id)))
