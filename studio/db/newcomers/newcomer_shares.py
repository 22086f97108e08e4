"""What newcomers of one origin have together: the credits of a month, and jobs at once.

Anybody may come in as several new people. So all who are on their first day and came from one address, or with one
invite word, count as so many people and no more. What somebody used is theirs alone again when their first day is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, Row, Select, Text, bindparam, case, cast, func, select
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
    ago costs a query.
    """
    if limits is None or first_seen_at < at - FIRST_DAY or has_no_origin(session, person_key):
        return ()
    community = person_key.rpartition(":")[0]
    lock_names(session, f"newcomers:{community}")
    values = {
        "person_key": person_key,
        "known_before": at - FIRST_DAY,
        "period": period_of(at),
        "most_from_address": 0 if of_few else limits.per_address,
        "most_by_invite": 0 if of_few else limits.per_invite,
    }
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
    is_address = rows[0].origin.startswith(ADDRESS)
    return NewcomerShare(
        scope=(ADDRESS if is_address else INVITE).rstrip(":"),
        people=limits.per_address if is_address else limits.per_invite,
        jobs=sum(row.jobs for row in rows),
        credits=sum(max(0, row.spent) for row in rows),
        gifts=max(0, -own_spending),
        until=until,
    )


def _newcomers() -> Select[str, str, int, int]:
    """Of each origin of a person, all newcomers with their jobs at once and what they spent, less gifts."""
    mine, theirs, all_theirs = aliased(OriginRow), aliased(OriginRow), aliased(OriginRow)
    older = aliased(PersonRow)
    known_before = bindparam("known_before", type_=PersonRow.first_seen_at.type)
    was_known = select(older.key).where(older.human == PersonRow.human, older.first_seen_at < known_before)
    # A moderator is known by the roles with which they asked for something.
    moderates = select(JobRow.id).where(
        JobRow.person_key == PersonRow.key, cast(JobRow.person, Text).contains(f'"{Role.MODERATOR}"')
    )
    people = select(func.count()).select_from(all_theirs).where(all_theirs.origin == mine.origin)
    is_address = mine.origin.startswith(ADDRESS, autoescape=True)
    counts_for = case(
        (is_address, bindparam("most_from_address", type_=Integer)),
        else_=bindparam("most_by_invite", type_=Integer),
    )
    jobs = select(func.count()).where(
        JobRow.person_key == PersonRow.key, JobRow.state.in_(sorted(OUTSTANDING))
    )
    return (
        select(
            theirs.origin,
            theirs.person_key,
            jobs.correlate(PersonRow).scalar_subquery().label("jobs"),
            net_spending(PersonRow.key).correlate(PersonRow).scalar_subquery().label("spent"),
        )
        .join(mine, mine.origin == theirs.origin)
        .join(PersonRow, PersonRow.key == theirs.person_key)
        .where(
            mine.person_key == bindparam("person_key"),
            people.correlate(mine).scalar_subquery() > counts_for,
            ~was_known.correlate(PersonRow).exists(),
            ~moderates.correlate(PersonRow).exists(),
        )
    )


_NEWCOMERS = _newcomers()  # built once: the first requests of everybody ask it
