"""What moves a gathering when nobody presses anything: jobs that end, clocks that run out, pictures that are deleted.

`catch_up` does all that is due, however often it is called and by whichever process: the sweeper every few seconds, a
worker after a job, a front end before each act.
"""

import logging

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from studio.coded_text import coded, to_stored
from studio.db.gatherings import ballot_rows, part_rows, sponsors
from studio.db.queries import find_job, pictures_of_job
from studio.db.tables import JobRow, PictureRow
from studio.domain.gatherings import WITH_JOB, Part, PartState
from studio.domain.jobs import Job, JobState
from studio.gatherings.kind import Turn
from studio.services import held_job_decisions

MOST_ATTEMPTS = 3  # at words that are not refused
_LEFT_ENDLESS = "gathering ended: its phase had ended and nothing followed"
_SKIPPED = to_stored(coded("stopped.held_too_long"))
_JOBS = select(JobRow).where(JobRow.id.in_(bindparam("ids", expanding=True)))

log = logging.getLogger(__name__)


def catch_up(turn: Turn) -> None:
    """Everything that is due. While the gathering is stopped, only the clock after which it is given up runs."""
    if turn.gathering.is_over:
        return
    if not turn.gathering.is_stopped:
        shown = any(part.picture for part in turn.parts())
        deleted = part_rows.find_deleted(turn.session, turn.row.id) if shown else frozenset()
        # Held on to here, so that the session has them at hand: it finds none that nobody refers to.
        jobs = _read_jobs(turn)
        for part in turn.parts():
            if part.state in WITH_JOB or part.deadline is not None or part.picture in deleted:
                settle_part(turn, part)
        jobs.clear()
    if _has_ended(turn):
        if turn.gathering.is_stopped:
            turn.end()
        else:
            end_phase(turn)


def _read_jobs(turn: Turn) -> list[JobRow]:
    """Those of the parts that are being painted or held, with one query."""
    ids = [part.job for part in turn.parts(*WITH_JOB) if part.job]
    return list(turn.session.scalars(_JOBS, {"ids": ids})) if ids else []


def _has_ended(turn: Turn) -> bool:
    ends_at = turn.row.phase_ends_at
    return not turn.gathering.is_over and ends_at is not None and ends_at <= turn.at


def end_phase(turn: Turn) -> None:
    """The phase's clock ran out, or somebody skipped the rest of it. A kind that does not move on is ended."""
    state, round_number, ends_at = turn.row.state, turn.row.round, turn.row.phase_ends_at
    turn.kind.phase_ended(turn)
    went_on = (turn.row.state, turn.row.round, turn.row.phase_ends_at) != (state, round_number, ends_at)
    if not went_on:
        log.error(_LEFT_ENDLESS, extra={"gathering": turn.row.id, "kind": turn.kind.name, "state": state})
        turn.end()


def settle_part(turn: Turn, part: Part) -> None:
    """Bring one part up to date with its job, its picture and its clock."""
    if turn.row.closed_at is not None:
        return
    before = turn.part(part.ordinal)
    if before is None:
        return
    if before.state in WITH_JOB and before.job is not None:
        after = _after_job(turn, before, find_job(turn.session, before.job))
    elif before.state in (PartState.CHOOSING, PartState.SET) and _is_gone(turn.session, before):
        after = remove_part(turn, before)
    else:
        after = before
    if after.state is before.state and after.deadline is not None and after.deadline <= turn.at:
        after = _after_deadline(turn, after)
    if after.state is not before.state:
        turn.kind.part_changed(turn, before, after)


def _after_job(turn: Turn, part: Part, job: Job) -> Part:
    match job.state:
        case JobState.DONE:
            return _with_pictures(turn, part, job)
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


def _with_pictures(turn: Turn, part: Part, job: Job) -> Part:
    pictures = pictures_of_job(turn.session, job.id)
    if not pictures:
        return lose_part(turn, part)
    first = pictures[0].id
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
