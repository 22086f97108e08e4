"""What newcomers of one origin have together: the credits of a month, and jobs at once.

Anybody may come in as several new people. So all who are on their first day and came from one address, or with one
invite word, count as so many people and no more. What somebody used is theirs alone again when their first day is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, Text, bindparam, cast, func, select
from sqlalchemy.orm import Session, aliased

from studio.db.credit_ledger import net_spending, period_of
from studio.db.newcomers.newcomer_origins import ADDRESS, FIRST_DAY, INVITE, has_no_origin
from studio.db.sql_dialects import lock_names
from studio.db.tables import JobRow, PersonRow
from studio.db.tables.identities import OriginRow
from studio.domain.jobs import OUTSTANDING
from studio.domain.people import Role
from studio.domain.settings.communities import NewcomerLimits, SharedCredits
from studio.errors import TooManyJobsError


@dataclass(frozen=True, slots=True, kw_only=True)
class NewcomerShare:
    """What newcomers of an origin have in use: `jobs` outstanding, `credits` spent or set aside this month.

    `scope` is address or invite, `people` as how many people they count. `gifts` are credits that the person who asks
    has from others and did not spend yet: those are not shared. `until` is the end of that person's first day.
    """

    scope: str
    people: int
    jobs: int
    credits: int
    gifts: int
    until: datetime

    def require_job(self, limit: int) -> None:
        """Raises `TooManyJobsError` where all jobs at once are taken, of which one person has `limit`."""
        if self.jobs >= limit * self.people:
            raise TooManyJobsError(limit=limit * self.people, scope=self.scope, until=self.until)

    def credits_of(self, monthly: int) -> SharedCredits:
        """What is left for the person, where one has `monthly` credits."""
        left = max(0, monthly * self.people - self.credits) + self.gifts
        return SharedCredits(scope=self.scope, left=left, until=self.until)


def lock_shares(
    session: Session,
    person_key: str,
    limits: NewcomerLimits | None,
    *,
    first_seen_at: datetime,
    at: datetime,
    of_few: bool = False,
) -> Sequence[NewcomerShare]:
    """The shares of a newcomer, one for each of their origins, held until the commit. None for everybody else.

    Nor is there one, unless `of_few`, of an origin from which no more people came than it counts for: together they
    have no more than that anyway.

    Call it when the person's account is held, and before a pool is. Only somebody who was first seen less than a day
    ago costs a query, or two where many came from there.
    """
    if limits is None or first_seen_at < at - FIRST_DAY or has_no_origin(session, person_key):
        return ()
    community = person_key.rpartition(":")[0]
    lock_names(session, f"newcomers:{community}")
    crowded = [
        origin
        for origin, people in session.execute(_PEOPLE, {"person_key": person_key})
        if of_few or people > _most_people(origin, limits)
    ]
    if not crowded:
        return ()
    values = {"origins": crowded, "known_before": at - FIRST_DAY, "period": period_of(at)}
    usage = session.execute(_NEWCOMERS, values).all()
    if not any(row.person_key == person_key for row in usage):  # they are known under a linked name
        return ()
    by_origin = [
        [row for row in usage if row.origin == origin] for origin in sorted({row.origin for row in usage})
    ]
    return [_share(person_key, limits, rows, until=first_seen_at + FIRST_DAY) for rows in by_origin]


def _share(
    person_key: str, limits: NewcomerLimits, rows: Sequence[Row[str, str, int, int]], *, until: datetime
) -> NewcomerShare:
    """From what each newcomer of one origin uses."""
    (own_spending,) = (row.spent for row in rows if row.person_key == person_key)
    origin = rows[0].origin
    return NewcomerShare(
        scope=(ADDRESS if origin.startswith(ADDRESS) else INVITE).rstrip(":"),
        people=_most_people(origin, limits),
        jobs=sum(row.jobs for row in rows),
        credits=sum(max(0, row.spent) for row in rows),
        gifts=max(0, -own_spending),
        until=until,
    )


def _most_people(origin: str, limits: NewcomerLimits) -> int:
    """As how many people those of an origin count."""
    return limits.per_address if origin.startswith(ADDRESS) else limits.per_invite


def _people() -> Select[str, int]:
    """Each origin of a person, and how many people came from there, newcomers or not."""
    mine, theirs = aliased(OriginRow), aliased(OriginRow)
    query = select(mine.origin, func.count()).join(theirs, theirs.origin == mine.origin)
    return query.where(mine.person_key == bindparam("person_key")).group_by(mine.origin)


def _newcomers() -> Select[str, str, int, int]:
    """Of each origin, all newcomers with their jobs at once and what they spent, less gifts."""
    older = aliased(PersonRow)
    known_before = bindparam("known_before", type_=PersonRow.first_seen_at.type)
    was_known = select(older.key).where(older.human == PersonRow.human, older.first_seen_at < known_before)
    # A moderator is known by the roles with which they asked for something.
    moderates = select(JobRow.id).where(
        JobRow.person_key == PersonRow.key, cast(JobRow.person, Text).contains(f'"{Role.MODERATOR}"')
    )
    jobs = select(func.count()).where(
        JobRow.person_key == PersonRow.key, JobRow.state.in_(sorted(OUTSTANDING))
    )
    return (
        select(
            OriginRow.origin,
            OriginRow.person_key,
            jobs.correlate(PersonRow).scalar_subquery().label("jobs"),
            net_spending(PersonRow.key).correlate(PersonRow).scalar_subquery().label("spent"),
        )
        .join(PersonRow, PersonRow.key == OriginRow.person_key)
        .where(
            OriginRow.origin.in_(bindparam("origins", expanding=True)),
            ~was_known.correlate(PersonRow).exists(),
            ~moderates.correlate(PersonRow).exists(),
        )
    )


_PEOPLE, _NEWCOMERS = _people(), _newcomers()  # built once: the first requests of everybody ask them
