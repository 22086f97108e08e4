"""Credits as an append-only ledger: reserve, then capture or release, each exactly once per job.

A person's balance in a month is the sum of that month's entries: a grant is positive, a reservation
negative, a release positive; a capture of 0 only marks that the reservation was used. Credits belong to the
month of their entry and so end with it. `entry_key` is the primary key, so a repeated entry changes nothing.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from studio.db.humans import human_of
from studio.db.tables import JobRow, LedgerRow
from studio.errors import OutOfCredits


def period_of(at: datetime) -> str:
    """The month, e.g. ``2026-11``."""
    return f"{at:%Y-%m}"


def balance(session: Session, person_key: str, *, at: datetime) -> int:
    """What is left of the month's credits of the human behind the person."""
    query = select(func.coalesce(func.sum(LedgerRow.amount), 0))
    account = human_of(session, person_key)
    found = session.scalar(query.where(LedgerRow.account == account, LedgerRow.period == period_of(at)))
    return int(found or 0)


def used(session: Session, person_key: str, *, at: datetime) -> int:
    """Credits of this month that were spent or are set aside for jobs not yet over."""
    query = select(func.coalesce(func.sum(LedgerRow.amount), 0)).where(
        LedgerRow.account == human_of(session, person_key),
        LedgerRow.period == period_of(at),
        LedgerRow.kind.in_(["reserve", "capture", "release"]),
    )
    return -int(session.scalar(query) or 0)


def grant_monthly(session: Session, person_key: str, *, credits: int, at: datetime) -> None:
    period = period_of(at)
    account = human_of(session, person_key)
    _enter(session, f"grant:{period}:{account}", person_key, period, "grant", credits, None, at)


def reserve(session: Session, job: JobRow, *, limited: bool) -> None:
    """Set the job's cost aside. With `limited`, raises `OutOfCredits` when the balance is too small."""
    if limited and (left := balance(session, job.person_key, at=job.created_at)) < job.cost:
        raise OutOfCredits(needed=job.cost, balance=left)
    _settle(session, job, "reserve", -job.cost, job.created_at)


def capture(session: Session, job: JobRow, *, painted: int, at: datetime) -> None:
    """Spend the reservation; what was reserved for pictures that were not made comes back."""
    if _open(session, job):
        _settle(session, job, "capture", max(0, job.cost - painted), at)


def release(session: Session, job: JobRow, *, at: datetime) -> None:
    """Give the whole reservation back."""
    if _open(session, job):
        _settle(session, job, "release", job.cost, at)


def _open(session: Session, job: JobRow) -> bool:
    settled = session.get(LedgerRow, f"{job.id}:capture") or session.get(LedgerRow, f"{job.id}:release")
    return settled is None


def _settle(session: Session, job: JobRow, kind: str, amount: int, at: datetime) -> None:
    period = period_of(job.created_at)
    _enter(session, f"{job.id}:{kind}", job.person_key, period, kind, amount, job.id, at)


def _enter(
    session: Session,
    key: str,
    person: str,
    period: str,
    kind: str,
    amount: int,
    job: str | None,
    at: datetime,
) -> None:
    if session.get(LedgerRow, key) is None:
        row = LedgerRow(
            entry_key=key,
            account=human_of(session, person),
            person_key=person,
            period=period,
            kind=kind,
            amount=amount,
            job_id=job,
            created_at=at,
        )
        session.add(row)
        session.flush()
