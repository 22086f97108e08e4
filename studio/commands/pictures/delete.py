"""/delete: take a picture, or all pictures of a job, away for good."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from studio.clock import now
from studio.coded_text import coded, to_stored
from studio.commands.account.cancel import Cancel, cancel
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import JobsStopped, PicturesDeleted
from studio.commands.spec import Call, CommandSpec
from studio.db import cases, queries
from studio.db.deliveries import message_of
from studio.db.identities.linked_identities import identities
from studio.db.tables import OutboxRow
from studio.db.takedowns.taken_down_pictures import APPEAL_WITHIN, appeal_advice, record_appeal_window
from studio.domain.cases import NewNotice, NoticeKind
from studio.domain.deliveries import DeliveryKind
from studio.domain.identifiers import is_job_id, split_picture_id
from studio.domain.jobs import Job, JobState
from studio.domain.pictures import Picture
from studio.erasure import unused_uploads
from studio.erasure.job_request import delete_request
from studio.errors import BadParameterError, DatabaseUnavailableError, NotAllowedError, NotFoundError
from studio.ports import Ports
from studio.services import held_job_decisions
from studio.services.picture_deletion import delete_pictures, finish_removal, take_down_pictures

_MOST_UPLOADS = 100  # rows of uploads that a deletion waits for
_DELETED = to_stored(coded("stopped.pictures_deleted"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    what: str


def delete(ports: Ports, call: Call, command: Delete) -> PicturesDeleted | JobsStopped:
    """The lineage stays, so that children keep their family tree; the files go.

    What a moderator deletes of somebody else keeps its files as long as its owner may appeal.

    A job that is not over yet is cancelled; what its person saw of it already goes too, and is paid. Where one of its
    pictures is named, only that goes, and the others are painted. A job that was held for the pictures that go is
    cancelled as well. Of a job that ended without a picture its owner deletes the request, as far as nothing needs it.
    """
    job_id, index = _target(command.what)
    with ports.database.read() as session:
        job, mine = queries.find_job_and_owner(session, job_id, viewer=call.person)
        has_pictures = bool(queries.pictures_of_job(session, job_id))
    if not index and (not job.state.ended or (mine and job.state is JobState.HELD and not has_pictures)):
        return _without_pictures(ports, cancel(ports, call, Cancel(job=job_id)))
    if not index and mine and not has_pictures:
        return _delete_request(ports, job_id)
    with ports.database.begin() as session:
        job, mine = queries.find_job_and_owner(session, job_id, viewer=call.person)
        if not (call.person.moderates or mine):
            raise NotAllowedError
        pictures = [
            picture for picture in queries.pictures_of_job(session, job_id) if index in (0, picture.index)
        ]
        if not pictures:
            raise NotFoundError("picture" if index else "left_of_job", id=command.what[:14])
        taken_down = call.person.moderates and not mine
        was_shown = job.state is JobState.DONE or not job.state.ended
        notices = _write_notices(session, job, pictures) if taken_down and was_shown else []
        removal = (take_down_pictures if taken_down else delete_pictures)(session, job, pictures)
        if job.state is JobState.HELD and not held_job_decisions.pictures_of(session, job_id):
            ended = held_job_decisions.stop(
                session, job_id, JobState.CANCELLED, error_code="cancelled", error_text=_DELETED
            )
            removal.events.extend(ended)
        removal.events.extend(notices)
        is_empty = not taken_down and not queries.pictures_of_job(session, job_id)
        shown_at = message_of(session, DeliveryKind.JOB, job_id)
        is_there = shown_at is not None and shown_at.channel == job.address.channel
        out_of_reach = is_there and job.address.closes_within(timedelta(), at=now())
    finish_removal(ports, removal)
    if is_empty:  # nobody repeats it any more
        _free_uploads(ports, job_id)
    return PicturesDeleted(
        picture_ids=tuple(picture.id for picture in pictures),
        stay_shown=out_of_reach,
        goes_on=mine and not job.state.ended and not job.stops,
    )


def _delete_request(ports: Ports, job_id: str) -> PicturesDeleted:
    with ports.database.begin() as session:
        removal = delete_request(session, job_id)
    finish_removal(ports, removal)
    return PicturesDeleted(picture_ids=())


def _free_uploads(ports: Ports, job_id: str) -> None:
    """The maintenance worker does what is left undone here."""
    left = unused_uploads.left_by(job_id)
    with suppress(DatabaseUnavailableError):
        with ports.database.read() as session:
            found = left.find(session, limit=_MOST_UPLOADS)
        left.expire(ports.database, ports.store, found)


def _without_pictures(ports: Ports, stopped: JobsStopped) -> JobsStopped:
    """What a worker has in hand at this moment it does not add; see `engine.jobs.job_results`."""
    if not stopped.keeps:
        return stopped
    with ports.database.begin() as session:
        job = queries.find_job(session, stopped.job_id)
        pictures = queries.pictures_of_job(session, job.id)
        removal = delete_pictures(session, job, pictures)
    finish_removal(ports, removal)
    _free_uploads(ports, job.id)
    return replace(stopped, keeps=False, deleted=len(pictures))


def _write_notices(session: Session, job: Job, pictures: Sequence[Picture]) -> list[OutboxRow]:
    """Their owner may appeal: the files stay until then."""
    until = now() + APPEAL_WITHIN
    record_appeal_window(session, [picture.id for picture in pictures], until=until)
    keys = identities(session, job.person.key)
    texts = [
        to_stored(coded("notice.taken_down", picture=picture.id), appeal_advice(picture.id, until))
        for picture in pictures
    ]
    notices = [NewNotice(NoticeKind.DECIDED, key, text) for text in texts for key in keys]
    written = [cases.write_notice(session, notice) for notice in notices]
    return [row for row in written if row is not None]


def _target(what: str) -> tuple[str, int]:
    text = what.strip().lower()
    if is_job_id(text):
        return text, 0
    if split := split_picture_id(text):
        return split
    raise BadParameterError("what", "not_an_id")


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
    open_to_banned=True,
)
