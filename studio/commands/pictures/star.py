"""/star: mark a picture that you like; once more takes the star back."""

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, delete

from studio.clock import now
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import StarChanged
from studio.commands.spec import Call, CommandSpec
from studio.db import outbox, queries
from studio.db.identities import linked_identities
from studio.db.identities.people import lock_person
from studio.db.tables import StarRow
from studio.domain.events import PictureChanged
from studio.errors import NotFoundError
from studio.ports import Ports
from studio.services.visibility import is_unlisted


@dataclass(frozen=True, slots=True, kw_only=True)
class Star:
    picture: str


def star(ports: Ports, call: Call, command: Star) -> StarChanged:
    """A human gives one star, whichever of their names they do it under.

    Raises `NotFoundError`, also for one's own picture that is not to be known yet.
    """
    with ports.database.begin() as session:
        linked_identities.lock_identities(session, call.person.key)
        lock_person(session, call.person)
        picture = queries.find_picture(session, command.picture, viewer=call.person)
        if is_unlisted(queries.find_job(session, picture.job_id)):
            raise NotFoundError("picture", id=picture.id)
        mine = StarRow.person_key.in_(linked_identities.identities(session, call.person.key))
        taken = session.execute(delete(StarRow).where(StarRow.picture_id == picture.id, mine))
        given = cast("CursorResult[Any]", taken).rowcount == 0
        if given:
            session.add(StarRow(picture_id=picture.id, person_key=call.person.key, created_at=now()))
        session.flush()
        stars = queries.star_counts(session, [picture.id]).get(picture.id, 0)
        changed = PictureChanged(job_id=picture.job_id, platform=call.address.platform, picture_id=picture.id)
        event = outbox.write(session, changed)
    outbox.send(ports.database, ports.events, [event])
    return StarChanged(picture_id=picture.id, stars=stars, given=given)


SPEC = CommandSpec(
    name="star",
    summary="Star a picture, or take your star back.",
    example="/star k3v9m2p4qx7a.2",
    build=Star,
    handle=star,
    parameters=(
        Parameter(
            name="picture", kind=Kind.PICTURE, summary="The picture's id.", required=True, positional=True
        ),
    ),
    paints=False,
)
