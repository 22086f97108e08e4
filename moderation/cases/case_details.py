"""A case with all that a moderator needs to judge it."""

from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation.cases.strikes import strike_sum
from moderation.records import bans
from moderation.records.evidence import has_evidence
from moderation.reports.hidden_pictures import hidden_of_job
from moderation.reports.outside_reports import read_receipts
from studio.db import queries
from studio.db.identities.linked_identities import identities
from studio.db.identities.people import SOMEBODY, find_person, is_nameless
from studio.db.tables import CaseRow, JobRow
from studio.domain.cases import Case, CaseDetails, CaseKind, CaseState, PersonRecord
from studio.domain.jobs import Job, JobState
from studio.domain.people import Person
from studio.domain.pictures import Picture
from studio.services.visibility import Audience, may_see


def read_details(session: Session, case: Case) -> CaseDetails:
    job = queries.find_job(session, case.job_id) if case.job_id else None
    receipts = read_receipts(session, case.id) if case.kind is CaseKind.REPORT else []
    return CaseDetails(
        case=case,
        subject=_subject(session, case.subject),
        job=job,
        pictures=_pictures(session, case),
        prompts=_prompts(session, case, job) if job else (),
        person_record=read_person_record(session, case.subject, but=case.id),
        decide_by=min((row.decide_by for row in receipts if row.decide_by), default=None),
        contacts=tuple(row.contact for row in receipts if row.contact),
        has_evidence=case.kind is CaseKind.SUSPENSION and has_evidence(session, case.id),
    )


def _pictures(session: Session, case: Case) -> tuple[Picture, ...]:
    """Those of its job, also such as a report hides until it is decided."""
    if case.job_id is None:
        return ()
    found = [*queries.pictures_of_job(session, case.job_id)]
    found += (queries.picture_of(row) for row in hidden_of_job(session, case.job_id))
    return tuple(sorted(found, key=lambda picture: picture.index))


def _subject(session: Session, key: str) -> Person:
    """Without the id of one who was forgotten while they are judged, which would lead to their name."""
    person = find_person(session, key)
    return replace(person, user_id=SOMEBODY) if is_nameless(session, key) else person


def read_person_record(session: Session, person_key: str, *, but: str = "") -> PersonRecord:
    """A person's record over all their identities, without the case `but`."""
    keys = identities(session, person_key)
    theirs = select(func.count()).select_from(JobRow).where(JobRow.person_key.in_(keys))
    cases = select(func.count()).select_from(CaseRow).where(CaseRow.subject.in_(keys), CaseRow.id != but)
    ban = bans.find_ban(session, person_key)
    return PersonRecord(
        jobs=session.scalar(theirs) or 0,
        refusals=session.scalar(theirs.where(JobRow.state == JobState.REFUSED)) or 0,
        strikes=round(strike_sum(session, person_key), 2),
        earlier_cases=session.scalar(cases) or 0,
        banned=ban is not None,
        banned_until=ban.until if ban else None,
    )


def _prompts(session: Session, case: Case, job: Job) -> tuple[str, ...]:
    """The effective prompt: the job's own words, then those of the pictures it starts from, nearest first.

    Of the others' words only those that may be seen where the case is. Those of a deleted picture are told while the
    case is open. Who is asked for their consent reads no words that were written in a private place.
    """
    origins = [source.picture_id for source in job.request.sources if source.picture_id]
    audience = _audience(case, job)
    shown = [
        picture.recipe.prompt
        for picture in queries.family(session, origins)
        if case.state is CaseState.OPEN or not picture.deleted
        if may_see(session, queries.find_job(session, picture.job_id), audience)
    ]
    asked = case.addressee is None or may_see(session, job, audience)
    return (job.request.prompt if asked else "", *shown)


def _audience(case: Case, job: Job) -> Audience:
    """Moderators see what the person who is judged sees where they asked; who is asked, what they see anywhere."""
    home = (case.platform, case.community)
    if case.addressee is not None:
        return Audience(home=home, person_key=case.addressee)
    return Audience(home=home, channel=job.address.channel, person_key=job.person.key)
