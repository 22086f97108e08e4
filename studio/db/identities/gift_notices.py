"""Notices of gifts, which name their givers. What leads to one is the ledger's entry of what was given."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from studio.coded_text import coded, to_stored
from studio.db.tables import LedgerRow, NoticeRow
from studio.domain.identifiers import job_id_of

_GIVEN = ":given"  # ends the key of the giver's entry


def unname_giver(session: Session, entry: LedgerRow) -> None:
    """The notice of a gift says that somebody gave it, as nothing will lead to it any more. Other entries have none."""
    if entry.kind == "gift" and entry.amount < 0:
        notice_id = job_id_of(entry.entry_key.removesuffix(_GIVEN))
        text = to_stored(coded("notice.gift_by_somebody", count=-entry.amount))
        session.execute(update(NoticeRow).where(NoticeRow.id == notice_id).values(text=text))
