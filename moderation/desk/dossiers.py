"""A case with all that a moderator needs to judge it."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation import bans
from moderation.desk.strikes import burden
from studio.cases import Case, Conduct, Dossier
from studio.db import records
from studio.db.humans import identities, same_human
from studio.db.people import find_person
from studio.db.tables import CaseRow, JobRow
from studio.jobs import Job, JobState


def read_dossier(session: Session, case: Case) -> Dossier:
    job = records.find_job(session, case.job_id) if case.job_id else None
    return Dossier(
        case=case,
        subject=find_person(session, case.subject),
        job=job,
        pictures=tuple(records.pictures_of_job(session, job.id)) if job else (),
        prompts=_prompts(session, case, job) if job else (),
        conduct=read_conduct(session, case.subject, but=case.id),
    )


def read_conduct(session: Session, person_key: str, *, but: str = "") -> Conduct:
    """A person's record over all their identities, without the case `but`."""
    keys = identities(session, person_key)
    theirs = select(func.count()).select_from(JobRow).where(JobRow.person_key.in_(keys))
    cases = select(func.count()).select_from(CaseRow).where(CaseRow.subject.in_(keys), CaseRow.id != but)
    ban = bans.find_ban(session, person_key)
    return Conduct(
        jobs=session.scalar(theirs) or 0,
        refusals=session.scalar(theirs.where(JobRow.state == JobState.REFUSED)) or 0,
        strikes=round(burden(session, person_key), 2),
        earlier_cases=session.scalar(cases) or 0,
        banned=ban is not None,
        banned_until=ban.until if ban else None,
    )


def _prompts(session: Session, case: Case, job: Job) -> tuple[str, ...]:
    """The effective prompt: the job's own words, then those of the pictures it starts from, nearest first.

    A linked identity may have carried a picture over: what others wrote in its community is not told in this one.
    """
    origins = [source.picture_id for source in job.request.sources if source.picture_id]
    family = records.family(session, origins)
    jobs = [records.find_job(session, picture.job_id) for picture in family]
    told = [
        picture.recipe.prompt
        for picture, each in zip(family, jobs, strict=True)
        if each.person.home == (case.platform, case.community)
        or same_human(session, each.person.key, job.person.key)
    ]
    return (job.request.prompt, *told)
