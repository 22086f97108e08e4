"""Pictures that an urgent report hid: out of sight and blocked everywhere until a moderator decides.

A hidden picture counts as deleted, but its files stay and `hidden_by` names the case.
"""

from collections.abc import Collection, Iterator

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from moderation.records.tables import EVERYWHERE, BlockedPictureRow
from studio.clock import now
from studio.db import outbox
from studio.db.tables import CaseRow, JobRow, OutboxRow, PictureRow
from studio.domain.cases import URGENT, Case
from studio.domain.events import PictureChanged
from studio.domain.people import Platform
from studio.domain.provenance import SAME_BITS, difference
from studio.services import message_refresh

_MOST_ALIKE = 200


def hide(session: Session, case: Case) -> list[OutboxRow]:
    """The picture of a case, and those of all communities that look the same. Nothing like it passes meanwhile."""
    row = session.get_one(PictureRow, case.picture_id)
    rows = [row, *find_alike(session, row)]
    _block(session, row.perceptual_hash, case)
    events: list[OutboxRow] = []
    for picture in rows:
        if picture.deleted_at is None:
            picture.deleted_at, picture.hidden_by = now(), case.id
            events += _write_changed(session, picture)
    session.flush()
    return events


def _block(session: Session, fingerprint: str | None, case: Case) -> None:
    """Unless another case blocks it already, which may have been upheld."""
    if not fingerprint or session.get(BlockedPictureRow, (EVERYWHERE, EVERYWHERE, fingerprint)) is not None:
        return
    block = BlockedPictureRow(
        platform=EVERYWHERE,
        community=EVERYWHERE,
        fingerprint=fingerprint,
        case_id=case.id,
        blocked_by="",
        at=now(),
    )
    session.add(block)


def find_alike(session: Session, row: PictureRow) -> list[PictureRow]:
    """Those of all communities that look the same as a picture, deleted ones too, without itself."""
    if not row.perceptual_hash:
        return []
    from studio.db.perceptual_hashes import hashes_of  # numpy, which no front end loads at its start

    ids = hashes_of(session).find(session, row.perceptual_hash, None)[:_MOST_ALIKE]
    query = select(PictureRow).where(PictureRow.id.in_(ids), PictureRow.id != row.id)
    return [other for other in session.scalars(query.order_by(PictureRow.id)) if is_alike(row, other)]


def is_alike(one: PictureRow, other: PictureRow) -> bool:
    """Whether two pictures look the same, as far as they are known by their looks."""
    if not one.perceptual_hash or not other.perceptual_hash:
        return False
    return difference(one.perceptual_hash, other.perceptual_hash) <= SAME_BITS


def find_hidden(session: Session, case_ids: Collection[str]) -> list[PictureRow]:
    """Those that the cases hid."""
    query = select(PictureRow).where(PictureRow.hidden_by.in_(case_ids))
    return list(session.scalars(query.order_by(PictureRow.id)))


def is_hidden(session: Session, case_id: str) -> bool:
    """Whether the picture of a case is out of sight, by whichever report."""
    named = select(CaseRow.picture_id).where(CaseRow.id == case_id)
    hidden = PictureRow.id.in_(named) & PictureRow.hidden_by.is_not(None)
    return session.scalars(select(PictureRow.id).where(hidden)).first() is not None


def unhide(session: Session, case_ids: Collection[str]) -> list[PictureRow]:
    """Those that the cases hid are there again, as far as the records go; `show` makes messages show them."""
    rows = find_hidden(session, case_ids)
    for row in rows:
        row.deleted_at = row.hidden_by = None
    session.flush()
    return rows


def show(session: Session, rows: Collection[PictureRow]) -> list[OutboxRow]:
    return [event for row in rows for event in _write_changed(session, row)]


def unblock(session: Session, case_ids: Collection[str]) -> None:
    """What the cases blocked in all communities may be generated and brought along again."""
    blocked = (BlockedPictureRow.platform == EVERYWHERE) & BlockedPictureRow.case_id.in_(case_ids)
    session.execute(delete(BlockedPictureRow).where(blocked))


def jobs_of(session: Session, case: Case) -> list[str]:
    """The jobs of hidden pictures that go or come back with a case, to be locked before it is judged."""
    jobs = set(session.scalars(select(PictureRow.job_id).where(PictureRow.hidden_by == case.id)))
    if case.picture_id is not None and case.weight >= URGENT:
        alike = find_alike(session, session.get_one(PictureRow, case.picture_id))
        jobs.update(row.job_id for row in alike if row.hidden_by is not None)
    return sorted(jobs)


def _write_changed(session: Session, row: PictureRow) -> Iterator[OutboxRow]:
    platform = Platform(session.get_one(JobRow, row.job_id).platform)
    yield outbox.write(session, PictureChanged(job_id=row.job_id, platform=platform, picture_id=row.id))
    yield from message_refresh.of_deleted(session, row.job_id, [row.id])


def hidden_of_job(session: Session, job_id: str) -> list[PictureRow]:
    """Those of a job that any case hid: the moderators of its cases have to see them."""
    hidden = (PictureRow.job_id == job_id) & PictureRow.hidden_by.is_not(None)
    return list(session.scalars(select(PictureRow).where(hidden).order_by(PictureRow.position)))
