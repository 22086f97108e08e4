"""Whether the sums of the ledger are those of its entries."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from studio.db.tables import BalanceRow, LedgerRow

_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongBalance:
    """`stored` is the sum that the database keeps, `entries` that of the ledger's entries."""

    account: str
    period: str
    kind: str
    stored: int
    entries: int


def find_wrong_balances(session: Session) -> list[WrongBalance]:
    """The first twenty; reads the whole ledger, about a second for a million entries."""
    key = (LedgerRow.account, LedgerRow.period, LedgerRow.kind)
    sum_key = (BalanceRow.account, BalanceRow.period, BalanceRow.kind)
    sums = select(*key, func.sum(LedgerRow.amount).label("entries")).group_by(*key).subquery()
    same = (sums.c.account == BalanceRow.account) & (sums.c.period == BalanceRow.period)
    same &= sums.c.kind == BalanceRow.kind
    stored, entries = func.coalesce(BalanceRow.amount, 0), func.coalesce(sums.c.entries, 0)
    without_row = (
        select(sums.c.account, sums.c.period, sums.c.kind, stored, entries)
        .select_from(sums)
        .outerjoin(BalanceRow, same)
    )
    without_entries = select(*sum_key, stored, entries).select_from(BalanceRow).outerjoin(sums, same)
    found = {
        (row[0], row[1], row[2]): (int(row[3]), int(row[4]))
        for query in (without_row, without_entries)
        for row in session.execute(query.where(stored != entries).limit(_MOST))
    }
    return [
        WrongBalance(account=account, period=period, kind=kind, stored=stored, entries=entries)
        for (account, period, kind), (stored, entries) in sorted(found.items())[:_MOST]
    ]
