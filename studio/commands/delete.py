"""/delete: take a picture, or all pictures of a job, away for good."""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.commands.answers import Deleted, Stopped
from studio.commands.cancel import Cancel, cancel
from studio.commands.spec import Call, CommandSpec, Kind, Parameter
from studio.db import outbox, records
from studio.db.humans import same_human
from studio.db.tables import JobRow, OutboxRow, PictureRow
from studio.errors import BadParameter, NotAllowed, NotFound
from studio.events import PictureChanged
from studio.identifiers import is_job_id, split_picture_id
from studio.jobs import Job
from studio.pictures import Picture
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    what: str


def delete(ports: Ports, call: Call, command: Delete) -> Deleted | Stopped:
    """The lineage stays, so that children keep their family tree; the files go.

    A job that is not over yet has no pictures: it is cancelled.
    """
    job_id, index = _target(command.what)
    with ports.database.read() as session:
        waiting = not records.find_job(session, job_id, viewer=call.person).state.ended
    if waiting:
        return cancel(ports, call, Cancel(job=job_id))
    with ports.database.begin() as session:
        job = records.find_job(session, job_id, viewer=call.person)
        if not (call.person.moderates or same_human(session, job.person.key, call.person.key)):
            raise NotAllowed
        pictures = [each for each in records.pictures_of_job(session, job_id) if index in (0, each.index)]
        if not pictures:
            raise NotFound(f"Picture {command.what[:14]}")
        events = [_mark_deleted(session, job, picture) for picture in pictures]
        orphans = _orphaned_files(session, job, pictures)
    for key in sorted(orphans):
        ports.store.delete(key)
    outbox.send(ports.database, ports.events, events)
    return Deleted(picture_ids=tuple(picture.id for picture in pictures))


def _mark_deleted(session: Session, job: Job, picture: Picture) -> OutboxRow:
    session.get_one(PictureRow, picture.id).deleted_at = now()
    changed = PictureChanged(job_id=job.id, platform=job.address.platform, picture_id=picture.id)
    return outbox.write(session, changed)


def _orphaned_files(session: Session, job: Job, pictures: list[Picture]) -> set[str]:
    keys = {key for each in pictures for key in (each.key, each.source_key, each.thumbnail_key)}
    row = session.get_one(JobRow, job.id)
    if row.grid_key:  # the grid shows what is now deleted
        keys.add(row.grid_key)
        row.grid_key = None
    session.flush()
    return keys - _still_used(session, keys)


def _target(what: str) -> tuple[str, int]:
    text = what.strip().lower()
    if is_job_id(text):
        return text, 0
    if split := split_picture_id(text):
        return split
    raise BadParameter("what", "is not a picture or job id. They look like k3v9m2p4qx7a.2")


def _still_used(session: Session, keys: set[str]) -> set[str]:
    """Files are stored once for the same bytes, so another picture may still need them."""
    columns = (PictureRow.storage_key, PictureRow.master_key, PictureRow.thumbnail_key)
    wanted = or_(*(column.in_(keys) for column in columns))
    rows = session.scalars(select(PictureRow).where(wanted, PictureRow.deleted_at.is_(None)))
    return {key for row in rows for key in (row.storage_key, row.master_key, row.thumbnail_key) if key}


SPEC = CommandSpec(
    name="delete",
    summary="Delete a picture of yours, or all of a job.",
    example="/delete k3v9m2p4qx7a.2",
    build=Delete,
    handle=delete,
    parameters=(
        Parameter(
            name="what",
            kind=Kind.TEXT,
            summary="A picture id or a job id.",
            required=True,
            positional=True,
            max_length=20,
        ),
    ),
    paints=False,
)
