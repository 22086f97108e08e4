"""Everything that is kept of a person goes, or loses their name. What others built on their pictures stays."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Text, cast, delete, select, update
from sqlalchemy.orm import Session

from studio import releases
from studio.cases import CaseState, Decision
from studio.clock import now
from studio.db import cases, ledger, records
from studio.db.people import person_of
from studio.db.tables import (
    CaseRow,
    CommunityRow,
    JobRow,
    LedgerRow,
    LineageRow,
    LinkCodeRow,
    NoticeRow,
    OutboxRow,
    PersonRow,
    PictureRow,
    PreferencesRow,
    StarRow,
)
from studio.identifiers import new_job_id
from studio.jobs import WAITING, JobState
from studio.removals import Removal, take_away
from studio.verdicts import ALLOWED
from studio.wire import to_data

SOMEBODY = "somebody"
_STOPPED = "Deleted, as its person asked."
_KEPT_WORDS = ("operation", "seed", "count")


def is_painting(session: Session, keys: Sequence[str]) -> bool:
    query = select(JobRow.id).where(JobRow.person_key.in_(keys), JobRow.state == JobState.PAINTING)
    return session.scalars(query).first() is not None


def count_pictures(session: Session, keys: Sequence[str]) -> int:
    query = select(PictureRow.id).where(PictureRow.person_key.in_(keys), PictureRow.deleted_at.is_(None))
    return len(session.scalars(query).all())


def forget(session: Session, keys: Sequence[str]) -> Removal:
    """All identities of one human at once, none of them with a job being painted.

    Send the events and delete the files after the commit. Bans and strikes stay under the old keys.
    """
    removal = Removal()
    _answer_no(session, keys, removal)
    for row in session.scalars(select(JobRow).where(JobRow.person_key.in_(keys)).order_by(JobRow.id)):
        _forget_job(session, row, removal)
    for table in (StarRow, PreferencesRow, LinkCodeRow, NoticeRow):
        session.execute(delete(table).where(table.person_key.in_(keys)))
    for key in keys:
        _pseudonymise(session, key)
    return removal


def _answer_no(session: Session, keys: Sequence[str], removal: Removal) -> None:
    """Nobody is left whom those could ask who want to build on the pictures."""
    asked = CaseRow.addressee.in_(keys) & (CaseRow.state == CaseState.OPEN)
    for row in session.scalars(select(CaseRow).where(asked).order_by(CaseRow.id)):
        cases.close(session, row.id, Decision.REJECT, by="", at=now())
        session.refresh(row)
        removal.events.append(cases.changed(session, row))
        removal.events.extend(_stop(session, row.job_id or ""))


def _forget_job(session: Session, row: JobRow, removal: Removal) -> None:
    if row.state in WAITING or row.state == JobState.HELD:
        removal.events.extend(_stop(session, row.id))
        session.refresh(row)
    job = records.job_of(row)
    pictures = records.pictures_of_job(session, row.id)
    taken = take_away(session, job, pictures)
    removal.events.extend(taken.events)
    removal.files.update(taken.files, _uploads(session, row))
    row.request_key = f"forgotten:{row.id}"
    row.request = {name: value for name, value in row.request.items() if name in _KEPT_WORDS}
    row.address = {name: value for name, value in row.address.items() if not name.startswith("token")}
    for picture in session.scalars(select(PictureRow).where(PictureRow.job_id == row.id)):
        words = {"prompt": "", "negative_prompt": "", "style": None}
        picture.recipe = {**picture.recipe, **words}
        picture.perceptual_hash = None
        picture.verdict = to_data(ALLOWED)
    session.flush()


def _stop(session: Session, job_id: str) -> Iterable[OutboxRow]:
    return releases.stop(session, job_id, JobState.CANCELLED, error_code="cancelled", error_text=_STOPPED)


def _uploads(session: Session, row: JobRow) -> set[str]:
    """The files that a job started from and that nobody else's job needs."""
    sources = row.request.get("sources", [])
    keys = {each.get(name) for each in sources for name in ("key", "mask_key") if not each.get("picture_id")}
    return {key for key in keys if key and not _needed_elsewhere(session, key, row.person_key)}


def _needed_elsewhere(session: Session, key: str, person_key: str) -> bool:
    others = JobRow.person_key != person_key
    query = select(JobRow.id).where(others, cast(JobRow.request, Text).contains(key, autoescape=True))
    return session.scalars(query).first() is not None


def _pseudonymise(session: Session, key: str) -> None:
    """Rows that must stay point to a somebody of their own from now on."""
    row = session.get(PersonRow, key)
    if row is None:
        return
    stranger = f"forgotten-{new_job_id()}"
    nobody = PersonRow(
        key=f"{row.platform}:{row.community}:{stranger}",
        platform=row.platform,
        community=row.community,
        user_id=stranger,
        display_name=SOMEBODY,
        first_seen_at=row.first_seen_at,
        human=f"{row.platform}:{row.community}:{stranger}",
    )
    session.add(nobody)
    session.flush()
    values = {"person_key": nobody.key, "person": to_data(person_of(nobody))}
    session.execute(update(JobRow).where(JobRow.person_key == key).values(values))
    for table in (PictureRow, LineageRow, LedgerRow):
        session.execute(update(table).where(table.person_key == key).values(person_key=nobody.key))
    # This month's account keeps its name, or forgetting would be the way to fresh credits.
    earlier = (LedgerRow.account == key) & (LedgerRow.period != ledger.period_of(now()))
    session.execute(update(LedgerRow).where(earlier).values(account=nobody.key))
    for column in (
        *(CaseRow.subject, CaseRow.filed_by, CaseRow.addressee),
        *(CaseRow.claimed_by, CaseRow.decided_by),
    ):
        session.execute(update(CaseRow).where(column == key).values({column: nobody.key}))
    settled = CommunityRow.changed_by == key
    session.execute(update(CommunityRow).where(settled).values(changed_by=nobody.key))
    named = CaseRow.case_key.endswith(f":{key}", autoescape=True)
    session.execute(update(CaseRow).where(named).values(case_key="forgotten:" + CaseRow.id))
    session.execute(delete(PersonRow).where(PersonRow.key == key))
