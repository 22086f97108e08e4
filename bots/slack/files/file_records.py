"""Which files are at Slack, for which subject and until when. Files that no message shows are deleted there."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, false, func, not_, select, update

from bots.slack.db_tables import SlackFileRow
from studio.clock import now
from studio.db.database import Database
from studio.db.tables import JobRow, PictureRow, ShareRow
from studio.domain.jobs import HIDDEN
from studio.domain.people import Platform

PASSING_LASTS = timedelta(hours=1)
_UPLOAD_LASTS = timedelta(minutes=10)  # whatever is not finished by then never will be
_CLAIM_LASTS = timedelta(minutes=1)
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=6)
_LINKED = "@"  # no id begins with it
_MOST_SEEN = 500
_MOST_ATTEMPTS = 12  # within about a day and a half


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwanted:
    """A file that is to be deleted at Slack, which was tried `attempts` times."""

    id: str
    community: str
    attempts: int


def begin_upload(database: Database, file_id: str, *, community: str, subject: str) -> None:
    """Recorded before the upload, so that a process that is killed meanwhile leaves no file behind."""
    with database.begin_single() as session:
        session.add(
            SlackFileRow(
                id=file_id,
                community=community,
                subject=subject,
                passing=True,
                uploaded_at=now(),
                unwanted_at=now() + _UPLOAD_LASTS,
            )
        )


def mark_complete(database: Database, file_id: str, *, digest: str, passing: bool) -> None:
    """The upload is complete. A `passing` file is deleted after an hour."""
    unwanted_at = now() + PASSING_LASTS if passing else None
    _change(database, file_id, digest=digest, passing=passing, unwanted_at=unwanted_at)


def reuse(database: Database, *, community: str, subject: str, digest: str, passing: bool) -> str | None:
    """A file with the same bytes for the same subject. A passing one becomes permanent where that is wanted."""
    same = (SlackFileRow.subject == subject) & (SlackFileRow.digest == digest)
    soon = now() + PASSING_LASTS / 2
    lasting = SlackFileRow.passing & (SlackFileRow.attempts == 0) & (SlackFileRow.unwanted_at > soon)
    wanted = SlackFileRow.unwanted_at.is_(None) | lasting
    with database.read() as session:
        query = select(SlackFileRow).where(same, wanted, SlackFileRow.community == community)
        row = session.scalars(query.order_by(SlackFileRow.uploaded_at).limit(1)).first()
    if row is not None and row.passing and not passing:
        mark_complete(database, row.id, digest=digest, passing=False)
    return row.id if row else None


def subjects_of(database: Database, file_ids: Sequence[str]) -> list[str]:
    """The subjects of those that are files of the app, in the order of `file_ids`."""
    if not file_ids:
        return []
    query = select(SlackFileRow.id, SlackFileRow.subject).where(SlackFileRow.id.in_(file_ids))
    with database.read() as session:
        subjects = {row.id: row.subject for row in session.execute(query)}
    return [subjects[file_id] for file_id in file_ids if file_id in subjects]


def newest(database: Database, subject: str) -> tuple[str, datetime] | None:
    """The latest permanent file of a subject, whichever process uploaded it, and when."""
    permanent = (SlackFileRow.subject == subject) & (SlackFileRow.digest != "")
    query = select(SlackFileRow).where(permanent, ~SlackFileRow.passing, SlackFileRow.unwanted_at.is_(None))
    with database.read() as session:
        row = session.scalars(query.order_by(SlackFileRow.uploaded_at.desc()).limit(1)).first()
        return (row.id, row.uploaded_at) if row else None


def replace_files(
    database: Database, subject: str, file_ids: Collection[str], *, after: timedelta = timedelta()
) -> int:
    """The subject is shown by these files now. How many others became unwanted, `after` a while.

    When one was replaced, the passing ones go as well: what they show may be what must be seen no more. A file
    that another process thought replaced stays when it is shown after all.
    """
    of_subject = SlackFileRow.subject == subject
    with database.read() as session:
        rows = session.scalars(select(SlackFileRow).where(of_subject, ~SlackFileRow.passing)).all()
    replaced = [row.id for row in rows if row.id not in file_ids and row.unwanted_at is None]
    rescued = [row.id for row in rows if row.id in file_ids and row.unwanted_at]
    if not (replaced or rescued):
        return 0
    when = now() + after
    going: ColumnElement[bool] = SlackFileRow.id.in_(replaced)
    if replaced:
        going |= SlackFileRow.passing & (SlackFileRow.unwanted_at > when)
    with database.begin() as session:
        session.execute(update(SlackFileRow).where(SlackFileRow.id.in_(rescued)).values(unwanted_at=None))
        session.execute(update(SlackFileRow).where(of_subject, going).values(unwanted_at=when))
    return len(replaced)


def discard(database: Database, file_id: str) -> None:
    _change(database, file_id, unwanted_at=now())


def subject_of_link(picture_id: str) -> str:
    """The subject of the file that shows a picture below a link to it."""
    return f"{_LINKED}{picture_id}"


def discard_links(database: Database) -> None:
    """Files below links to pictures that are gone, hidden until clicked, or whose public link was taken back."""
    with database.read() as session:
        linked = session.scalars(
            select(SlackFileRow).where(
                SlackFileRow.subject.startswith(_LINKED),
                ~SlackFileRow.passing,
                SlackFileRow.unwanted_at.is_(None),
            )
        ).all()
        ids = {row.subject.removeprefix(_LINKED) for row in linked}
        shown = select(PictureRow.id).join(JobRow, JobRow.id == PictureRow.job_id)
        shown = shown.outerjoin(ShareRow, ShareRow.picture_id == PictureRow.id)
        private = func.coalesce(JobRow.address["private"].as_boolean(), false())
        listed = (JobRow.platform == Platform.SLACK) & JobRow.visibility.not_in(HIDDEN) & not_(private)
        seen = PictureRow.deleted_at.is_(None) & ~JobRow.spoiler & (ShareRow.token.is_not(None) | listed)
        remaining = set(session.scalars(shown.where(PictureRow.id.in_(ids), seen))) if ids else set()
    for row in linked:
        if row.subject.removeprefix(_LINKED) not in remaining:
            discard(database, row.id)


def take_unwanted(database: Database, *, most_of_one: int) -> Sequence[Unwanted]:
    """Files that are due, for this process to delete: for a minute no other process tries.

    At most `most_of_one` of each community, whose requests Slack counts.
    """
    due = SlackFileRow.unwanted_at <= now()
    with database.read() as session:
        query = select(SlackFileRow).where(due).order_by(SlackFileRow.unwanted_at).limit(_MOST_SEEN)
        rows = session.scalars(query).all()
    counts: Counter[str] = Counter()
    chosen = []
    for row in rows:
        counts[row.community] += 1
        if counts[row.community] <= most_of_one:
            chosen.append(row)
    return [claimed for row in chosen if (claimed := _claim(database, row))]


def _claim(database: Database, row: SlackFileRow) -> Unwanted | None:
    mine = (SlackFileRow.id == row.id) & (SlackFileRow.unwanted_at == row.unwanted_at)
    later = update(SlackFileRow).where(mine).values(unwanted_at=now() + _CLAIM_LASTS)
    with database.begin_single() as session:
        taken = session.execute(later.returning(SlackFileRow.id)).scalar()
    return Unwanted(id=row.id, community=row.community, attempts=row.attempts) if taken else None


def forget(database: Database, file_id: str) -> None:
    """The file is deleted at Slack, or cannot be deleted."""
    with database.begin_single() as session:
        session.execute(delete(SlackFileRow).where(SlackFileRow.id == file_id))


def put_off(database: Database, unwanted: Unwanted) -> bool:
    """Try again later, each time after a longer pause. False: no attempts are left."""
    if unwanted.attempts + 1 >= _MOST_ATTEMPTS:
        forget(database, unwanted.id)
        return False
    pause = min(_FIRST_PAUSE * 2**unwanted.attempts, _LONGEST_PAUSE)
    _change(database, unwanted.id, attempts=unwanted.attempts + 1, unwanted_at=now() + pause)
    return True


def _change(database: Database, file_id: str, **values: object) -> None:
    with database.begin_single() as session:
        session.execute(update(SlackFileRow).where(SlackFileRow.id == file_id).values(values))
