"""Reading jobs and pictures back as the frozen types of the studio."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from studio.db.identities.linked_identities import identities, same_human
from studio.db.sessions.read_memo import note, read_once
from studio.db.tables import JobRow, LineageRow, PersonRow, PictureRow, StarRow
from studio.domain.jobs import OUTSTANDING, Job, JobState, JobVisibility
from studio.domain.people import Address, Person, Platform
from studio.domain.pictures import Picture, Recipe
from studio.domain.requests import PaintRequest
from studio.errors import NotFoundError
from studio.serialization import from_data

_DEEPEST_LINEAGE = 64
# Built once: each request for pictures asks them.
_OUTSTANDING_JOBS = (
    select(func.count())
    .select_from(JobRow)
    .where(JobRow.person_key.in_(bindparam("keys", expanding=True)), JobRow.state.in_(sorted(OUTSTANDING)))
)
MOST_COUNTED = 20  # of a person's jobs that are done: nobody asks for more, and some have thousands
_done = select(JobRow.created_at).where(JobRow.person_key == PersonRow.key, JobRow.state == JobState.DONE)
# Columns for a query over `people`: how many are done, at most so many, and when the first was asked for.
DONE_JOBS = (
    select(func.count())
    .select_from(_done.correlate(PersonRow).limit(MOST_COUNTED).subquery())
    .correlate(PersonRow)
    .scalar_subquery()
    .label("done"),
    select(func.min(JobRow.created_at))
    .where(JobRow.person_key == PersonRow.key, JobRow.state == JobState.DONE)
    .correlate(PersonRow)
    .scalar_subquery()
    .label("first_done"),
)
_DONE_JOBS = select(*DONE_JOBS).where(PersonRow.key.in_(bindparam("keys", expanding=True)))
_PARENTS = select(LineageRow.parent).where(LineageRow.child.in_(bindparam("children", expanding=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneJobs:
    """`count` is at most `MOST_COUNTED`; `first_at` is when the first of all was asked for."""

    count: int
    first_at: datetime | None


def job_of(row: JobRow) -> Job:
    return Job(
        id=row.id,
        command=row.command,
        request=from_data(PaintRequest, row.request),
        person=from_data(Person, row.person),
        address=from_data(Address, row.address),
        state=JobState(row.state),
        priority=row.priority,
        cost=row.cost,
        attempts=row.attempts,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        cancel_requested=row.cancel_requested,
        enough_requested=row.enough_requested,
        error_code=row.error_code,
        error_text=row.error_text,
        refused_rule=row.refused_rule,
        refused_category=row.refused_category,
        policy_version=row.policy_version,
        cleared=row.cleared,
        spoiler=row.spoiler,
        gathering=row.gathering,
        part=row.part,
        visibility=JobVisibility(row.visibility),
    )


def picture_of(row: PictureRow, *, stars: int = 0) -> Picture:
    return Picture(
        id=row.id,
        job_id=row.job_id,
        index=row.position,
        recipe=from_data(Recipe, row.recipe),
        key=row.storage_key,
        master_key=row.master_key,
        thumbnail_key=row.thumbnail_key,
        thumbnail_640_key=row.thumbnail_640_key,
        thumbnail_1280_key=row.thumbnail_1280_key,
        width=row.width,
        height=row.height,
        size_bytes=row.size_bytes,
        created_at=row.created_at,
        alt_text=row.alt_text or "",
        description=row.description or "",
        stars=stars,
        deleted=row.deleted_at is not None,
    )


def find_job(session: Session, job_id: str, *, viewer: Person | None = None) -> Job:
    """Raises `NotFoundError`; also for a viewer from another community."""
    row = session.get(JobRow, job_id)
    if row is None or (viewer and (row.platform, row.community) != viewer.home):
        raise NotFoundError("job", id=job_id[:12])
    return job_of(row)


def find_job_and_owner(session: Session, job_id: str, *, viewer: Person) -> tuple[Job, bool]:
    """The job, and whether it is the viewer's own: then also of a linked identity in another community.

    Raises `NotFoundError`.
    """
    row = session.get(JobRow, job_id)
    own = row is not None and same_human(session, row.person_key, viewer.key)
    return find_job(session, job_id, viewer=None if own else viewer), own


def find_picture(
    session: Session, picture_id: str, *, viewer: Person | None = None, early: bool = False
) -> Picture:
    """Raises `NotFoundError` for unknown and deleted pictures, held ones, and those of another community.

    One's own of a linked identity are at hand everywhere. With `early` also one whose job still paints others.
    """
    row = session.get(PictureRow, picture_id)
    if row is None or row.deleted_at is not None:
        raise NotFoundError("picture", id=picture_id[:14])
    own = viewer is not None and same_human(session, row.person_key, viewer.key)
    state = find_job(session, row.job_id, viewer=None if own else viewer).state
    if state is not JobState.DONE and not (early and state in OUTSTANDING):
        raise NotFoundError("picture", id=picture_id[:14])
    return picture_of(row, stars=star_counts(session, [row.id]).get(row.id, 0))


def began_with_person(session: Session, job_id: str) -> bool:
    """Whether a job's pictures started from an upload that shows a person, however many steps ago."""
    row = session.get(JobRow, job_id)
    return row is not None and any(source.shows_person for source in job_of(row).request.sources)


def pictures_of_job(session: Session, job_id: str) -> list[Picture]:
    """The pictures of a job that are not deleted, in order."""
    query = select(PictureRow).where(PictureRow.job_id == job_id, PictureRow.deleted_at.is_(None))
    rows = list(session.scalars(query.order_by(PictureRow.position)))
    stars = star_counts(session, [row.id for row in rows])
    return [picture_of(row, stars=stars.get(row.id, 0)) for row in rows]


def still_there(session: Session, picture_ids: Sequence[str]) -> list[str]:
    """Those of the pictures that were not deleted, in the given order."""
    query = select(PictureRow.id).where(PictureRow.id.in_(picture_ids), PictureRow.deleted_at.is_(None))
    found = set(session.scalars(query))
    return [picture_id for picture_id in picture_ids if picture_id in found]


def star_counts(session: Session, picture_ids: Sequence[str]) -> dict[str, int]:
    query = select(StarRow.picture_id, func.count()).where(StarRow.picture_id.in_(picture_ids))
    return {row[0]: row[1] for row in session.execute(query.group_by(StarRow.picture_id))}


def recent_jobs(session: Session, viewer: Person, *, limit: int, before: Job | None = None) -> list[Job]:
    """The community's latest jobs, newest first."""
    query = select(JobRow).where(JobRow.platform == viewer.platform, JobRow.community == viewer.community)
    if before is not None:
        query = query.where(JobRow.created_at < before.created_at)
    return [job_of(row) for row in session.scalars(query.order_by(JobRow.created_at.desc()).limit(limit))]


def jobs_of(
    session: Session,
    person_keys: Sequence[str],
    *,
    limit: int,
    home: tuple[Platform, str] | None = None,
    states: Collection[JobState] = (),
) -> list[Job]:
    """The latest jobs of these identities, newest first, in all communities or in one, in any or in some states.

    Each identity is asked for alone: the index gives its latest jobs without a look at the others.
    """
    latest = select(JobRow).order_by(JobRow.created_at.desc()).limit(limit)
    if home is not None:
        # As expressions, or SQLite would take the index of the community and read the jobs of everybody in it.
        latest = latest.where(JobRow.platform + "" == home[0], JobRow.community + "" == home[1])
    if states:
        latest = latest.where(JobRow.state.in_(sorted(states)))
    found = [row for key in person_keys for row in session.scalars(latest.where(JobRow.person_key == key))]
    return [job_of(row) for row in sorted(found, key=lambda row: row.created_at, reverse=True)[:limit]]


def own_job(session: Session, person: Person, job_id: str) -> Job | None:
    row = session.get(JobRow, job_id)
    return job_of(row) if row is not None and row.person_key == person.key else None


def picture_numbers(session: Session, job_ids: Sequence[str]) -> dict[str, list[int]]:
    """By job, the numbers of its pictures that are not deleted, in order."""
    query = select(PictureRow.job_id, PictureRow.position).where(
        PictureRow.job_id.in_(job_ids), PictureRow.deleted_at.is_(None)
    )
    numbers: dict[str, list[int]] = {}
    for job_id, position in session.execute(query.order_by(PictureRow.job_id, PictureRow.position)):
        numbers.setdefault(job_id, []).append(position)
    return numbers


def outstanding_jobs(session: Session, person_key: str) -> int:
    """Of the human behind the person, over all their linked identities."""
    return session.scalar(_OUTSTANDING_JOBS, {"keys": identities(session, person_key)}) or 0


def done_jobs(session: Session, person_key: str) -> DoneJobs:
    """Of the human behind the person, over all their linked identities."""

    def load() -> DoneJobs:
        rows = session.execute(_DONE_JOBS, {"keys": identities(session, person_key)})
        return sum_done_jobs([(row.done, row.first_done) for row in rows])

    return read_once(session, ("done", person_key), load)


def note_done_jobs(
    session: Session, person_key: str, of_identities: Iterable[tuple[int, datetime | None]]
) -> None:
    """What `done_jobs` would read: `DONE_JOBS` of each identity."""
    note(session, ("done", person_key), sum_done_jobs(of_identities))


def sum_done_jobs(of_identities: Iterable[tuple[int, datetime | None]]) -> DoneJobs:
    """Of several identities: how many are done, and when the first was asked for."""
    found = list(of_identities)
    first_at = min((at for _, at in found if at is not None), default=None)
    return DoneJobs(count=min(MOST_COUNTED, sum(count for count, _ in found)), first_at=first_at)


def family(session: Session, picture_ids: Sequence[str]) -> list[Picture]:
    """These pictures and what they were made from, nearest first; deleted ones included."""
    rows = (session.get(PictureRow, picture_id) for picture_id in dict.fromkeys(picture_ids))
    return [*(picture_of(row) for row in rows if row is not None), *ancestors(session, picture_ids)]


def ancestors(session: Session, picture_ids: Sequence[str]) -> list[Picture]:
    """The pictures these were made from, nearest first, at most 64 generations; deleted ones included."""
    found: dict[str, Picture] = {}
    front = list(picture_ids)
    for _ in range(_DEEPEST_LINEAGE):
        parents = set(session.scalars(_PARENTS, {"children": front})) - set(found) if front else ()
        if not parents:
            break
        rows = session.scalars(select(PictureRow).where(PictureRow.id.in_(sorted(parents))))
        found.update({row.id: picture_of(row) for row in rows})
        front = sorted(parents)
    return list(found.values())
