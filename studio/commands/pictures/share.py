"""/share: a public page for one picture, which its owner can take back."""

import secrets
from dataclasses import dataclass

from sqlalchemy import delete, func, literal, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import PictureShared
from studio.commands.spec import Call, CommandSpec
from studio.db import queries
from studio.db.identities.linked_identities import human_of, same_human
from studio.db.identities.people import find_person, lock_person, person_of
from studio.db.tables import JobRow, LineageRow, PersonRow, PictureRow, ShareRow
from studio.domain.jobs import Job
from studio.domain.people import Person
from studio.domain.pictures import Picture
from studio.errors import BannedError, NotAllowedError, NotFoundError
from studio.ports import Ports
from studio.services.visibility import Audience, is_unlisted, visible_rows

LINK, STOP = "link", "stop"
SHARED_PATH = "/s/"
_TOKEN_BYTES = 16
_MOST_CREDITED = 12
_FARTHEST = 64  # generations


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    picture: str
    do: str = LINK


def share(ports: Ports, call: Call, command: Share) -> PictureShared:
    """The same link each time, until it is taken back; moderators may take back those of their community.

    Raises `NotFoundError`, and `NotAllowedError` for pictures of others, for those that are hidden until clicked, and
    where the web front end has no address.
    """
    with ports.database.begin() as session:
        lock_person(session, call.person)
        picture = queries.find_picture(session, command.picture, viewer=call.person)
        job = queries.find_job(session, picture.job_id)
        own = same_human(session, job.person.key, call.person.key)
        if command.do == STOP:
            if not (own or call.person.moderates):
                raise NotAllowedError
            session.execute(delete(ShareRow).where(ShareRow.picture_id == picture.id))
            return PictureShared(picture_id=picture.id)
        if not own:
            raise NotAllowedError("own_pictures_only")
        if job.spoiler or is_unlisted(job):
            raise NotAllowedError("hidden_picture")
        if not ports.web_url:
            raise NotAllowedError("no_web_address")
        token = _token_of(session, picture.id, call.person.key)
    return PictureShared(picture_id=picture.id, url=f"{ports.web_url}{SHARED_PATH}{token}")


def _token_of(session: Session, picture_id: str, person_key: str) -> str:
    """The person's row is held, so that a second press finds the first one's link."""
    if token := session.scalar(select(ShareRow.token).where(ShareRow.picture_id == picture_id)):
        return token
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session.add(ShareRow(token=token, picture_id=picture_id, person_key=person_key, created_at=now()))
    return token


def find_shared(ports: Ports, token: str) -> tuple[Picture, Job]:
    """What a link shows. Raises `NotFoundError` when it was taken back, the picture is gone or its owner is banned."""
    with ports.database.read() as session:
        row = session.get(ShareRow, token)
        if row is None:
            raise NotFoundError("this_picture")
        picture = queries.find_picture(session, row.picture_id)
        job = queries.find_job(session, picture.job_id)
        owner = find_person(session, job.person.key)
    if job.spoiler:
        raise NotFoundError("this_picture")
    ports.gate.require_not_banned(owner)
    return picture, job


def find_credited(ports: Ports, picture: Picture, job: Job) -> tuple[Person, ...]:
    """The other people whose pictures a shared one was made from, the nearest first.

    A stranger is told the names of those alone whose pictures are still there, for everybody of their community to
    see, and who are neither banned nor forgotten. One statement, and bans: anybody may ask as often as they like.
    """
    line = select(LineageRow.parent, literal(1).label("away")).where(LineageRow.child == picture.id)
    found = line.cte("line", recursive=True)
    further = select(LineageRow.parent, found.c.away + 1).join(found, LineageRow.child == found.c.parent)
    found = found.union(further.where(found.c.away < _FARTHEST))
    everybody = visible_rows(Audience(home=job.person.home), ())
    near = (
        select(JobRow.person_key, func.min(found.c.away).label("away"))
        .join(PictureRow, PictureRow.job_id == JobRow.id)
        .join(found, found.c.parent == PictureRow.id)
        .where(PictureRow.deleted_at.is_(None), ~JobRow.spoiler, everybody)
        .group_by(JobRow.person_key)
        .subquery()
    )
    with ports.database.read() as session:
        own = human_of(session, job.person.key)
        others = select(PersonRow).join(near, near.c.person_key == PersonRow.key)
        others = others.where(PersonRow.human != own, PersonRow.display_name != "")
        rows = session.scalars(others.order_by(near.c.away, PersonRow.key).limit(_MOST_CREDITED))
        people = [person_of(row) for row in rows]
    return tuple(person for person in people if _is_welcome(ports, person))


def _is_welcome(ports: Ports, person: Person) -> bool:
    try:
        ports.gate.require_not_banned(person)
    except BannedError:
        return False
    return True


SPEC = CommandSpec(
    name="share",
    summary="Make a public link to a picture of yours, or take it back.",
    example="/share k3v9m2p4qx7a.2",
    build=Share,
    handle=share,
    parameters=(
        Parameter(
            name="picture",
            kind=Kind.PICTURE,
            summary="The picture's id.",
            required=True,
            positional=True,
            own=True,
        ),
        Parameter(
            name="do",
            kind=Kind.CHOICE,
            summary="Make the link, or stop sharing.",
            choices=(LINK, STOP),
            positional=True,
        ),
    ),
    paints=False,
    rationed=True,
)
