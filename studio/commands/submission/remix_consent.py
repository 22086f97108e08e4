"""Whether a person may build on other people's pictures, and asking those who want to be asked."""

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from studio.db import settings
from studio.db.cases import open_case
from studio.db.identities.linked_identities import same_human
from studio.db.identities.people import find_person
from studio.db.tables import JobRow, OutboxRow, PictureRow
from studio.domain.cases import CaseKind, NewCase
from studio.domain.jobs import Job
from studio.domain.people import Person
from studio.domain.requests import Source
from studio.domain.settings.preferences import RemixConsent
from studio.errors import NotAllowedError


def require(
    session: Session, person: Person, sources: Sequence[Source], *, within: str | None = None
) -> None:
    """Raises `NotAllowedError` when an owner of a source lets nobody build on it.

    `within` is the gathering that the request is a part of: who joined one lets the others build on their parts there.
    """
    for owner in _owners(session, person, sources, within):
        if settings.preferences_of(session, owner).remix is RemixConsent.NOBODY:
            raise NotAllowedError("no_remix")


def is_possible(session: Session, person: Person, job: Job) -> bool:
    """Whether the person may build on the pictures of a job, if need be after asking."""
    owner = job.person.key
    if settings.preferences_of(session, owner).remix is not RemixConsent.NOBODY:
        return True
    return same_human(session, owner, person.key)


def require_uploads(session: Session, person: Person, job: Job) -> None:
    """Raises `NotAllowedError` for a job that starts from what somebody else brought, who wants to be asked or says
    no.
    """
    brought = any(not source.picture_id for source in job.request.sources)
    if not brought or same_human(session, job.person.key, person.key):
        return
    if settings.preferences_of(session, job.person.key).remix is not RemixConsent.ANYONE:
        raise NotAllowedError("ask_first")


def ask(session: Session, person: Person, job: Job) -> list[OutboxRow]:
    """Open a case for each owner who wants to be asked. Empty: the job need not wait for anybody.

    One who by now lets nobody build on theirs is asked too: the request was there before. Nobody is asked twice.
    """
    events: list[OutboxRow] = []
    for owner in _owners(session, person, job.request.sources, job.gathering):
        if settings.preferences_of(session, owner).remix is RemixConsent.ANYONE:
            continue
        _, opened = open_case(
            session,
            NewCase(
                kind=CaseKind.CONSENT,
                case_key=f"consent:{job.id}:{owner}",
                subject=person,
                filed_by=person,
                addressee=find_person(session, owner),
                job_id=job.id,
                picture_id=next(_pictures_of(session, job, owner)),
            ),
        )
        events += opened
    return events


def _owners(session: Session, person: Person, sources: Sequence[Source], within: str | None) -> list[str]:
    """The keys of the other people whose pictures these are, but for those made in `within`."""
    rows = [session.get(PictureRow, source.picture_id) for source in sources if source.picture_id]
    keys = sorted(
        {row.person_key for row in rows if row is not None and not _is_made_in(session, row, within)}
    )
    return [key for key in keys if not same_human(session, key, person.key)]


def _pictures_of(session: Session, job: Job, owner: str) -> Iterator[str]:
    for source in job.request.sources:
        row = session.get(PictureRow, source.picture_id) if source.picture_id else None
        if row is not None and row.person_key == owner:
            yield row.id


def _is_made_in(session: Session, row: PictureRow, gathering: str | None) -> bool:
    return gathering is not None and session.get_one(JobRow, row.job_id).gathering == gathering
