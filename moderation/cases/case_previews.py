"""What tells the cases of a desk apart before anybody claims one."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from moderation.records.case_words import with_words
from studio.db.queries import job_of, picture_of
from studio.db.tables import JobRow, PictureRow
from studio.domain.cases import Case, CaseDetails, CaseImage, PersonRecord
from studio.domain.jobs import Job
from studio.domain.people import Person
from studio.domain.pictures import Picture
from studio.ports import CasePreview
from studio.services.visibility import is_private

_BLANK = PersonRecord(jobs=0, refusals=0, strikes=0.0, earlier_cases=0)


def read_previews(session: Session, cases: Sequence[Case]) -> dict[str, CasePreview]:
    """In five queries, however many cases there are."""
    job_ids = {case.job_id for case in cases if case.job_id}
    rows = session.scalars(select(JobRow).where(JobRow.id.in_(job_ids)))
    jobs = {row.id: job_of(row) for row in rows}
    pictures = _pictures(session, job_ids)
    encrypted = with_words(session, cases)
    return {
        case.id: _preview(
            case, jobs.get(case.job_id or ""), pictures.get(case.job_id or "", []), case.id in encrypted
        )
        for case in cases
    }


def _pictures(session: Session, job_ids: Collection[str]) -> dict[str, list[Picture]]:
    """Also those that a report hides until it is decided."""
    there = or_(PictureRow.deleted_at.is_(None), PictureRow.hidden_by.is_not(None))
    query = select(PictureRow).where(PictureRow.job_id.in_(job_ids), there)
    found: dict[str, list[Picture]] = defaultdict(list)
    for row in session.scalars(query.order_by(PictureRow.position)):
        found[row.job_id].append(picture_of(row))
    return found


def _preview(case: Case, job: Job | None, pictures: Sequence[Picture], encrypted: bool) -> CasePreview:
    private = job is not None and is_private(job)
    return CasePreview(
        prompt=job.request.prompt if job and not private and not encrypted else "",
        withheld=private,
        encrypted=encrypted,
        image=None if private else _first_image(case, job, pictures),
    )


def _first_image(case: Case, job: Job | None, pictures: Sequence[Picture]) -> CaseImage | None:
    """The one that a moderator who claims the case sees first."""
    nobody = Person(platform=case.platform, community=case.community, user_id="", display_name="")
    details = CaseDetails(
        case=case, subject=nobody, job=job, pictures=tuple(pictures), prompts=(), person_record=_BLANK
    )
    return next(iter(details.images), None)
