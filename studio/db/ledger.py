"""Credits as an append-only ledger: reserve, then capture or release, each exactly once per job.

An account belongs to a human, over all their linked identities, or to the pool of a channel. Its balance in a month
is the sum of that month's entries: a grant or a gift received is positive, a reservation or a gift made negative, a
release positive; a capture of 0 only marks that the reservation was used. Credits belong to the month of their entry
and so end with it. `entry_key` is the primary key, so a repeated entry changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from studio.db.humans import human_of
from studio.db.tables import JobRow, LedgerRow
from studio.errors import OutOfCredits
from studio.people import Platform

_SPENDING = ("reserve", "capture", "release")


def period_of(at: datetime) -> str:
    """The month, e.g. ``2026-11``."""
    return f"{at:%Y-%m}"


def pool_account(platform: Platform, community: str, channel: str) -> str:
    """The account of a channel that moderators gave credits of its own."""
    return f"pool:{platform}:{community}:{channel}"


def balance(session: Session, person_key: str, *, at: datetime) -> int:
    """What is left of the month's credits of the human behind the person."""
    return balance_of(session, human_of(session, person_key), at=at)


def balance_of(session: Session, account: str, *, at: datetime) -> int:
    return _sum(session, account, at)


def used(session: Session, person_key: str, *, at: datetime) -> int:
    """Credits of this month that were spent or are set aside for jobs not yet over; not those of pools."""
    return -_sum(session, human_of(session, person_key), at, kinds=_SPENDING)


def gifts(session: Session, person_key: str, *, at: datetime) -> int:
    """Credits of this month that were received, less those given away."""
    return _sum(session, human_of(session, person_key), at, kinds=("gift",))


def lock(session: Session, *accounts: str) -> None:
    """Hold accounts until the commit, so that none is overdrawn. SQLite writers go one by one anyway."""
    if session.get_bind().dialect.name == "postgresql":
        for account in sorted(set(accounts)):
            session.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:account, 0))"), {"account": account}
            )


def grant_monthly(session: Session, person_key: str, *, credits: int, at: datetime) -> None:
    """Grant a human the month's credits, once; whoever rose to more during the month gets the difference."""
    account = human_of(session, person_key)
    _grant(session, account, person_key, credits, at)


def grant_pool(session: Session, pool: str, person_key: str, *, credits: int, at: datetime) -> None:
    """The same for the pool of a channel, by the first who draws on it."""
    _grant(session, pool, person_key, credits, at)


def give(session: Session, giver: str, receiver: str, amount: int, *, key: str, at: datetime) -> int:
    """Move credits between humans, once per `key`, and say what the giver has left. Raises `OutOfCredits`."""
    source, target = human_of(session, giver), human_of(session, receiver)
    lock(session, source, target)
    if session.get(LedgerRow, f"{key}:given") is None:
        if (left := balance_of(session, source, at=at)) < amount:
            raise OutOfCredits(needed=amount, balance=left)
        _enter(session, f"{key}:given", source, giver, "gift", -amount, at)
        _enter(session, f"{key}:received", target, receiver, "gift", amount, at)
    return balance_of(session, source, at=at)


def merge(session: Session, kept: str, other: str, *, person_key: str, at: datetime) -> None:
    """Two humans turned out to be one: of what both were granted this month, the smaller share goes back."""
    lock(session, kept, other)
    twice = min(_sum(session, account, at, kinds=("grant",)) for account in (kept, other))
    left = balance_of(session, kept, at=at) + balance_of(session, other, at=at)
    if (back := min(twice, left)) > 0:
        _enter(session, f"link:{period_of(at)}:{other}", kept, person_key, "grant", -back, at)


def reserve(session: Session, job: JobRow, *, limited: bool, pool: str | None = None) -> None:
    """Set the job's cost aside: in the pool if it has enough, else in the human's own account.

    With `limited`, raises `OutOfCredits` when the balance is too small.
    """
    at = job.created_at
    own = human_of(session, job.person_key)
    lock(session, own, *([pool] if pool else []))
    account = pool if pool and balance_of(session, pool, at=at) >= job.cost else own
    if account == own and limited and (left := balance_of(session, own, at=at)) < job.cost:
        raise OutOfCredits(needed=job.cost, balance=left)
    _enter(session, f"{job.id}:reserve", account, job.person_key, "reserve", -job.cost, at, job=job)


def capture(session: Session, job: JobRow, *, painted: int, at: datetime) -> None:
    """Spend the reservation; what was reserved for pictures that were not made comes back."""
    asked_for = max(1, int(job.request.get("count", 1)))
    _settle(session, job, "capture", max(0, asked_for - painted) * (job.cost // asked_for), at)


def release(session: Session, job: JobRow, *, at: datetime) -> None:
    """Give the whole reservation back."""
    _settle(session, job, "release", job.cost, at)


def _grant(session: Session, account: str, person_key: str, credits: int, at: datetime) -> None:
    lock(session, account)
    period = period_of(at)
    granted = _sum(session, account, at, kinds=("grant",))
    if credits > granted:
        key = f"grant:{period}:{account}"
        if session.get(LedgerRow, key) is not None:
            key = f"{key}:{credits}"
        _enter(session, key, account, person_key, "grant", credits - granted, at)


def _settle(session: Session, job: JobRow, kind: str, amount: int, at: datetime) -> None:
    """Close the reservation in the account and the month in which it was made."""
    settled = session.get(LedgerRow, f"{job.id}:capture") or session.get(LedgerRow, f"{job.id}:release")
    reserved = session.get(LedgerRow, f"{job.id}:reserve")
    if settled is None and reserved is not None:
        row = LedgerRow(
            entry_key=f"{job.id}:{kind}",
            account=reserved.account,
            person_key=job.person_key,
            period=reserved.period,
            kind=kind,
            amount=amount,
            job_id=job.id,
            created_at=at,
        )
        session.add(row)
        session.flush()


def _sum(session: Session, account: str, at: datetime, *, kinds: Sequence[str] = ()) -> int:
    query = select(func.coalesce(func.sum(LedgerRow.amount), 0))
    query = query.where(LedgerRow.account == account, LedgerRow.period == period_of(at))
    if kinds:
        query = query.where(LedgerRow.kind.in_(kinds))
    return int(session.scalar(query) or 0)


def _enter(
    session: Session,
    key: str,
    account: str,
    person: str,
    kind: str,
    amount: int,
    at: datetime,
    *,
    job: JobRow | None = None,
) -> None:
    if session.get(LedgerRow, key) is None:
        row = LedgerRow(
            entry_key=key,
            account=account,
            person_key=person,
            period=period_of(at),
            kind=kind,
            amount=amount,
            job_id=job.id if job else None,
            created_at=at,
        )
        session.add(row)
        session.flush()
