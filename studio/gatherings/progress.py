"""What moves a gathering when nobody presses anything: jobs that end, clocks that run out, pictures that are deleted.

`catch_up` does all that is due, however often it is called and by whichever process: the sweeper every few seconds, a
worker after a job, a front end before each act.
"""

import logging
from collections.abc import Mapping

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from studio.coded_text import coded, to_stored
from studio.db.gatherings import ballot_rows, part_rows, sponsors
from studio.db.queries import find_job
from studio.db.tables import JobRow, PictureRow
from studio.domain.gatherings import STOPPED, WITH_JOB, Part, PartState
from studio.domain.jobs import OUTSTANDING, JobState
from studio.gatherings.kind import Turn
from studio.services import held_job_decisions

MOST_ATTEMPTS = 3  # at words that are not refused
_LEFT_ENDLESS = "gathering ended: its phase had ended and nothing followed"
_SKIPPED = to_stored(coded("stopped.held_too_long"))
_JOBS = select(JobRow.id, JobRow.state).where(JobRow.id.in_(bindparam("ids", expanding=True)))
_PICTURES = (
    select(PictureRow.id)
    .where(PictureRow.job_id == bindparam("job_id"), PictureRow.deleted_at.is_(None))
    .order_by(PictureRow.position)
)

log = logging.getLogger(__name__)


def catch_up(turn: Turn) -> None:
    """Everything that is due. While the gathering is stopped, only the clock after which it is given up runs."""
    if turn.row.closed_at is not None:
        return
    if turn.row.state not in STOPPED:
        shown = any(part.picture for part in turn.parts())
        deleted = part_rows.find_deleted(turn.session, turn.row.id) if shown else frozenset()
        jobs = _read_jobs(turn)
        for part in turn.parts():
            if _is_due(turn, part, jobs) or part.picture in deleted:
                settle_part(turn, part, jobs)
    if _has_ended(turn):
        if turn.row.state in STOPPED:
            turn.end()
        else:
            end_phase(turn)


def _read_jobs(turn: Turn) -> Mapping[str, JobState]:
    """The states of the jobs of parts that are being painted or held, by id."""
    ids = [part.job for part in turn.parts(*WITH_JOB) if part.job]
    found = turn.session.execute(_JOBS, {"ids": ids}) if ids else ()
    return {job_id: JobState(state) for job_id, state in found}


def _is_due(turn: Turn, part: Part, jobs: Mapping[str, JobState]) -> bool:
    """Whether its clock ran out, or its job is not any more in the state that the part tells of."""
    if part.deadline is not None and part.deadline <= turn.at:
        return True
    if part.state is PartState.HELD:
        return part.deadline is None or jobs.get(part.job or "") is not JobState.HELD
    return part.state in WITH_JOB and jobs.get(part.job or "") not in OUTSTANDING


def _has_ended(turn: Turn) -> bool:
    ends_at = turn.row.phase_ends_at
    return turn.row.closed_at is None and ends_at is not None and ends_at <= turn.at


def end_phase(turn: Turn) -> None:
    """The phase's clock ran out, or somebody skipped the rest of it. A kind that does not move on is ended."""
    state, round_number, ends_at = turn.row.state, turn.row.round, turn.row.phase_ends_at
    turn.kind.phase_ended(turn)
    went_on = (turn.row.state, turn.row.round, turn.row.phase_ends_at) != (state, round_number, ends_at)
    if not went_on:
        log.error(_LEFT_ENDLESS, extra={"gathering": turn.row.id, "kind": turn.kind.name, "state": state})
        turn.end()


def settle_part(turn: Turn, part: Part, jobs: Mapping[str, JobState]) -> None:
    """Bring one part up to date with its job, its picture and its clock."""
    if turn.row.closed_at is not None:
        return
    before = turn.part(part.ordinal)
    if before is None:
        return
    if before.state in WITH_JOB and before.job is not None:
        after = _after_job(turn, before, jobs.get(before.job, JobState.FAILED))
    elif before.state in (PartState.CHOOSING, PartState.SET) and _is_gone(turn.session, before):
        after = remove_part(turn, before)
    else:
        after = before
    if after.state is before.state and after.deadline is not None and after.deadline <= turn.at:
        after = _after_deadline(turn, after)
    if after.state is not before.state:
        turn.kind.part_changed(turn, before, after)


def _after_job(turn: Turn, part: Part, state: JobState) -> Part:
    match state:
        case JobState.DONE:
            return _with_pictures(turn, part)
        case JobState.HELD if part.state is PartState.GENERATING:
            return turn.change_part(part, PartState.HELD, lasts=turn.kind.grace(turn.row.rules))
        case JobState.HELD if part.deadline is None:  # held already when it was asked for
            return turn.change_part(part, PartState.HELD, lasts=turn.kind.grace(turn.row.rules))
        case JobState.REFUSED:
            return give_another_try(turn, part, attempts=part.attempts + 1)
        case JobState.FAILED | JobState.CANCELLED:
            return give_another_try(turn, part, attempts=part.attempts)
        case JobState.HELD:
            return part
        case _ if part.state is PartState.HELD:  # a moderator let it through
            return turn.change_part(part, PartState.GENERATING)
        case _:
            return part


def _with_pictures(turn: Turn, part: Part) -> Part:
    pictures = turn.session.scalars(_PICTURES, {"job_id": part.job}).all()
    if not pictures:
        return lose_part(turn, part)
    first = pictures[0]
    if len(pictures) > 1 and turn.kind.choosing is not None:
        return turn.change_part(part, PartState.CHOOSING, lasts=turn.kind.choosing, picture=first)
    return turn.change_part(part, PartState.SET, picture=first)


def give_another_try(turn: Turn, part: Part, *, attempts: int) -> Part:
    """Its person may write other words, three times in all; a part that nobody wrote for is lost."""
    wrote = part.claimed_at is not None
    if not wrote or attempts >= MOST_ATTEMPTS:
        return lose_part(turn, part)
    values = {"attempts": attempts, "job": None, "text": "", "picture": None}
    return turn.change_part(part, PartState.CLAIMED, lasts=turn.kind.claim_lasts(turn.row.rules), **values)


def lose_part(turn: Turn, part: Part) -> Part:
    """Nobody finishes it: it is free again, or skipped, as its kind says. What was paid for it goes back.

    A job of elsewhere, whose picture was only entered, stays as it is.
    """
    if part.state is PartState.HELD and _is_of_this(turn, part):
        stopped = held_job_decisions.stop(
            turn.session, part.job or "", JobState.CANCELLED, error_code="cancelled", error_text=_SKIPPED
        )
        turn.events.extend(stopped)
    if part.job is not None and part.state is PartState.CHOOSING:
        sponsors.return_spent(turn.session, turn.session.get_one(JobRow, part.job), at=turn.at)
    return turn.change_part(part, turn.kind.lost)


def _is_of_this(turn: Turn, part: Part) -> bool:
    return part.job is not None and find_job(turn.session, part.job).gathering == part.gathering


def remove_part(turn: Turn, part: Part) -> Part:
    """Its picture is gone, or a moderator removed it: its votes are void."""
    ballot_rows.void_choice(turn.session, turn.row.id, part.ordinal)
    return turn.change_part(part, PartState.REMOVED, text="")


def _after_deadline(turn: Turn, part: Part) -> Part:
    match part.state:
        case PartState.CHOOSING:  # the first picture, as nobody chose
            return turn.change_part(part, PartState.SET)
        case PartState.OFFERED | PartState.CLAIMED | PartState.HELD:
            more = turn.kind.last_call(turn, part) if part.state is not PartState.HELD else None
            return lose_part(turn, part) if more is None else turn.change_part(part, part.state, lasts=more)
        case _:
            return part


def _is_gone(session: Session, part: Part) -> bool:
    row = session.get(PictureRow, part.picture) if part.picture else None
    return part.picture is not None and (row is None or row.deleted_at is not None)
