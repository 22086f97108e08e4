"""Pictures that a moderator blocked: their look-alikes never pass again in that community."""

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from moderation.records.tables import EVERYWHERE, BlockedPictureRow
from studio.clock import now
from studio.db.queries import job_of
from studio.db.settings import rules_home
from studio.db.tables import JobRow, PictureRow
from studio.domain.cases import Case
from studio.domain.people import Person

_BLOCKED = select(BlockedPictureRow.fingerprint).where(
    or_(
        (BlockedPictureRow.platform == bindparam("platform"))
        & BlockedPictureRow.community.in_(bindparam("communities", expanding=True)),
        BlockedPictureRow.platform == EVERYWHERE,
    )
)


def block(session: Session, case: Case) -> int:
    """Block the picture that a case is about, or all of its job's, or before it was painted its uploads.

    How many have a fingerprint to know them by.
    """
    query = select(PictureRow).where(PictureRow.job_id == case.job_id)
    if case.picture_id is not None:
        query = query.where(PictureRow.id == case.picture_id)
    rows = session.scalars(query).all()
    prints = {found for row in rows if (found := fingerprint(row))} if rows else _uploads(session, case)
    for found in sorted(prints):
        session.merge(
            BlockedPictureRow(
                platform=case.platform,
                community=case.community,
                fingerprint=found,
                case_id=case.id,
                blocked_by=case.decided_by or "",
                at=now(),
            )
        )
    session.flush()
    return len(prints)


def _uploads(session: Session, case: Case) -> set[str]:
    """The fingerprints of what a job that was not painted starts from."""
    row = session.get(JobRow, case.job_id) if case.job_id else None
    sources = job_of(row).request.sources if row else ()
    return {source.fingerprint for source in sources if source.fingerprint}


def fingerprint(row: PictureRow) -> str:
    """64 hexadecimal digits, or nothing."""
    return row.perceptual_hash or str(row.verdict.get("fingerprint", ""))


def blocked_bits(session: Session, person: Person) -> tuple[int, ...]:
    """The fingerprints that are blocked where the person is, or everywhere."""
    homes = sorted({rules_home(session, *person.home), person.community})
    found = session.scalars(_BLOCKED, {"platform": person.platform, "communities": homes})
    return tuple(int(fingerprint, 16) for fingerprint in found)
