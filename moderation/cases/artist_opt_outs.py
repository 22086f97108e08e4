"""Artists who asked, with a report, that a community imitates their style no longer."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from moderation.records.tables import ArtistOptOutRow
from moderation.text.normalization import fold_text
from studio.clock import now
from studio.commands.moderation.report import ARTIST_RULE
from studio.db.settings import rules_home
from studio.domain.cases import Case, CaseKind, Decision
from studio.domain.people import Person, Platform

_OPTED_OUT = select(ArtistOptOutRow.name, ArtistOptOutRow.written).where(
    ArtistOptOutRow.platform == bindparam("platform"), ArtistOptOutRow.community == bindparam("community")
)


def add_opt_out(session: Session, case: Case) -> bool:
    """Any decision on an artist's report but "approve" adds the name. False where there is nothing to add."""
    name = fold_text(case.evidence)
    asked = case.kind is CaseKind.REPORT and case.rule == ARTIST_RULE
    if not asked or not name or case.decision in (None, Decision.APPROVE):
        return False
    row = ArtistOptOutRow(
        platform=case.platform,
        community=case.community,
        name=name,
        written=case.evidence,
        case_id=case.id,
        at=now(),
    )
    session.merge(row)
    session.flush()
    return True


def opted_out(session: Session, person: Person) -> dict[str, str]:
    """The folded names that are left alone where the person is, with the names as they were written."""
    home = {"platform": person.platform, "community": rules_home(session, *person.home)}
    return {row.name: row.written for row in session.execute(_OPTED_OUT, home)}


def list_opt_outs(session: Session) -> list[ArtistOptOutRow]:
    """Of every community."""
    order = (ArtistOptOutRow.platform, ArtistOptOutRow.community, ArtistOptOutRow.name)
    return list(session.scalars(select(ArtistOptOutRow).order_by(*order)))


def remove_opt_out(session: Session, platform: Platform, community: str, written: str) -> bool:
    """False where the name is not on the list."""
    row = session.get(ArtistOptOutRow, (platform, community, fold_text(written)))
    if row is not None:
        session.delete(row)
    return row is not None
