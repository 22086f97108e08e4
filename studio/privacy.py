"""What was painted in a private place is for those who are there, and for whoever asked for it."""

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from studio.commands.spec import Call, CommandSpec, Kind
from studio.db import records
from studio.db.humans import same_human
from studio.db.tables import JobRow
from studio.errors import NotFound
from studio.identifiers import is_job_id, split_picture_id
from studio.jobs import Job
from studio.people import Person

# A moderator may stop and remove what they cannot see.
_WITHOUT_LOOKING = frozenset({"cancel", "delete"})


def is_open(session: Session, job: Job, *, person_key: str, channel: str | None) -> bool:
    """Whether somebody who is in `channel` at the moment may see a job of their own community."""
    address = job.address
    return (
        not address.private or address.channel == channel or same_human(session, job.person.key, person_key)
    )


def is_near(session: Session, job: Job, viewer: Person, *, channel: str | None) -> bool:
    """Whether the viewer may see a job of any community: their own, or one of theirs that is open to them.

    A linked identity may carry a picture over into another community; what it came from stays where it was.
    """
    if same_human(session, job.person.key, viewer.key):
        return True
    return job.person.home == viewer.home and is_open(session, job, person_key=viewer.key, channel=channel)


def require(session: Session, call: Call, spec: CommandSpec, values: Mapping[str, object]) -> None:
    """Raises `NotFound` for pictures and jobs that somebody names from outside the private place they belong to."""
    if call.person.moderates and spec.name in _WITHOUT_LOOKING:
        return
    for identifier in _named(spec, values):
        split = split_picture_id(identifier)
        row = session.get(JobRow, split[0] if split else identifier)
        if row is None:
            continue  # the command itself says so
        job = records.job_of(row)
        if not is_open(session, job, person_key=call.person.key, channel=call.address.channel):
            raise NotFound(f"{'Picture' if split else 'Job'} {identifier}")


def names_any(spec: CommandSpec, values: Mapping[str, object]) -> bool:
    return any(_named(spec, values))


def _named(spec: CommandSpec, values: Mapping[str, object]) -> Iterator[str]:
    for parameter in spec.parameters:
        if parameter.kind not in (Kind.PICTURE, Kind.JOB) and parameter.name != "what":
            continue
        identifier = str(values.get(parameter.name) or "").strip().lower()
        if is_job_id(identifier) or split_picture_id(identifier):
            yield identifier
