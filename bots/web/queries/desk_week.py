"""What happened in a community in seven days, as numbers for the moderators' charts: no names and no words."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from studio.db.tables import CaseRow, JobRow
from studio.domain.cases import CaseKind
from studio.domain.jobs import JobState
from studio.domain.people import Person

DAYS = 7
OPEN = ""  # in place of a decision
# Up to how many minutes a decision took; the last has no end.
DECIDED_WITHIN_MINUTES = (5, 60, 6 * 60, 24 * 60)
_DECIDED = (CaseKind.HOLD, CaseKind.REPORT, CaseKind.APPEAL, CaseKind.SUSPENSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskWeek:
    """`requests` are days (UTC) with the requests that were accepted, wait for a moderator, and were refused;
    `refusals` are by category.

    Cases are counted by decision, `OPEN` for those without one, in the week in which they were filed. `decision_times`
    counts those decided within `DECIDED_WITHIN_MINUTES`, and those that took longer.
    """

    requests: Sequence[tuple[date, int, int, int]]
    refusals: Mapping[str, int]
    holds: Mapping[str, int]
    reports: Mapping[str, int]
    appeals: Mapping[str, int]
    decision_times: Sequence[int]
    usual_decision_minutes: float | None


def read_week(session: Session, moderator: Person, *, at: datetime) -> DeskWeek:
    """Of the moderator's community: the day of `at` and the six days before it."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [midnight - timedelta(days=back) for back in reversed(range(DAYS))]
    jobs = (JobRow.platform == moderator.platform) & (JobRow.community == moderator.community)
    minutes = _decision_minutes(session, moderator, days[0])
    within = Counter(sum(took > limit for limit in DECIDED_WITHIN_MINUTES) for took in minutes)
    return DeskWeek(
        requests=[(day.date(), *_requests(session, jobs, day)) for day in days],
        refusals=_refusals(session, jobs & (JobRow.created_at >= days[0])),
        holds=_decisions(session, moderator, CaseKind.HOLD, days[0]),
        reports=_decisions(session, moderator, CaseKind.REPORT, days[0]),
        appeals=_decisions(session, moderator, CaseKind.APPEAL, days[0]),
        decision_times=[within[place] for place in range(len(DECIDED_WITHIN_MINUTES) + 1)],
        usual_decision_minutes=statistics.median(minutes) if minutes else None,
    )


def _requests(session: Session, jobs: ColumnElement[bool], day: datetime) -> tuple[int, int, int]:
    that_day = jobs & (JobRow.created_at >= day) & (JobRow.created_at < day + timedelta(days=1))
    query = select(JobRow.state, func.count()).where(that_day).group_by(JobRow.state)
    counts: Counter[str] = Counter()
    for state, count in session.execute(query):
        counts[state] += count
    held, refused = counts[JobState.HELD], counts[JobState.REFUSED]
    return counts.total() - held - refused, held, refused


def _refusals(session: Session, jobs: ColumnElement[bool]) -> dict[str, int]:
    """The most frequent first."""
    refused = jobs & (JobRow.state == JobState.REFUSED) & (JobRow.refused_category != "")
    query = select(JobRow.refused_category, func.count()).where(refused).group_by(JobRow.refused_category)
    found = [(category, count) for category, count in session.execute(query)]
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def _decisions(session: Session, moderator: Person, kind: CaseKind, since: datetime) -> dict[str, int]:
    filed = _cases(moderator) & (CaseRow.kind == kind) & (CaseRow.opened_at >= since)
    query = select(CaseRow.decision, func.count()).where(filed).group_by(CaseRow.decision)
    return {decision or OPEN: count for decision, count in session.execute(query)}


def _decision_minutes(session: Session, moderator: Person, since: datetime) -> list[float]:
    decided = _cases(moderator) & CaseRow.kind.in_(_DECIDED) & (CaseRow.decided_at >= since)
    rows = session.execute(select(CaseRow.opened_at, CaseRow.decided_at).where(decided))
    return [(closed - opened).total_seconds() / 60 for opened, closed in rows if closed]


def _cases(moderator: Person) -> ColumnElement[bool]:
    here = (CaseRow.platform == moderator.platform) & (CaseRow.community == moderator.community)
    return here & CaseRow.addressee.is_(None)
