"""Parts of gatherings as rows: each has one owner at most, since each move is one guarded UPDATE."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Select, Table, bindparam, select, update
from sqlalchemy.orm import Session

from studio.db import sql_dialects
from studio.db.tables import GatheringPartRow, GatheringRow, JobRow, PictureRow
from studio.domain.gatherings import OPEN_TURNS, WITH_JOB, Claim, Part, PartState
from studio.domain.jobs import ENDED, JobState

_IDS_AT_ONCE = 500
NOBODYS: Mapping[str, Any] = {  # of a part that is free again
    "human": None,
    "person_key": None,
    "job": None,
    "picture": None,
    "text": "",
    "claimed_at": None,
    "attempts": 0,
}

# Built once: they are read several times for each press, and by each sweep.
_ALL_PARTS = (
    select(GatheringPartRow)
    .where(GatheringPartRow.gathering == bindparam("gathering_id"))
    .order_by(GatheringPartRow.ordinal)
    .execution_options(populate_existing=True)
)
_TABLE = cast("Table", GatheringPartRow.__table__)
_CHANGE = update(_TABLE).where(  # as it was read; the other parameters are the new values
    _TABLE.c.gathering == bindparam("of"),
    _TABLE.c.ordinal == bindparam("number"),
    _TABLE.c.state == bindparam("state_was"),
    _TABLE.c.human.is_not_distinct_from(bindparam("human_was")),
)
_SHOWN = GatheringPartRow.state.in_([PartState.CHOOSING, PartState.SET])
_DELETED = (
    select(PictureRow.id)
    .join(GatheringPartRow, GatheringPartRow.picture == PictureRow.id)
    .where(
        GatheringPartRow.gathering == bindparam("gathering_id"), _SHOWN, PictureRow.deleted_at.is_not(None)
    )
)
WAITS_FOR_MODERATOR = JobRow.id.in_(  # whether a job does, for a part of the gathering ``gathering_id``
    select(GatheringPartRow.job).where(
        GatheringPartRow.gathering == bindparam("gathering_id"), GatheringPartRow.state == PartState.HELD
    )
)
_IN_THESE = select(GatheringPartRow.gathering).distinct()
_IN_THESE = _IN_THESE.where(GatheringPartRow.gathering.in_(bindparam("ids", expanding=True)))
_DUE = (
    _IN_THESE.outerjoin(JobRow, JobRow.id == GatheringPartRow.job)
    .outerjoin(PictureRow, PictureRow.id == GatheringPartRow.picture)
    .where(
        (GatheringPartRow.deadline <= bindparam("at"))
        | (GatheringPartRow.state.in_(sorted(WITH_JOB)) & JobRow.state.in_(sorted(ENDED - {JobState.HELD})))
        | ((GatheringPartRow.state == PartState.GENERATING) & (JobRow.state == JobState.HELD))
        | ((GatheringPartRow.state == PartState.HELD) & GatheringPartRow.deadline.is_(None))
        | ((GatheringPartRow.state == PartState.HELD) & (JobRow.state != JobState.HELD))
        | (_SHOWN & PictureRow.deleted_at.is_not(None))
    )
)
_WANTING = _IN_THESE.where(
    GatheringPartRow.state == PartState.WANTED, GatheringPartRow.changed_at < bindparam("at")
)


def part_of(row: GatheringPartRow) -> Part:
    return Part(
        gathering=row.gathering,
        ordinal=row.ordinal,
        state=PartState(row.state),
        round=row.round,
        person_key=row.person_key,
        human=row.human,
        job=row.job,
        picture=row.picture,
        text=row.text,
        data=row.data,
        claimed_at=row.claimed_at,
        deadline=row.deadline,
        attempts=row.attempts,
        showings=row.showings,
        changed_at=row.changed_at,
    )


def parts_of(session: Session, gathering_id: str) -> list[Part]:
    """All parts of a gathering, in order, as they are now."""
    return [part_of(row) for row in session.scalars(_ALL_PARTS, {"gathering_id": gathering_id})]


def find_part(session: Session, gathering_id: str, ordinal: int) -> Part | None:
    row = session.get(GatheringPartRow, (gathering_id, ordinal), populate_existing=True)
    return part_of(row) if row is not None else None


def add_part(session: Session, part: Part, *, at: datetime) -> None:
    session.add(
        GatheringPartRow(
            gathering=part.gathering,
            ordinal=part.ordinal,
            round=part.round,
            state=part.state,
            person_key=part.person_key,
            human=part.human,
            job=part.job,
            picture=part.picture,
            text=part.text,
            data=dict(part.data),
            claimed_at=part.claimed_at,
            deadline=part.deadline,
            attempts=part.attempts,
            showings=part.showings,
            changed_at=at,
        )
    )
    session.flush()


def change_part(session: Session, part: Part, *, at: datetime, **values: Any) -> bool:
    """Change a part that is still as it was read: in its state and of its owner. False: somebody was quicker."""
    read = {"of": part.gathering, "number": part.ordinal, "state_was": part.state, "human_was": part.human}
    result = session.execute(_CHANGE, {**read, **values, "changed_at": at})
    return cast("CursorResult[Any]", result).rowcount == 1


def after_change(
    parts: Sequence[Part], ordinal: int, values: Mapping[str, Any], *, at: datetime
) -> list[Part]:
    """The parts as they are once `change_part` gave one of them these values."""
    known = {name: value for name, value in values.items() if name != "seconds_left"}
    return [replace(part, **known, changed_at=at) if part.ordinal == ordinal else part for part in parts]


def link_job(session: Session, claim: Claim, job_id: str, *, held: bool) -> bool:
    """A claimed or wanted part gets its job and its words. False: it is not theirs any more."""
    guard = (
        (GatheringPartRow.gathering == claim.gathering)
        & (GatheringPartRow.ordinal == claim.ordinal)
        & (GatheringPartRow.human == claim.human)
        & GatheringPartRow.state.in_([PartState.CLAIMED, PartState.WANTED])
    )
    at = sql_dialects.database_now(session)
    state = PartState.HELD if held else PartState.GENERATING
    values = {"state": state, "job": job_id, "text": claim.text, "deadline": None}
    return _update(session, guard, **values, changed_at=at)


def give_words(session: Session, job_id: str, words: str) -> None:
    """The part of a held job gets the words that it was kept without."""
    guard = (GatheringPartRow.job == job_id) & (GatheringPartRow.state == PartState.HELD)
    _update(session, guard, text=words)


def count_showings(session: Session, gathering_id: str, ordinals: Collection[int]) -> None:
    """These were shown on a ballot once more."""
    shown = (GatheringPartRow.gathering == gathering_id) & GatheringPartRow.ordinal.in_(ordinals)
    _update(session, shown, showings=GatheringPartRow.showings + 1)


def _update(session: Session, guard: Any, **values: Any) -> bool:
    statement = update(GatheringPartRow).where(guard).values(**values)
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount >= 1


def find_deleted(session: Session, gathering_id: str) -> frozenset[str]:
    """Pictures that parts still show and that were deleted."""
    return frozenset(session.scalars(_DELETED, {"gathering_id": gathering_id}))


def find_due(session: Session, gathering_ids: Sequence[str], *, at: datetime) -> list[str]:
    """Those of the gatherings with a part whose clock ran out, whose job ended, or whose picture is gone."""
    return _find_in(session, _DUE, gathering_ids, at=at)


def find_wanting(session: Session, gathering_ids: Sequence[str], *, before: datetime) -> list[str]:
    """Those of the gatherings with a part whose job should have been submitted before then."""
    return _find_in(session, _WANTING, gathering_ids, at=before)


def _find_in(
    session: Session, query: Select[str], gathering_ids: Sequence[str], *, at: datetime
) -> list[str]:
    """By their ids, so that the parts of all others need not be looked at."""
    found: list[str] = []
    for start in range(0, len(gathering_ids), _IDS_AT_ONCE):
        found += session.scalars(query, {"ids": gathering_ids[start : start + _IDS_AT_ONCE], "at": at})
    return found


def find_turns_of(session: Session, humans: Collection[str]) -> Sequence[str]:
    """The ids of open gatherings in which one of these has to act."""
    part = GatheringPartRow
    query = select(part.gathering).join(GatheringRow, GatheringRow.id == part.gathering).distinct()
    query = query.where(part.human.in_(humans), part.state.in_(sorted(OPEN_TURNS | WITH_JOB)))
    return list(session.scalars(query.where(GatheringRow.closed_at.is_(None)).order_by(part.gathering)))


def find_parts_with(session: Session, picture_id: str, *, kind: str) -> list[Part]:
    """The parts of gatherings of a kind that show a picture."""
    part = GatheringPartRow
    query = select(part).join(GatheringRow, GatheringRow.id == part.gathering)
    query = query.where(part.picture == picture_id, part.state == PartState.SET, GatheringRow.kind == kind)
    return [part_of(row) for row in session.scalars(query.order_by(part.gathering))]


def find_named(session: Session, keys: Collection[str]) -> Sequence[str]:
    """The ids of the gatherings with a part of one of these, by human or identity."""
    part = GatheringPartRow
    theirs = part.human.in_(keys) | part.person_key.in_(keys)
    return list(session.scalars(select(part.gathering).distinct().where(theirs).order_by(part.gathering)))
