"""/collect: pictures from anywhere go into a private tray of up to five, to be blended."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from studio.clock import now
from studio.commands.gathering_results import Tray
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.parameters import IMAGE
from studio.commands.spec import Call, CommandSpec
from studio.db import collected_pictures, queries
from studio.db.collected_pictures import Collected
from studio.db.identities.people import lock_person
from studio.domain.requests import MOST_BLENDED, Source
from studio.errors import BadRequestError, NotFoundError
from studio.ports import Ports

SHOW, EMPTY = "show", "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect:
    picture: str | None = None
    image: Source | None = None
    do: str = SHOW


def collect(ports: Ports, call: Call, command: Collect) -> Tray:
    """Without a picture it shows the tray. Raises `BadRequestError` for a sixth picture, and `NotFoundError`."""
    with ports.database.begin() as session:
        lock_person(session, call.person)
        if command.do == EMPTY:
            collected_pictures.empty(session, call.person.key)
        added = None
        if command.picture or command.image:
            added = _add(session, call, command)
        return Tray(items=tuple(_list_items(session, call)), added=added)


def _add(session: Session, call: Call, command: Collect) -> bool:
    """False: it was there already."""
    key, at = call.person.key, now()
    if command.picture:
        collected = Collected(
            picture_id=queries.find_picture(session, command.picture, viewer=call.person).id
        )
    else:
        collected = Collected(source=command.image)
    added = collected_pictures.add(session, key, collected, at=at)
    if collected_pictures.count(session, key, at=at) > MOST_BLENDED:
        raise BadRequestError("tray_full", most=MOST_BLENDED)
    return added


def _list_items(session: Session, call: Call) -> list[tuple[str, str]]:
    """The name and the storage key of each picture that is still there; uploads have no name."""
    shown = []
    for collected in collected_pictures.collected_by(session, call.person.key, at=now()):
        if collected.source is not None:
            shown.append(("", collected.source.key))
            continue
        try:
            picture = queries.find_picture(session, collected.picture_id or "", viewer=call.person)
        except NotFoundError:
            continue
        shown.append((picture.id, picture.key))
    return shown


SPEC = CommandSpec(
    name="collect",
    summary="Collect up to five pictures in a private tray, to blend them.",
    example="/collect k3v9m2p4qx7a.2",
    build=Collect,
    handle=collect,
    parameters=(
        Parameter(name="picture", kind=Kind.PICTURE, summary="A picture, by its id.", positional=True),
        IMAGE,
        Parameter(name="do", kind=Kind.CHOICE, summary="Show the tray, or empty it.", choices=(SHOW, EMPTY)),
    ),
    paints=False,
)
