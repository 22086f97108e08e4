"""Tells the owners of pictures that others built on them, as each chose in /settings: not at all, at once or daily.

Owners hear only of pictures that they may see from everywhere in their community, so not of those that were asked
for in private places. Linked identities are one person, who hears nothing of themself.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from studio.clock import now
from studio.coded_text import CodedText, coded, to_stored
from studio.db import outbox, queries
from studio.db.cases import write_notice
from studio.db.database import Database
from studio.db.identities.linked_identities import same_human
from studio.db.identities.people import find_person
from studio.db.settings import preferences_of
from studio.db.tables import JobRow, LineageRow, NoticeRow, OutboxRow, PictureRow, PreferencesRow
from studio.domain.cases import NewNotice, NoticeKind
from studio.domain.identifiers import job_id_of
from studio.domain.jobs import Job, JobState
from studio.domain.pictures import Picture
from studio.domain.settings.preferences import BuiltOn
from studio.parsing.text_cleaning import truncate
from studio.ports import Events
from studio.services.visibility import Audience, may_see

_MOST_NAMED = 6  # pictures in one daily notice
_LONGEST_SUBJECT = 40  # characters

log = logging.getLogger(__name__)


def notify_owners(session: Session, job: Job) -> list[OutboxRow]:
    """One notice for each owner who wants to hear at once of a job that is done, however often it is called."""
    if job.origin_job_id is None:
        return []
    events = []
    for owner, sources in _sources_by_owner(session, job).items():
        notice_id = _id_for_job(job.id, owner)
        wanted = preferences_of(session, owner).built_on is BuiltOn.NOW
        if wanted and _may_hear(session, owner, job) and session.get(NoticeRow, notice_id) is None:
            text = _text(job, sources)
            notice = replace(_notice(owner, text, notice_id), job_id=job.id)
            events.append(write_notice(session, notice))
    return [event for event in events if event]


def _sources_by_owner(session: Session, job: Job) -> dict[str, list[Picture]]:
    child = aliased(PictureRow)
    parents = (
        select(LineageRow.parent)
        .join(child, LineageRow.child == child.id)
        .where(child.job_id == job.id, child.deleted_at.is_(None))
    )
    query = select(PictureRow).where(PictureRow.id.in_(parents), PictureRow.deleted_at.is_(None))
    found: dict[str, list[Picture]] = {}
    for row in session.scalars(query.order_by(PictureRow.id)):
        found.setdefault(row.person_key, []).append(queries.picture_of(row))
    return found


def _may_hear(session: Session, owner: str, job: Job) -> bool:
    if same_human(session, owner, job.person.key):
        return False
    return may_see(session, job, Audience.of_person(find_person(session, owner)))


def _text(job: Job, sources: Sequence[Picture]) -> str:
    pictures = tuple(map(_quote_subject, sources))
    name, deed = job.person.display_name, str(job.request.operation)
    if len(pictures) == 1:
        return to_stored(coded("notice.built_on", name=name, deed=deed, picture=pictures[0], job=job.id))
    return to_stored(coded("notice.built_on_several", name=name, deed=deed, pictures=pictures, job=job.id))


def _quote_subject(picture: Picture) -> str:
    """``“a red fox” (k3v9m2p4qx7a.2)``."""
    subject = truncate(" ".join(picture.recipe.prompt.split()), _LONGEST_SUBJECT)
    return f"“{subject}” ({picture.id})" if subject else picture.id


def unname_builder(session: Session, person_key: str) -> None:
    """Notices about what this person built name them no more."""
    built = LineageRow.person_key == person_key
    jobs = select(PictureRow.job_id).join(LineageRow, LineageRow.child == PictureRow.id).where(built)
    named = (NoticeRow.kind == NoticeKind.BUILT_ON) & NoticeRow.job_id.in_(jobs)
    text = to_stored(coded("notice.built_on_by_somebody"))
    session.execute(
        update(NoticeRow).where(named).values(text=text), execution_options={"synchronize_session": False}
    )


def _id_for_job(job_id: str, owner: str) -> str:
    return job_id_of(f"built-on:{job_id}:{owner}")


def write_daily_notices(database: Database, events: Events, *, at: datetime | None = None) -> int:
    """A notice of yesterday (UTC) for each owner who wants one a day. Returns how many were written.

    Run every hour; each day is written once for each owner, however often it runs.
    """
    until = (at or now()).replace(hour=0, minute=0, second=0, microsecond=0)
    with database.read() as session:
        uses = _uses_by_owner(session, until - timedelta(days=1), until)
    written = sum(_write_daily(database, events, owner, uses[owner], until) for owner in sorted(uses))
    if written:
        log.info("daily notices written", extra={"notices": written})
    return written


def _uses_by_owner(session: Session, since: datetime, until: datetime) -> dict[str, list[tuple[str, str]]]:
    """Their pictures with the jobs that used them, of those owners who want to hear daily."""
    source, child = aliased(PictureRow), aliased(PictureRow)
    query = (
        select(source.person_key, source.id, JobRow.id)
        .select_from(JobRow)
        .join(child, child.job_id == JobRow.id)
        .join(LineageRow, LineageRow.child == child.id)
        .join(source, LineageRow.parent == source.id)
        .join(PreferencesRow, PreferencesRow.person_key == source.person_key)
        .where(
            JobRow.ended_at >= since,
            JobRow.ended_at < until,
            JobRow.state == JobState.DONE,
            child.deleted_at.is_(None),
            source.deleted_at.is_(None),
            PreferencesRow.data["built_on"].as_string() == BuiltOn.DAILY,
        )
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for owner, picture_id, job_id in session.execute(query.distinct().order_by(source.id, JobRow.id)):
        found.setdefault(owner, []).append((picture_id, job_id))
    return found


def _write_daily(
    database: Database, events: Events, owner: str, uses: Sequence[tuple[str, str]], until: datetime
) -> bool:
    try:
        with database.begin() as session:
            event = _daily_notice(session, owner, uses, until)
    except IntegrityError:  # another process was quicker
        return False
    outbox.send(database, events, [event] if event else [])
    return event is not None


def _daily_notice(
    session: Session, owner: str, uses: Sequence[tuple[str, str]], until: datetime
) -> OutboxRow | None:
    """None where it was written before, or where there is nothing that the owner may hear, or has not heard."""
    notice_id = job_id_of(f"built-on:{until:%Y-%m-%d}:{owner}")
    uses_told = list(_daily_texts(session, owner, uses))
    if not uses_told or session.get(NoticeRow, notice_id) is not None:
        return None
    more = len(uses_told) - _MOST_NAMED
    rest = [coded("notice.more_uses", more=more)] if more > 0 else []
    text = to_stored(coded("notice.built_on_yesterday"), *uses_told[:_MOST_NAMED], *rest)
    return write_notice(session, _notice(owner, text, notice_id))


def _notice(owner: str, text: str, notice_id: str) -> NewNotice:
    return NewNotice(NoticeKind.BUILT_ON, owner, text, id=notice_id)


def _daily_texts(session: Session, owner: str, uses: Sequence[tuple[str, str]]) -> Iterator[CodedText]:
    """Without names of people: a notice about several could not lose the name of one who is forgotten."""
    for picture_id, job_id in uses:
        job = queries.find_job(session, job_id)
        heard_at_once = session.get(NoticeRow, _id_for_job(job_id, owner)) is not None
        if not heard_at_once and _may_hear(session, owner, job):
            picture = queries.picture_of(session.get_one(PictureRow, picture_id))
            deed = str(job.request.operation)
            yield coded("notice.used", picture=_quote_subject(picture), deed=deed, job=job_id)
