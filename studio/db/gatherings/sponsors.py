"""Credits that the host of a gathering sets aside for everybody's pictures in it, and what is left of them.

They lie in an account of the gathering, from which its jobs are paid after the pool of its channel. As all credits they
belong to their month: what is left of an earlier month is gone.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from studio.db import credit_ledger
from studio.db.credit_ledger import LedgerEntry, enter
from studio.db.identities.linked_identities import human_of
from studio.db.tables import GatheringRow, JobRow, LedgerRow
from studio.domain.identifiers import new_job_id
from studio.errors import OutOfCreditsError

_POOL = "pool:"
_PREFIX = f"{_POOL}gathering:"


def sponsor_account(gathering_id: str) -> str:
    return f"{_PREFIX}{gathering_id}"


def set_aside(
    session: Session, row: GatheringRow, amount: int, *, limited: bool, at: datetime, pool: str | None = None
) -> None:
    """From the host's credits or those of a channel's pool, once for each gathering.

    With `limited`, raises `OutOfCreditsError`.
    """
    own, account = pool or human_of(session, row.host), sponsor_account(row.id)
    credit_ledger.lock(session, own, account)
    if session.get(LedgerRow, f"{account}:given") is not None:
        return
    left = credit_ledger.balance_of(session, own, at=at)
    if limited and left < amount:
        raise OutOfCreditsError(needed=amount, balance=left, at=at)
    enter(session, LedgerEntry(f"{account}:given", own, row.host, "reserve", -amount), at=at)
    enter(session, LedgerEntry(f"{account}:received", account, row.host, "grant", amount), at=at)


def give_back(session: Session, gathering_id: str, host: str, *, at: datetime) -> int:
    """What is left, to the host or the pool that gave it; how much that was."""
    account = sponsor_account(gathering_id)
    given = session.get(LedgerRow, f"{account}:given")
    is_from_pool = given is not None and given.account.startswith(_POOL)
    own = given.account if given is not None and is_from_pool else human_of(session, host)
    credit_ledger.lock(session, own, account)
    left = credit_ledger.balance_of(session, account, at=at)
    if left > 0:
        key = f"{account}:back:{new_job_id()}"
        enter(session, LedgerEntry(f"{key}:given", account, host, "release", -left), at=at)
        enter(session, LedgerEntry(key, own, host, "release", left), at=at)
    return max(0, left)


def return_spent(session: Session, job: JobRow, *, at: datetime) -> None:
    """What was spent on a job of which nothing came, once, to the account and the month that paid it."""
    key = f"{job.id}:back"
    paid = func.sum(LedgerRow.amount)
    query = select(LedgerRow.account, LedgerRow.period, paid).where(LedgerRow.job_id == job.id)
    for account, period, amount in session.execute(query.group_by(LedgerRow.account, LedgerRow.period)).all():
        if amount < 0 and session.get(LedgerRow, key) is None:
            entry = {"period": period, "kind": "release", "amount": -amount, "job_id": job.id}
            whose = {"account": account, "person_key": job.person_key}
            session.add(LedgerRow(entry_key=key, **whose, **entry, created_at=at))
            session.flush()


def pay_out(session: Session, gathering_id: str, shares: Mapping[str, int], *, at: datetime) -> None:
    """Credits that were set aside go to people, by key, once for each gathering, as credits of the present month.

    What was set aside in an earlier month is paid all the same.
    """
    account = sponsor_account(gathering_id)
    owners = {key: human_of(session, key) for key in shares}
    credit_ledger.lock(session, account, *owners.values())
    given = session.get(LedgerRow, f"{account}:received")
    paid = session.scalar(select(func.count()).where(LedgerRow.entry_key.startswith(f"{account}:prize:")))
    if given is None or paid:
        return
    for key, amount in shares.items():
        entry = f"{account}:prize:{new_job_id()}"
        paid_from = LedgerEntry(f"{entry}:given", account, key, "gift", -amount)
        enter(session, paid_from, at=given.created_at)
        enter(session, LedgerEntry(f"{entry}:received", owners[key], key, "gift", amount), at=at)


def find_unreturned(session: Session, *, at: datetime) -> list[tuple[str, str]]:
    """Gatherings that are over, with their hosts, to whose account something came back after their end."""
    balance = func.sum(LedgerRow.amount)
    query = (
        select(GatheringRow.id, GatheringRow.host)
        .join(LedgerRow, LedgerRow.account == _PREFIX + GatheringRow.id)
        .where(GatheringRow.closed_at.is_not(None), LedgerRow.period == credit_ledger.period_of(at))
        .group_by(GatheringRow.id, GatheringRow.host)
        .having(balance > 0)
    )
    return [(row[0], row[1]) for row in session.execute(query)]
