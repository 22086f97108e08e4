"""Deletes old notices, and folds entries of the ledger of months long over, where an administrator has set when."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select

from studio.clock import now
from studio.db.database import Database
from studio.db.running_sums.ledger_folding import find_old_accounts, fold_account
from studio.db.tables import NoticeRow
from studio.domain.cases import NoticeKind

_BATCH = 1000  # notices a transaction, and accounts that are sought at once
_MOST_BATCHES = 50
_ENTRIES_A_TRANSACTION = 5000

log = logging.getLogger(__name__)


class NoticeRetention:
    """Run by the maintenance worker each hour; two at once do no harm."""

    def __init__(self, *, database: Database, keep: timedelta, people: Select[str]) -> None:
        """Those of `people` stay."""
        self._database = database
        self._keep = keep
        self._people = people

    def delete_old(self, at: datetime | None = None) -> int:
        """How many went that were delivered before, the oldest first. Hints stay: by them each is written only once.

        Raises `DatabaseUnavailableError`.
        """
        before, deleted = (at or now()) - self._keep, 0
        old = (
            select(NoticeRow.id)
            .where(NoticeRow.delivered_at < before, NoticeRow.kind != NoticeKind.HINT)
            .where(NoticeRow.person_key.not_in(self._people))
            .order_by(NoticeRow.delivered_at)
            .limit(_BATCH)
        )
        for _ in range(_MOST_BATCHES):
            with self._database.begin() as session:
                found = list(session.scalars(old))
                session.execute(
                    delete(NoticeRow).where(NoticeRow.id.in_(found)),
                    execution_options={"synchronize_session": False},
                )
            deleted += len(found)
            if len(found) < _BATCH:
                break
        if deleted:
            log.info("old notices deleted", extra={"notices": deleted})
        return deleted


class LedgerRetention:
    """Run by the maintenance worker each hour; two at once do no harm."""

    def __init__(self, *, database: Database, keep: timedelta, people: Select[str]) -> None:
        """Entries of `people` stay."""
        self._database = database
        self._keep = keep
        self._people = people
        self._behind = ""  # the last account that was looked at

    def fold_old(self, at: datetime | None = None) -> int:
        """How many entries became part of one that carries their sum. Raises `DatabaseUnavailableError`."""
        before, folded = (at or now()) - self._keep, 0
        with self._database.read() as session:
            accounts = find_old_accounts(
                session, before=before, after=self._behind, people=self._people, limit=_BATCH
            )
        for account in accounts:
            folded += self._fold(account, before)
        self._behind = accounts[-1] if len(accounts) == _BATCH else ""
        if folded:
            log.info("old ledger entries folded", extra={"entries": folded})
        return folded

    def _fold(self, account: str, before: datetime) -> int:
        folded = 0
        for _ in range(_MOST_BATCHES):
            with self._database.begin() as session:
                count = fold_account(
                    session, account, before=before, people=self._people, limit=_ENTRIES_A_TRANSACTION
                )
            folded += count
            if count < _ENTRIES_A_TRANSACTION:
                break
        return folded
