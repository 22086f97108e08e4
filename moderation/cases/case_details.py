"""A case with all that a moderator needs to judge it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation.cases.case_previews import read_previews
from moderation.cases.strikes import strike_sum
from moderation.records import audit_log, bans
from moderation.records.case_words import with_words
from moderation.records.tables import AuditRow, StrikeRow
from moderation.reports.hidden_pictures import hidden_of_job
from moderation.reports.member_reports import decide_by
from moderation.reports.outside_reports import read_receipts, report_of
from studio.db import queries
from studio.db.cases import case_of
from studio.db.database import Database
from studio.db.identities.linked_identities import identities
from studio.db.identities.people import SOMEBODY, find_person, find_sighting, is_nameless
from studio.db.tables import CaseRow, JobRow, PictureRow
from studio.domain.cases import (
    Case,
    CaseDetails,
    CaseKind,
    CaseState,
    ModeratorNote,
    PersonFile,
    PersonRecord,
    StrikeEntry,
)
from studio.domain.jobs import Job, JobState
from studio.domain.people import Person
from studio.domain.pictures import Picture
from studio.errors import NotAllowedError
from studio.ports import CasePreview
from studio.services.visibility import Audience, may_see

NOTE = "note"  # its action in the audit chain
_MOST_ENTRIES = 8
_MOST_CASES = 20


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
        decide_by=min((row.decide_by for row in receipts if row.decide_by), default=decide_by(case)),
        contacts=tuple(row.contact for row in receipts if row.contact),
        statements=tuple(report_of(row, case) for row in receipts if row.words or row.reporter),
        has_evidence=bool(with_words(session, [case])),
    )


def _pictures(session: Session, case: Case) -> tuple[Picture, ...]:
    """Those of its job, also such as a report hides until it is decided; of an appeal the one that was taken down."""
    if case.job_id is None:
        return ()
    found = [*queries.pictures_of_job(session, case.job_id)]
    found += (queries.picture_of(row) for row in hidden_of_job(session, case.job_id))
    if case.kind is CaseKind.APPEAL and case.picture_id is not None:
        found = [queries.picture_of(session.get_one(PictureRow, case.picture_id))]
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


def read_person_file(session: Session, person_key: str) -> PersonFile:
    """Raises `NotFoundError`."""
    sighting = find_sighting(session, person_key)
    keys = identities(session, person_key)
    person = sighting.person
    jobs = select(JobRow).where(JobRow.person_key == person_key).order_by(JobRow.created_at.desc())
    refused = jobs.where(JobRow.state == JobState.REFUSED)
    strikes = select(StrikeRow).where(StrikeRow.person_key.in_(keys)).order_by(StrikeRow.at.desc())
    opened = select(CaseRow).where(CaseRow.subject.in_(keys), CaseRow.state == CaseState.OPEN)
    here = (CaseRow.platform == person.platform) & (CaseRow.community == person.community)
    on_the_desk = opened.where(here, CaseRow.addressee.is_(None)).order_by(CaseRow.opened_at)
    return PersonFile(
        sighting=sighting,
        linked=tuple(find_person(session, key) for key in keys if key != person_key),
        record=read_person_record(session, person_key),
        recent=tuple(map(queries.job_of, session.scalars(jobs.limit(_MOST_ENTRIES)))),
        refused=tuple(map(queries.job_of, session.scalars(refused.limit(_MOST_ENTRIES)))),
        strikes=tuple(map(_strike_entry, session.scalars(strikes.limit(_MOST_ENTRIES)))),
        notes=_notes(session, person_key),
        open_cases=tuple(map(case_of, session.scalars(on_the_desk.limit(_MOST_CASES)))),
    )


def _strike_entry(row: StrikeRow) -> StrikeEntry:
    return StrikeEntry(
        rule=row.rule,
        category=row.category,
        weight=row.weight,
        at=row.at,
        overturned=row.overturned_at is not None,
    )


def _notes(session: Session, person_key: str) -> tuple[ModeratorNote, ...]:
    """Without those that were erased."""
    query = select(AuditRow).where(AuditRow.action == NOTE, AuditRow.subject == person_key)
    rows = session.scalars(query.order_by(AuditRow.number.desc()).limit(_MOST_ENTRIES))
    return tuple(
        ModeratorNote(words=str(row.details.get("note", "")), at=row.at) for row in rows if row.details
    )


class CommunityRecords:
    """What moderators read and note of the people of their community."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def preview(self, moderator: Person, cases: Sequence[Case]) -> Mapping[str, CasePreview]:
        require_moderator(moderator)
        on_the_desk = [
            case
            for case in cases
            if case.state is CaseState.OPEN
            and case.addressee is None
            and (case.platform, case.community) == moderator.home
        ]
        with self._database.read() as session:
            return read_previews(session, on_the_desk)

    def read_person(self, moderator: Person, who: str) -> PersonFile:
        require_moderator(moderator)
        with self._database.read() as session:
            return read_person_file(session, who)

    def write_note(self, moderator: Person, who: str, words: str) -> None:
        require_moderator(moderator)
        with self._database.begin() as session:
            audit_log.append(session, NOTE, actor=moderator.key, subject=who, details={"note": words})


def require_moderator(person: Person) -> None:
    """Raises `NotAllowedError`."""
    if not person.moderates:
        raise NotAllowedError("moderators_only")
