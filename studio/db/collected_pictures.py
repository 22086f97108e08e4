"""The private trays in which people collect up to five pictures for a blend."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from studio.db.tables import CollectedRow
from studio.domain.requests import Source
from studio.serialization import from_data, to_data

LASTS = timedelta(hours=12)  # shorter than files are kept that no job names


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """One picture in a tray: `picture_id` of one that was made here, else `source`, an upload of the person's."""

    picture_id: str | None = None
    source: Source | None = None


def add(session: Session, person_key: str, collected: Collected, *, at: datetime) -> bool:
    """False: it is there already. The person's row must be there."""
    item = collected.picture_id or (collected.source.key if collected.source else "")
    row = session.get(CollectedRow, (person_key, item))
    if row is not None and row.added_at > at - LASTS:
        return False
    source = to_data(collected.source) if collected.source else {}
    session.merge(CollectedRow(person_key=person_key, item=item, source=source, added_at=at))
    session.flush()
    return True


def collected_by(session: Session, person_key: str, *, at: datetime) -> tuple[Collected, ...]:
    """What somebody collected in the last hours, in that order."""
    lasting = (CollectedRow.person_key == person_key) & (CollectedRow.added_at > at - LASTS)
    rows = session.scalars(select(CollectedRow).where(lasting).order_by(CollectedRow.added_at))
    return tuple(
        Collected(source=from_data(Source, row.source)) if row.source else Collected(picture_id=row.item)
        for row in rows
    )


def count(session: Session, person_key: str, *, at: datetime) -> int:
    lasting = (CollectedRow.person_key == person_key) & (CollectedRow.added_at > at - LASTS)
    return session.scalar(select(func.count()).select_from(CollectedRow).where(lasting)) or 0


def empty(session: Session, person_key: str) -> None:
    session.execute(delete(CollectedRow).where(CollectedRow.person_key == person_key))
