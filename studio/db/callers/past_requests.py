"""A person's earlier requests: whether this is one of them again, and how many of their jobs are outstanding."""

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from studio.db.identities.linked_identities import human_of
from studio.db.newcomers.newcomer_origins import note_origin
from studio.db.settings import note_rules
from studio.db.tables import CommunityRow, JobRow, PersonRow
from studio.db.tables.identities import OriginRow
from studio.domain.jobs import OUTSTANDING
from studio.domain.people import Person

_PAST_REQUESTS = select(
    select(JobRow.id)
    .where(JobRow.request_key == bindparam("request_key"))
    .scalar_subquery()
    .label("earlier"),
    select(func.count())
    .select_from(JobRow)
    .where(
        JobRow.person_key.in_(select(PersonRow.key).where(PersonRow.human == bindparam("human"))),
        JobRow.state.in_(sorted(OUTSTANDING)),
    )
    .scalar_subquery()
    .label("outstanding"),
    select(CommunityRow.data)
    .where(CommunityRow.platform == bindparam("platform"), CommunityRow.community == bindparam("community"))
    .scalar_subquery()
    .label("rules"),
    select(OriginRow.origin)
    .where(OriginRow.person_key == bindparam("person_key"))
    .exists()
    .label("has_origins"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRequests:
    """`earlier` is the job of a request that came before under the same key; `outstanding` as `outstanding_jobs`."""

    earlier: JobRow | None
    outstanding: int


def find_past_requests(session: Session, person: Person, request_key: str) -> PastRequests:
    """What is known of a person's earlier requests, with one statement.

    The rules of the community come with it, and whether the person has an origin: both are noted, if the session
    remembers.
    """
    human = human_of(session, person.key)
    values = {"request_key": request_key, "person_key": person.key, "human": human}
    home = {"platform": person.platform, "community": person.community}
    row = session.execute(_PAST_REQUESTS, values | home).one()
    note_rules(session, person.platform, person.community, row.rules)
    note_origin(session, person.key, has_any=row.has_origins)
    earlier = session.get(JobRow, row.earlier) if row.earlier else None
    return PastRequests(earlier=earlier, outstanding=row.outstanding)
