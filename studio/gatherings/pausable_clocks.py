"""Clocks of a gathering that stand still while nobody can act, and go on from where they stood."""

from datetime import timedelta

from studio.db.tables import GatheringPartRow
from studio.domain.gatherings import OPEN_TURNS, STOPPED
from studio.gatherings.kind import Turn

GIVEN_UP_AFTER = timedelta(days=14)  # paused or interrupted, and nobody goes on


def stop(turn: Turn, state: str) -> None:
    """Pause or interrupt: all clocks of the gathering stand still."""
    if state not in STOPPED or turn.row.closed_at is not None or turn.row.state in STOPPED:
        return
    left = turn.row.phase_ends_at
    seconds_left = None if left is None else max(0.0, (left - turn.at).total_seconds())
    turn.write(
        state=state,
        before=turn.row.state,
        seconds_left=seconds_left,
        phase_ends_at=turn.at + GIVEN_UP_AFTER,
    )
    for part in turn.parts():
        if part.state in OPEN_TURNS and part.deadline is not None:
            left_here = max(0.0, (part.deadline - turn.at).total_seconds())
            turn.write_part(part, deadline=None, seconds_left=left_here)


def resume(turn: Turn) -> None:
    """The clocks go on from where they stood."""
    if turn.row.state not in STOPPED:
        return
    seconds = turn.row.seconds_left
    ends_at = None if seconds is None else turn.at + timedelta(seconds=seconds)
    turn.write(state=turn.row.before, before=None, seconds_left=None, phase_ends_at=ends_at)
    for part in turn.parts():
        found = turn.session.get_one(GatheringPartRow, (part.gathering, part.ordinal))
        if found.seconds_left is not None:
            deadline = turn.at + timedelta(seconds=found.seconds_left)
            turn.write_part(part, deadline=deadline, seconds_left=None)
    turn.kind.resumed(turn)
