"""What happened in a community in a week: numbers, no names and no words."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.coded_text import CodedText, coded
from studio.db.cases import find_urgent
from studio.db.tables import CaseRow, DigestRow, JobRow
from studio.domain.cases import INTIMATE_WITHIN, CaseKind, CaseState, Decision
from studio.domain.jobs import JobState
from studio.domain.people import Platform

WEEK = timedelta(days=7)
_LENIENT = (Decision.APPROVE, Decision.SPOILER, Decision.OVERTURN)
_JUDGED = (CaseKind.HOLD, CaseKind.REPORT, CaseKind.APPEAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """From `since` on and before `until`. Waits are from the request to the first stroke.

    `confirmed` counts the decided cases in which a moderator agreed with the rule, or with the person who reported.
    """

    platform: Platform
    community: str
    since: datetime
    until: datetime
    people: int
    jobs: int
    done: int
    refused: int
    failed: int
    usual_wait_seconds: float | None
    long_wait_seconds: float | None  # of twenty requests, nineteen waited less
    painting_minutes: float
    decided: int
    confirmed: int
    open_cases: int
    urgent_reports: int = 0  # that wait for a decision, and how many of them for more than 48 hours
    overdue_reports: int = 0

    @property
    def confirm_rate(self) -> float | None:
        return self.confirmed / self.decided if self.decided else None


def week_of(at: datetime) -> tuple[datetime, datetime]:
    """The last whole week, Monday to Monday."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    until = midnight - timedelta(days=midnight.weekday())
    return until - WEEK, until


def find_communities(session: Session, *, since: datetime, until: datetime) -> list[tuple[Platform, str]]:
    """Where anything was asked for in that time."""
    query = select(JobRow.platform, JobRow.community).where(
        JobRow.created_at >= since, JobRow.created_at < until
    )
    found = session.execute(query.distinct().order_by(JobRow.platform, JobRow.community))
    return [(Platform(platform), community) for platform, community in found]


def read_digest(
    session: Session, platform: Platform, community: str, *, since: datetime, until: datetime
) -> Digest:
    here = (JobRow.platform == platform) & (JobRow.community == community)
    asked = here & (JobRow.created_at >= since) & (JobRow.created_at < until)
    columns = (JobRow.state, JobRow.person_key, JobRow.created_at, JobRow.started_at, JobRow.painting_seconds)
    rows = session.execute(select(*columns).where(asked)).all()
    states = [row.state for row in rows]
    waits = [
        (row.started_at - row.created_at).total_seconds()
        for row in rows
        if row.started_at is not None and row.state == JobState.DONE
    ]
    decisions = list(_decisions(session, platform, community, since, until))
    return Digest(
        platform=platform,
        community=community,
        since=since,
        until=until,
        people=len({row.person_key for row in rows}),
        jobs=len(rows),
        done=states.count(JobState.DONE),
        refused=states.count(JobState.REFUSED),
        failed=states.count(JobState.FAILED),
        usual_wait_seconds=statistics.median(waits) if waits else None,
        long_wait_seconds=_percentile_95(waits),
        painting_minutes=sum(row.painting_seconds or 0.0 for row in rows) / 60,
        decided=len(decisions),
        confirmed=sum(decision not in _LENIENT for decision in decisions),
        open_cases=_open_cases(session, platform, community),
        urgent_reports=_urgent_reports(session, platform, community, before=now()),
        overdue_reports=_urgent_reports(session, platform, community, before=now() - INTIMATE_WITHIN),
    )


def lines_of(digest: Digest) -> tuple[CodedText, ...]:
    last = (digest.until - timedelta(days=1)).date()
    lines = [
        coded("digest.week", first=digest.since.date(), last=last),
        coded(
            "digest.jobs",
            jobs=digest.jobs,
            done=digest.done,
            refused=digest.refused,
            failed=digest.failed,
            people=digest.people,
        ),
    ]
    if digest.usual_wait_seconds is not None and digest.long_wait_seconds is not None:
        usual, long = digest.usual_wait_seconds, digest.long_wait_seconds
        lines.append(coded("digest.waits", usual_seconds=usual, long_seconds=long))
    lines.append(coded("digest.painting", minutes=digest.painting_minutes))
    if digest.confirm_rate is not None:
        lines.append(coded("digest.decided", count=digest.decided, share=digest.confirm_rate))
    if digest.open_cases:
        lines.append(coded("digest.open_cases", cases=digest.open_cases))
    if digest.urgent_reports:
        count, over = digest.urgent_reports, digest.overdue_reports
        lines.append(coded("digest.urgent_reports", count=count, over=over))
    return tuple(lines)


def record_written(session: Session, digest: Digest) -> bool:
    """False when the digest of that week was written before."""
    key = (digest.platform, digest.community, f"{digest.since:%Y-%m-%d}")
    if session.get(DigestRow, key) is not None:
        return False
    session.add(DigestRow(platform=key[0], community=key[1], week=key[2], written_at=digest.until))
    session.flush()
    return True


def _decisions(
    session: Session, platform: Platform, community: str, since: datetime, until: datetime
) -> Iterator[str]:
    query = select(CaseRow.decision).where(
        CaseRow.platform == platform,
        CaseRow.community == community,
        CaseRow.kind.in_(_JUDGED),
        CaseRow.decided_at >= since,
        CaseRow.decided_at < until,
    )
    return (decision for decision in session.scalars(query) if decision)


def _urgent_reports(session: Session, platform: Platform, community: str, *, before: datetime) -> int:
    found = find_urgent(session, before=before)
    return sum((case.platform, case.community) == (platform, community) for case in found)


def _open_cases(session: Session, platform: Platform, community: str) -> int:
    query = select(func.count()).select_from(CaseRow)
    return (
        session.scalar(
            query.where(
                CaseRow.platform == platform,
                CaseRow.community == community,
                CaseRow.addressee.is_(None),
                CaseRow.state == CaseState.OPEN,
            )
        )
        or 0
    )


def _percentile_95(waits: Sequence[float]) -> float | None:
    return sorted(waits)[min(len(waits) - 1, int(0.95 * len(waits)))] if waits else None
