"""Entries of months long over become one entry for each account and person, which carries their sum.

Balances are those of a month, so nobody's credits change. The triggers of `ledger` move the sums. Notices of gifts lose
the giver's name, since `/forget-me` finds them by the entries.
"""

from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, Select, delete, or_, select
from sqlalchemy.orm import Session

from studio.db.credit_ledger import lock, period_of
from studio.db.identities.gift_notices import unname_giver
from studio.db.tables import GatheringRow, JobRow, LedgerRow
from studio.domain.identifiers import new_job_id
from studio.domain.jobs import GOING_ON

CARRIED = "carried"  # the kind of such an entry
CARRIED_PERIOD = "0000-00"  # before every month
_SPONSORED = "pool:gathering:"  # keys by which a gathering's credits are returned and paid out once


def find_old_accounts(
    session: Session, *, before: datetime, after: str, people: Select[str], limit: int
) -> list[str]:
    """Up to `limit` accounts with something to fold, in their order from the one behind `after`."""
    query = select(LedgerRow.account).where(LedgerRow.account > after, *_is_old(before, people)).distinct()
    return list(session.scalars(query.order_by(LedgerRow.account).limit(limit)))


def fold_account(
    session: Session, account: str, *, before: datetime, people: Select[str], limit: int = 5000
) -> int:
    """How many entries of months before that of `before` went, at most `limit`.

    Those of jobs that go on, of gatherings that are open, and of `people` stay.
    """
    lock(session, account)
    old = select(LedgerRow).where(LedgerRow.account == account, *_is_old(before, people))
    rows = session.scalars(old.order_by(LedgerRow.person_key, LedgerRow.entry_key).limit(limit)).all()
    for person_key, entries in groupby(rows, key=lambda row: row.person_key):
        mine = list(entries)
        for entry in mine:
            unname_giver(session, entry)
        _carry(session, account, person_key, mine)
        keys = [row.entry_key for row in mine]
        for start in range(0, len(keys), 1000):
            session.execute(
                delete(LedgerRow).where(LedgerRow.entry_key.in_(keys[start : start + 1000])),
                execution_options={"synchronize_session": False},
            )
    return len(rows)


def _is_old(before: datetime, people: Select[str]) -> tuple[ColumnElement[bool], ...]:
    going_on = select(JobRow.id).where(JobRow.id == LedgerRow.job_id, JobRow.state.in_(sorted(GOING_ON)))
    played = (
        select(JobRow.id)
        .join(GatheringRow, GatheringRow.id == JobRow.gathering)
        .where(JobRow.id == LedgerRow.job_id, GatheringRow.closed_at.is_(None))
    )
    return (
        LedgerRow.period < period_of(before),
        LedgerRow.period > CARRIED_PERIOD,
        LedgerRow.entry_key.not_like(f"{_SPONSORED}%"),
        LedgerRow.person_key.not_in(people),
        or_(LedgerRow.job_id.is_(None), ~going_on.exists() & ~played.exists()),
    )


def _carry(session: Session, account: str, person_key: str, entries: list[LedgerRow]) -> None:
    amount = sum(row.amount for row in entries)
    mine = (LedgerRow.account == account) & (LedgerRow.person_key == person_key)
    carried = session.scalars(
        select(LedgerRow).where(mine, LedgerRow.period == CARRIED_PERIOD, LedgerRow.kind == CARRIED).limit(1)
    ).first()
    if carried is not None:
        carried.amount += amount
    else:
        session.add(
            LedgerRow(
                entry_key=f"{CARRIED}:{new_job_id()}",
                account=account,
                person_key=person_key,
                period=CARRIED_PERIOD,
                kind=CARRIED,
                amount=amount,
                job_id=None,
                created_at=max(row.created_at for row in entries),
            )
        )
    session.flush()
