"""/hall: who won the contests of the community, and with what; or whose pictures others built on most."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.commands.gathering_results import HallPlace, HallShown
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.spec import Call, CommandSpec
from studio.db import queries
from studio.db.gatherings import gathering_rows, part_rows
from studio.db.identities.people import find_person
from studio.db.tables import GatheringRow, JobRow, PictureRow
from studio.domain.gatherings import Gathering, Part
from studio.gatherings.kinds.contest import NAME
from studio.ports import Ports
from studio.recaps.leaderboard import Leaderboard, load_leaderboard
from studio.services.visibility import Audience, may_see_gathering

WINNERS, BUILT_ON = "winners", "built-on"
_ON_A_PAGE = 5
_MOST_CONTESTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    page: int = 1
    show: str = WINNERS


def hall(ports: Ports, call: Call, command: Hall) -> HallShown | Leaderboard:
    """The latest first. A winner whose picture is gone leaves an empty place."""
    with ports.database.read() as session:
        if command.show == BUILT_ON:
            return load_leaderboard(session, call.address.home)
        found = list(_winners(session, call))
        pages = max(1, -(-len(found) // _ON_A_PAGE))
        page = min(command.page, pages)
        shown = found[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE]
        places = tuple(_place(session, gathering, part) for gathering, part in shown)
    return HallShown(places=places, page=page, pages=pages, first=(page - 1) * _ON_A_PAGE + 1)


def _winners(session: Session, call: Call) -> Iterator[tuple[Gathering, Part]]:
    query = select(GatheringRow).where(
        gathering_rows.in_community(*call.address.home),
        GatheringRow.closed_at.is_not(None),
        GatheringRow.kind == NAME,
    )
    rows = session.scalars(query.order_by(GatheringRow.closed_at.desc()).limit(_MOST_CONTESTS))
    audience = Audience.of_asker(call.person, call.address)
    for gathering in map(gathering_rows.gathering_of, rows):
        winners = gathering.data.get("winners")
        if isinstance(winners, list) and winners and may_see_gathering(session, gathering, audience):
            parts = part_rows.parts_of(session, gathering.id)
            yield from ((gathering, part) for part in parts if part.ordinal in winners)


def _place(session: Session, gathering: Gathering, part: Part) -> HallPlace:
    row = session.get(PictureRow, part.picture) if part.picture else None
    is_there = row is not None and row.deleted_at is None
    job = session.get(JobRow, row.job_id) if row is not None else None
    return HallPlace(
        title=str(gathering.rules.get("title", "")),
        closed_at=gathering.closed_at or gathering.opened_at,
        person=find_person(session, part.person_key) if is_there and part.person_key else None,
        picture=queries.picture_of(row) if row is not None and is_there else None,
        spoiler=job is not None and job.spoiler,
    )


SPEC = CommandSpec(
    name="hall",
    summary="Who won the contests here, and with what; or whose pictures others built on most.",
    example="/hall --show built-on",
    build=Hall,
    handle=hall,
    parameters=(
        Parameter(
            name="page",
            kind=Kind.INTEGER,
            summary="Which page; the first has the latest winners.",
            positional=True,
            minimum=1,
            maximum=100,
        ),
        Parameter(
            name="show",
            kind=Kind.CHOICE,
            summary="The winners of contests, or whose pictures others built on most.",
            choices=(WINNERS, BUILT_ON),
        ),
    ),
    paints=False,
)
