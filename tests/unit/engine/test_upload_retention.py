"""Attached files go some days after their last use where an administrator wants it, and with their pictures."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine.maintenance.upload_retention import UploadRetention
from moderation.records.protected_records import PROTECTED
from studio.clock import now
from studio.commands.registry import execute
from studio.db.running_sums.storage_use import stored_bytes
from studio.db.tables import EvidenceRow, JobRow, PictureRow
from studio.errors import NotFoundError, StorageQuotaError
from studio.ports import InstanceLimits
from studio.services import file_references
from studio.services.upload_intake import accept_upload
from tests.support.fakes import ruled, someone
from tests.support.finished_jobs import paint_job

WEEK = timedelta(days=7)
LATER = WEEK + timedelta(hours=1)


@pytest.fixture
def upload(ports, call):
    return accept_upload(ports, call.person, b"an image")


def upscaled(ports, call, key, upload, *, ends=True):
    asked = replace(call, request_key=key)
    job_id = execute(ports, asked, "upscale", {"image": upload}).job_id
    return paint_job(ports, job_id) if ends else job_id


def retention(ports):
    return UploadRetention(database=ports.database, store=ports.store, keep=WEEK, protection=PROTECTED)


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
    assert used_by_uploads(ports, call.person) == used_by_uploads(ports, bo.person) == again.size_bytes
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
