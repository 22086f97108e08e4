"""Everything that is kept of a person goes, or loses their name. What others built on their pictures stays.

Who is being judged keeps their keys until that is over: while a case about them is open, or a ban or strikes of
theirs hold under linked names, their rows in `people` stay without a name, so that all this holds for a person who
comes back under any of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, delete, select, update
from sqlalchemy.orm import Session

from studio.clock import now
from studio.coded_text import coded, to_stored
from studio.db import cases, credit_ledger, job_transitions, outbox, queries
from studio.db.identities import display_names
from studio.db.identities.gift_notices import unname_giver
from studio.db.identities.people import SOMEBODY, person_of
from studio.db.newcomers import newcomer_origins
from studio.db.tables import (
    BanRow,
    CaseRow,
    DeliveryRow,
    Erasure,
    JobRow,
    LedgerRow,
    NoticeRow,
    OutboxRow,
    PersonRow,
    PictureRow,
)
from studio.domain.cases import CaseKind, CaseState, Decision
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import JobChanged
from studio.domain.identifiers import new_job_id
from studio.domain.jobs import FORGOTTEN, GOING_ON, JobState
from studio.domain.people import Platform
from studio.domain.verdicts import ALLOWED
from studio.serialization import to_data
from studio.services import file_references, held_job_decisions, message_refresh, personal_data
from studio.services.built_on_notices import unname_builder
from studio.services.picture_deletion import Removal, delete_pictures

_STOPPED = to_stored(coded("stopped.forgotten"))
_MOST_AT_ONCE = 1000
_FIELDS_TO_KEEP = ("operation", "seed", "count")
_LOOKS = {"perceptual_hash": None, "verdict": to_data(ALLOWED)}  # of a picture that nobody shall know again


def without_words(request: Mapping[str, Any]) -> dict[str, Any]:
    """What stays of a recorded request whose words, settings and files go: how many pictures of which kind."""
    return {name: value for name, value in request.items() if name in _FIELDS_TO_KEEP}


def lock_jobs(session: Session, keys: Sequence[str]) -> None:
    """Those that are about to be forgotten, and those that wait for an answer: no worker takes one up meanwhile."""
    job_transitions.lock_jobs(
        session, JobRow.person_key.in_(keys) | JobRow.id.in_(_questions(keys, CaseRow.job_id))
    )


def is_painting(session: Session, keys: Sequence[str]) -> bool:
    """By a worker that is there: one whose lease ran out has given up its job."""
    abandoned = JobRow.lease_until.is_not(None) & (JobRow.lease_until < now())
    query = select(JobRow.id).where(
        JobRow.person_key.in_(keys), JobRow.state == JobState.PAINTING, ~abandoned
    )
    return session.scalars(query).first() is not None


def count_pictures(session: Session, keys: Sequence[str]) -> int:
    return len(session.scalars(personal_data.pictures_of(keys).with_only_columns(PictureRow.id)).all())


def forget(session: Session, keys: Sequence[str], *, judged: bool = False) -> Removal:
    """All identities of one human at once, none of them with a job being painted, all jobs held.

    `judged`: strikes of theirs hold. Send the events and delete the files after the commit.
    """
    removal = Removal()
    others = message_refresh.of_forgotten(session, keys)
    _close_questions(session, keys, removal)
    jobs = session.scalars(personal_data.jobs_of(keys)).all()
    uploads = {key for row in jobs for key in file_references.of_uploads(row.request)}
    over = {row.id for row in jobs if row.state not in GOING_ON}
    for row in jobs:  # all of them first: what they start from is needed no more
        if row.id not in over:
            removal.events.extend(_stop(session, row.id))
            session.refresh(row)
    for row in jobs:
        has_pictures = _forget_job(session, row, removal)
        if row.id in over and not has_pictures:
            removal.events.extend(_refresh_message(session, row))
    removal.files.update(file_references.find_unnamed(session, uploads))
    for column in personal_data.person_columns(Erasure.DELETED):
        session.execute(delete(column.class_).where(column.in_(keys)))
    display_names.release_names(session, keys)
    judged = judged or is_judged(session, keys)
    linked = len(keys) > 1  # bans and strikes under a single key need no row beside them
    nameless = _has_open_case(session, keys) or (linked and judged)
    for key in keys[:0:-1]:  # the last one keeps the account
        if not nameless:
            credit_ledger.unlink(session, key, at=now())
    for key in keys:
        _pseudonymise(session, key, nameless=nameless)
    if not judged:  # else a ban would end with another name
        newcomer_origins.forget(session, keys)
    credit_ledger.leave_names(session, at=now())
    removal.events[:] = outbox.pace([*removal.events, *others])
    return removal


def is_judged(session: Session, keys: Sequence[str]) -> bool:
    """Whether a ban on one of the identities holds, or a case about one is open."""
    holds = BanRow.until.is_(None) | (BanRow.until > now())
    banned = select(BanRow.person_key).where(BanRow.person_key.in_(keys), holds)
    return _has_open_case(session, keys) or session.scalars(banned).first() is not None


def find_nameless_keys(session: Session) -> list[str]:
    """The keys of those who were forgotten and not let go, because they were being judged."""
    return list(session.scalars(select(PersonRow.key).where(PersonRow.display_name == "")))


def erase_remaining_records(session: Session, key: str) -> None:
    """The last that is kept of somebody who was forgotten goes, when nothing is judged any more."""
    session.execute(delete(NoticeRow).where(NoticeRow.person_key == key))
    judged = CaseRow.subject == key
    message_refresh.of_cases(session, judged)  # sent by the sweeper
    of_cases = PictureRow.job_id.in_(select(CaseRow.job_id).where(judged)) & PictureRow.deleted_at.is_not(
        None
    )
    session.execute(update(PictureRow).where(of_cases).values(_LOOKS))
    session.execute(update(CaseRow).where(judged).values(words="", evidence="", note=""))
    credit_ledger.unlink(session, key, at=now())
    _pseudonymise(session, key, nameless=False)
    newcomer_origins.forget(session, [key])
    credit_ledger.leave_names(session, at=now())


def _has_open_case(session: Session, keys: Sequence[str]) -> bool:
    return session.scalars(_open_cases(keys)).first() is not None


def leave_private_places(session: Session, *, before: datetime) -> None:
    """The channels of forgotten jobs that were asked for in private, which may lead to a person, go as well.

    Front ends need them until they have removed pictures and names. What was deleted or edited since `before` waits.
    """
    where = cast(JobRow.address, Text)
    query = select(JobRow).where(
        JobRow.request_key.startswith(FORGOTTEN),
        where.contains('"private": true') & ~where.contains('"channel": ""'),
        JobRow.id.not_in(select(PictureRow.job_id).where(PictureRow.deleted_at >= before)),
        JobRow.id.not_in(select(DeliveryRow.subject).where(_of_jobs(), DeliveryRow.updated_at >= before)),
        JobRow.ended_at < before,
    )
    for row in session.scalars(query.limit(_MOST_AT_ONCE)).all():
        row.address = {"platform": row.platform, "community": row.community, "channel": "", "private": True}
        session.execute(delete(DeliveryRow).where(_of_jobs(), DeliveryRow.subject == row.id))
    session.flush()


def _of_jobs() -> ColumnElement[bool]:
    return DeliveryRow.kind == DeliveryKind.JOB


def _open_cases(keys: Sequence[str]) -> Select[CaseRow]:
    return select(CaseRow).where(CaseRow.subject.in_(keys), CaseRow.state == CaseState.OPEN)


def _close_questions(session: Session, keys: Sequence[str], removal: Removal) -> None:
    """Nobody is left whom others could ask, who waits for the answer, or who wants what was refused."""
    for row in session.scalars(_questions(keys, CaseRow).order_by(CaseRow.job_id, CaseRow.id)).all():
        if cases.close(session, row.id, Decision.REJECT, by=row.claimed_by or "", at=now()):
            removal.events.append(cases.write_case_changed(session, row))
            removal.events.extend(_stop(session, row.job_id or ""))


def _questions(keys: Sequence[str], what: Any) -> Select[Any]:
    theirs = CaseRow.subject.in_(keys) & CaseRow.kind.in_([CaseKind.APPEAL, CaseKind.CONSENT])
    return select(what).where(CaseRow.state == CaseState.OPEN, CaseRow.addressee.in_(keys) | theirs)


def _forget_job(session: Session, row: JobRow, removal: Removal) -> bool:
    """Whether it had pictures, by which its front end hears of it."""
    job = queries.job_of(row)
    out_of_sight = PictureRow.hidden_by.is_not(None) | PictureRow.appeal_until.is_not(None)
    values = {"deleted_at": None, "hidden_by": None, "appeal_until": None, "taken_down_by": None}
    session.execute(update(PictureRow).where(PictureRow.job_id == row.id, out_of_sight).values(values))
    pictures = queries.pictures_of_job(session, row.id)
    removal.add(delete_pictures(session, job, pictures, refreshed=True))
    row.request_key = f"{FORGOTTEN}{row.id}"
    row.request = without_words(row.request)
    row.address = {name: value for name, value in row.address.items() if not name.startswith("token")}
    on_the_desk = session.scalars(_open_cases([row.person_key]).where(CaseRow.job_id == row.id)).first()
    for picture in session.scalars(select(PictureRow).where(PictureRow.job_id == row.id)):
        words = {"prompt": "", "negative_prompt": "", "style": None, "remark": ""}
        picture.recipe = {**picture.recipe, **words}
        picture.alt_text = picture.description = None
        if not on_the_desk:  # else a moderator may still block what looks like it
            for name, value in _LOOKS.items():
                setattr(picture, name, value)
    session.flush()
    return bool(pictures)


def _refresh_message(session: Session, row: JobRow) -> Iterable[OutboxRow]:
    """A message without a picture may name its person as well: it is rendered again, in chats where there is one."""
    delivery = session.get(DeliveryRow, (DeliveryKind.JOB, row.id))
    if delivery is not None and delivery.message:
        delivery.updated_at = now()  # from which its address is kept for a day
    elif row.platform != Platform.WEB:
        return
    yield outbox.write(session, JobChanged(job_id=row.id, platform=Platform(row.platform)))


def _stop(session: Session, job_id: str) -> Iterable[OutboxRow]:
    return held_job_decisions.stop(
        session, job_id, JobState.CANCELLED, error_code="cancelled", error_text=_STOPPED
    )


def _pseudonymise(session: Session, key: str, *, nameless: bool) -> None:
    """Rows that must stay point to a somebody of their own from now on."""
    row = session.get(PersonRow, key)
    if row is None:
        return
    nobody = _new_nobody(session, row)
    newcomer_origins.hand_over(session, key, nobody)
    session.execute(update(JobRow).where(JobRow.person_key == key).values(person=to_data(person_of(nobody))))
    _rename_gifts(session, key)
    unname_builder(session, key)
    for column in personal_data.person_columns(Erasure.REASSIGNED):
        session.execute(update(column.class_).where(column == key).values({column: nobody.key}))
    named = CaseRow.case_key.endswith(f":{key}", autoescape=True)
    session.execute(update(CaseRow).where(named).values(case_key="forgotten:" + CaseRow.id))
    over = (CaseRow.subject == key) & (CaseRow.state == CaseState.CLOSED)
    session.execute(update(CaseRow).where(over).values(subject=nobody.key))
    if nameless:
        session.execute(update(PersonRow).where(PersonRow.key == key).values(display_name=""))
    else:
        session.execute(delete(PersonRow).where(PersonRow.key == key))


def _new_nobody(session: Session, row: PersonRow) -> PersonRow:
    """Its key is random: nothing leads from it to the person."""
    stranger = f"forgotten-{new_job_id()}"
    key = f"{row.platform}:{row.community}:{stranger}"
    nobody = PersonRow(
        key=key,
        platform=row.platform,
        community=row.community,
        user_id=stranger,
        display_name=SOMEBODY,
        first_seen_at=row.first_seen_at,
        human=key,
    )
    session.add(nobody)
    session.flush()
    return nobody


def _rename_gifts(session: Session, key: str) -> None:
    """What they gave stays with its receivers; the notice of it and the entries no longer name them."""
    given = select(LedgerRow).where(
        LedgerRow.person_key == key, LedgerRow.kind == "gift", LedgerRow.amount < 0
    )
    for row in session.scalars(given).all():
        gift, fresh = row.entry_key.removesuffix(":given"), f"gift:{new_job_id()}"
        unname_giver(session, row)
        for end in ("given", "received"):
            entry = LedgerRow.entry_key == f"{gift}:{end}"
            session.execute(update(LedgerRow).where(entry).values(entry_key=f"{fresh}:{end}"))
