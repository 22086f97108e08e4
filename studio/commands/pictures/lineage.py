"""/lineage: the family tree of a picture, with everybody who had a part in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import Family, Relative, Whole
from studio.commands.spec import Call, CommandSpec
from studio.db import queries
from studio.db.gatherings import gathering_rows, part_rows
from studio.db.identities.people import find_person
from studio.db.tables import LineageRow
from studio.domain.gatherings import PartState
from studio.domain.lineage import Edge, parents_first
from studio.ports import Ports
from studio.services.visibility import Audience, find_pictures, may_see_gathering

MOST_RELATIVES = 60
MURAL = "mural"  # the kind whose whole is one picture
_MOST_GENERATIONS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowLineage:
    picture: str


def show_lineage(ports: Ports, call: Call, command: ShowLineage) -> Family:
    """Ancestors as far back as they go, then descendants, at most 60 pictures. Deleted ones stay as gaps."""
    with ports.database.read() as session:
        picture = queries.find_picture(session, command.picture, viewer=call.person)
        edges = _edges(session, picture.id)
        order = parents_first(edges) if edges else [picture.id]
        audience = Audience.of_asker(call.person, call.address)
        return Family(
            picture_id=picture.id,
            relatives=tuple(_relatives(session, audience, order, edges)),
            wholes=tuple(find_wholes(session, picture.id, audience)),
        )


def find_wholes(session: Session, picture_id: str, audience: Audience) -> Iterator[Whole]:
    """The finished murals that the picture is a cell of, as far as the audience may see them."""
    for cell in part_rows.find_parts_with(session, picture_id, kind=MURAL):
        gathering = gathering_rows.find_gathering(session, cell.gathering)
        if not gathering.is_over or not may_see_gathering(session, gathering, audience):
            continue
        cells = [part for part in part_rows.parts_of(session, gathering.id) if part.state is PartState.SET]
        keys = dict.fromkeys(part.person_key for part in cells if part.person_key)
        people = tuple(find_person(session, key) for key in keys)
        yield Whole(gathering=gathering, ordinal=cell.ordinal, people=people)


def _edges(session: Session, picture_id: str) -> list[Edge]:
    """The lines of the tree, nearest to the picture first; those that would exceed the limit are left out."""
    found: dict[Edge, None] = {}
    known = {picture_id}
    for wanted, front_column in (
        (LineageRow.parent, LineageRow.child),
        (LineageRow.child, LineageRow.parent),
    ):
        front = {picture_id}
        for _ in range(_MOST_GENERATIONS):
            rows = list(session.scalars(select(LineageRow).where(front_column.in_(sorted(front)))))
            front = set()
            for row in rows:
                other = row.parent if wanted is LineageRow.parent else row.child
                if other not in known and len(known) >= MOST_RELATIVES:
                    continue
                if other not in known:
                    front.add(other)
                known.add(other)
                found[Edge(child=row.child, parent=row.parent)] = None
            if not front:
                break
    return list(found)


def _relatives(
    session: Session, audience: Audience, order: list[str], edges: Iterable[Edge]
) -> Iterator[Relative]:
    """In the order given, as far as the audience may see them."""
    found = find_pictures(session, order, audience)
    shown = {picture.id for picture, _ in found}
    for picture, job in found:
        parents = tuple(parent for child, parent in edges if child == picture.id and parent in shown)
        yield Relative(picture=picture, person=job.person, parents=parents, spoiler=job.spoiler)


SPEC = CommandSpec(
    name="lineage",
    summary="The family tree of a picture, with everybody who had a part in it.",
    example="/lineage k3v9m2p4qx7a.2",
    build=ShowLineage,
    handle=show_lineage,
    parameters=(
        Parameter(
            name="picture", kind=Kind.PICTURE, summary="The picture's id.", required=True, positional=True
        ),
    ),
    paints=False,
)
