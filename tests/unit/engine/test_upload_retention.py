"""Attached files go some days after their last use where an administrator wants it, and with their pictures."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from engine.maintenance.job_retention import JobRetention
from engine.maintenance.picture_retention import PictureRetention
from engine.maintenance.upload_retention import UploadRetention
from moderation.records.protected_records import PROTECTED
from studio.clock import now
from studio.commands.registry import execute
from studio.db.running_sums.storage_use import stored_bytes
from studio.db.tables import CaseRow, EvidenceRow, JobRow, PictureRow, StorageUseRow, UploadRow
from studio.domain.jobs import JobState
from studio.errors import NotFoundError, StorageQuotaError
from studio.ports import InstanceLimits
from studio.services import file_references
from studio.services.upload_intake import accept_upload
from tests.support.fakes import ruled, someone
from tests.support.finished_jobs import end_job, paint_job

WEEK = timedelta(days=7)
LATER = WEEK + timedelta(hours=1)


@pytest.fixture
def upload(ports, call):
    return accept_upload(ports, call.person, b"an image")


def upscaled(ports, call, key, upload, *, ends=True):
    asked = replace(call, request_key=key)
    job_id = execute(ports, asked, "upscale", {"image": upload}).job_id
    return paint_job(ports, job_id) if ends else job_id


def retention(ports, *, keep=WEEK):
    return UploadRetention(database=ports.database, store=ports.store, keep=keep, protection=PROTECTED)


def used_by_uploads(ports, person):
    with ports.database.read() as session:
        pictures = select(func.coalesce(func.sum(PictureRow.size_bytes), 0))
        mine = session.scalar(
            pictures.where(PictureRow.person_key == person.key, PictureRow.deleted_at.is_(None))
        )
        return stored_bytes(session, [person.key]) - mine


def test_a_file_goes_after_its_last_use_and_its_request_is_not_repeated(ports, call, upload):
    first = upscaled(ports, call, "first", upload)
    assert used_by_uploads(ports, call.person) == upload.size_bytes > 0
    assert retention(ports).delete_old() == 0
    waiting = upscaled(ports, call, "waiting", upload, ends=False)
    assert retention(ports).delete_old(now() + LATER) == 0
    paint_job(ports, waiting)
    assert retention(ports).delete_old(now() + LATER) == 1
    assert upload.key not in ports.store.blobs
    assert used_by_uploads(ports, call.person) == 0
    with pytest.raises(NotFoundError):
        execute(ports, replace(call, request_key="again"), "reroll", {"job": first})
    bo = replace(call, person=someone("bo"))
    again = accept_upload(ports, bo.person, b"an image")
    upscaled(ports, bo, "anew", again)  # also where somebody else brings the same file
    assert used_by_uploads(ports, bo.person) == again.size_bytes
    assert used_by_uploads(ports, call.person) == 0  # who brings it counts it
    with ports.database.read() as session:
        assert file_references.find_unnamed(session, [again.key]) == set()
        file_references.require_uploads(session, first)


def test_evidence_keeps_what_somebody_attached(ports, call, upload):
    job_id = upscaled(ports, call, "first", upload)
    with ports.database.begin() as session:
        session.add(
            EvidenceRow(id="e", kind="words", subject="x", job_id=job_id, content=b"", created_at=now())
        )
    assert retention(ports).delete_old(now() + LATER) == 0
    assert upload.key in ports.store.blobs


def test_the_quota_counts_attached_files_and_deleting_the_pictures_frees_them(ports, call, upload):
    first = upscaled(ports, call, "first", upload)
    second = upscaled(ports, call, "second", upload)
    other = replace(call, person=someone("bo"), request_key="other")
    full = ruled(ports, InstanceLimits(person_storage_bytes=upload.size_bytes))
    with pytest.raises(StorageQuotaError):
        execute(full, replace(call, request_key="third"), "imagine", {"prompt": "a boat"})
    execute(full, other, "imagine", {"prompt": "a boat"})
    execute(full, replace(call, request_key="delete 1"), "delete", {"what": first})
    assert upload.key in ports.store.blobs
    assert used_by_uploads(ports, call.person) == upload.size_bytes
    execute(full, replace(call, request_key="delete 2"), "delete", {"what": second})
    assert upload.key not in ports.store.blobs
    assert used_by_uploads(ports, call.person) == 0
    assert execute(full, replace(call, request_key="third"), "imagine", {"prompt": "a boat"}).job_id
    with ports.database.read() as session:
        assert session.scalar(select(func.count()).select_from(JobRow)) == 4


def test_a_legal_hold_keeps_a_file_that_others_attached_too(ports, call, upload):
    upscaled(ports, call, "first", upload, ends=False)
    with ports.database.begin() as session:
        evidence = {"kind": "words", "subject": call.person.key, "content": b"", "created_at": now()}
        session.add(EvidenceRow(id="e", legal_hold="case 1", **evidence))
        session.execute(update(JobRow).values(state=JobState.REFUSED, error_code="core", ended_at=now()))
    bo = replace(call, person=someone("bo"))
    shown = upscaled(ports, bo, "other", upload)
    execute(ports, replace(bo, request_key="delete"), "delete", {"what": shown})
    assert retention(ports).delete_old(now() + 100 * WEEK) == 0
    assert upload.key in ports.store.blobs


@contextmanager
def transactions(ports):
    """How many owners' sums each transaction changed: of people, and of communities."""
    found, before = [], {}

    def sums(session):
        rows = session.execute(select(StorageUseRow.owner, StorageUseRow.size_bytes))
        return dict(rows.all())

    def note(session):
        session.flush()
        after = sums(session)
        found.append(
            sorted(owner for owner in before.keys() | after if before.get(owner) != after.get(owner))
        )
        before.clear()
        before.update(after)

    with ports.database.read() as session:
        before.update(sums(session))
    event.listen(Session, "before_commit", note)
    try:
        yield found
    finally:
        event.remove(Session, "before_commit", note)


def test_one_transaction_changes_the_sums_of_one_person(ports, call, upload):
    people = [replace(call, person=someone(name)) for name in ("ana", "bo", "cy")]
    for asked in people:
        upscaled(ports, asked, asked.person.user_id, upload)
    with transactions(ports) as found:
        assert retention(ports).delete_old(now() + LATER) == 3
        upscaled(ports, people[0], "anew", upload, ends=False)  # others are not counted again by that
    changed = [[owner for owner in owners if not owner.startswith("community:")] for owners in found]
    assert [owners for owners in changed if owners] == [[asked.person.key] for asked in [*people, call]]


def test_one_transaction_deletes_the_record_of_one_job_with_files(ports, call, upload):
    for name in ("ana", "bo", "cy"):
        end_job(
            ports,
            upscaled(ports, replace(call, person=someone(name)), name, upload, ends=False),
            JobState.FAILED,
        )
    jobs = JobRetention(database=ports.database, keep=WEEK, keep_cases=WEEK, protection=PROTECTED)
    with transactions(ports) as found:
        assert jobs.delete_old(now() + LATER) == 3
    assert max(len(owners) for owners in found) == 2  # a person and the community


def test_files_of_jobs_without_pictures_go_a_day_after_the_last_of_them(ports, call, upload):
    job_id = upscaled(ports, call, "first", upload, ends=False)
    execute(ports, replace(call, request_key="stop"), "cancel", {"job": job_id})
    day = retention(ports, keep=None)
    assert day.delete_old() == 0  # it may be asked for again
    assert day.delete_old(now() + timedelta(days=2)) == 1
    assert upload.key not in ports.store.blobs
    assert used_by_uploads(ports, call.person) == 0


def test_files_go_with_the_pictures_that_go_with_time(ports, call, upload):
    upscaled(ports, call, "first", upload)
    later = now() + LATER
    assert retention(ports, keep=None).delete_old(later) == 0
    pictures = PictureRetention(database=ports.database, store=ports.store, events=ports.events, keep=WEEK)
    assert pictures.delete_old(later) > 0
    assert retention(ports, keep=None).delete_old(later) == 1
    assert upload.key not in ports.store.blobs


def test_a_file_whose_first_job_went_is_counted_until_nobody_shows_a_picture_of_it(ports, call, upload):
    first = upscaled(ports, call, "first", upload)
    again = upscaled(ports, call, "again", upload)
    with ports.database.begin() as session:
        session.execute(update(JobRow).where(JobRow.id == again).values(command="reroll"))
    with ports.database.begin() as session:
        session.execute(update(JobRow).where(JobRow.id == first).values(request={}))
    assert used_by_uploads(ports, call.person) == upload.size_bytes
    assert retention(ports).delete_old(now() + LATER) == 1
    assert upload.key not in ports.store.blobs
    assert used_by_uploads(ports, call.person) == 0


def test_a_refused_request_keeps_its_file_while_it_may_be_appealed(ports, call, upload):
    job_id = upscaled(ports, call, "first", upload, ends=False)
    with ports.database.begin() as session:
        session.execute(update(JobRow).values(state=JobState.REFUSED, ended_at=now()))
    assert retention(ports).delete_old(now() + LATER) == 0
    assert upload.key in ports.store.blobs
    with ports.database.begin() as session:
        session.execute(update(JobRow).values(ended_at=now() - timedelta(days=31)))
    assert retention(ports).delete_old(now() + LATER) == 1
    with pytest.raises(NotFoundError):  # it could not be painted
        execute(ports, replace(call, request_key="appeal"), "appeal", {"job": job_id})
    with ports.database.read() as session:
        assert session.scalars(select(CaseRow)).all() == []


def test_a_request_that_is_written_again_does_not_bring_its_file_back(ports, call, upload):
    first = upscaled(ports, call, "first", upload)
    with ports.database.begin() as session:
        old = now() - timedelta(days=60)
        session.execute(update(JobRow).where(JobRow.id == first).values(created_at=old))
    upscaled(ports, call, "second", upload)

    def write_again(**values):
        with ports.database.begin() as session:
            row = session.get_one(JobRow, first)
            row.request = {**row.request, **values}
            session.flush()
            found = session.scalars(select(UploadRow)).one()
            return found.used_at > now() - timedelta(days=1), found.deleted_at is None

    assert write_again(prompt="") == (True, True)
    with ports.database.begin() as session:
        session.execute(update(UploadRow).values(deleted_at=now()))
    assert write_again(prompt="words") == (True, False)
