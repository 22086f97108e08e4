"""What the records say for a contest: where a picture came from, and who won lately."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.db import queries
from studio.db.gatherings import gathering_rows, part_rows
from studio.db.identities.linked_identities import human_of
from studio.db.tables import GatheringRow, LineageRow, PictureRow
from studio.domain.jobs import HIDDEN, Job, JobState
from studio.domain.people import Address
from studio.errors import NotFoundError
from studio.gatherings.contests.entry_rules import Candidate

OPEN_CONTEST = ("contest", "open")  # its kind and its state
WINNERS_WAIT = timedelta(weeks=4)


def find_entered(session: Session, picture_id: str) -> tuple[PictureRow, Job]:
    """A picture that may be named, also one that waits for a moderator. Raises `NotFoundError`."""
    row = session.get(PictureRow, picture_id)
    if row is not None and row.deleted_at is None:
        job = queries.find_job(session, row.job_id)
        is_there = job.state in (JobState.DONE, JobState.HELD)
        if is_there and job.visibility not in HIDDEN:
            return row, job
    raise NotFoundError("picture", id=picture_id[:14])


def candidate_of(session: Session, row: PictureRow) -> Candidate:
    """What a picture came from is read from the lineage, also where that was deleted meanwhile."""
    ancestors = {ancestor.id: ancestor.job_id for ancestor in queries.ancestors(session, [row.id])}
    jobs = [queries.find_job(session, job_id) for job_id in {row.job_id, *ancestors.values()}]
    return Candidate(
        maker=human_of(session, row.person_key),
        made_at=row.created_at,
        width=row.width,
        height=row.height,
        makers=frozenset(human_of(session, key) for key in _makers(session, ancestors)),
        has_upload=any(source.picture_id is None for job in jobs for source in job.request.sources),
        is_traced=_is_traced(session, {row.id, *ancestors}),
    )


def _makers(session: Session, picture_ids: dict[str, str]) -> set[str]:
    query = select(PictureRow.person_key).where(PictureRow.id.in_(sorted(picture_ids))).distinct()
    return set(session.scalars(query))


def _is_traced(session: Session, picture_ids: set[str]) -> bool:
    """Whether there is nothing further back than what was found."""
    known = sorted(picture_ids)
    query = select(LineageRow.parent).where(LineageRow.child.in_(known), LineageRow.parent.not_in(known))
    return session.scalar(query.limit(1)) is None


def find_open_contest(session: Session, address: Address) -> str | None:
    """The id of the contest into which pictures can be entered in a channel."""
    found = gathering_rows.open_in_channel(session, address)
    return next((contest.id for contest in found if (contest.kind, contest.state) == OPEN_CONTEST), None)


def has_won_lately(session: Session, row: GatheringRow, human: str, *, at: datetime) -> bool:
    """Whether a human won a contest of the community in the last four weeks."""
    query = select(GatheringRow.id, GatheringRow.data).where(
        gathering_rows.in_community(*gathering_rows.gathering_of(row).address.home),
        GatheringRow.kind == row.kind,
        GatheringRow.closed_at > at - WINNERS_WAIT,
    )
    for gathering_id, data in session.execute(query):
        winners = set(data.get("winners", ()))
        parts = part_rows.parts_of(session, gathering_id)
        if any(part.ordinal in winners and part.human == human for part in parts):
            return True
    return False
