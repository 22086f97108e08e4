"""Sizes that were estimated become those of the files, and quotas count them."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from engine.maintenance import file_sizes
from engine.maintenance.file_sizes import FileSizes, Measured
from studio.commands.registry import execute
from studio.db.running_sums.storage_use import stored_bytes
from studio.db.tables import PictureRow, UploadRow
from studio.services.upload_intake import accept_upload
from tests.support.finished_jobs import paint_job


@pytest.fixture
def sizes(ports):
    files = ports.store.blobs
    return FileSizes(ports.database, lambda key: len(files[key]) if key in files else None)


def painted(ports, call, key):
    asked = replace(call, request_key=key)
    return paint_job(ports, execute(ports, asked, "imagine", {"prompt": "a boat", "count": 1}).job_id) + ".1"


def used(ports, call):
    with ports.database.read() as session:
        return stored_bytes(session, [call.person.key])


def row_of(ports, picture):
    with ports.database.read() as session:
        return session.get_one(PictureRow, picture)


def test_pictures_are_measured_in_steps(ports, call, sizes, monkeypatch):
    monkeypatch.setattr(file_sizes, "_AT_ONCE", 2)
    pictures = sorted(painted(ports, call, key) for key in "abc")
    with ports.database.begin() as session:
        session.execute(update(PictureRow).values(size_bytes=1))
    assert used(ports, call) == 3
    first = sizes.measure_pictures()
    assert first == Measured(last=pictures[1], looked_at=2, corrected=2)
    assert sizes.measure_pictures(after=first.last).corrected == 1
    assert sizes.measure_pictures(after=pictures[2]) == Measured(last="", looked_at=0, corrected=0)
    assert sizes.measure_pictures().corrected == 0
    row = row_of(ports, pictures[0])
    keys = {row.storage_key, row.master_key, row.thumbnail_key} - {None}
    assert row.size_bytes == sum(len(ports.store.blobs[key]) for key in keys) > 1
    assert used(ports, call) == sum(row_of(ports, picture).size_bytes for picture in pictures)


def test_a_picture_without_a_file_and_a_deleted_one_keep_their_sizes(ports, call, sizes):
    lost, deleted = painted(ports, call, "lost"), painted(ports, call, "deleted")
    recorded = row_of(ports, lost).size_bytes
    del ports.store.blobs[row_of(ports, lost).storage_key]
    execute(ports, replace(call, request_key="delete"), "delete", {"what": deleted})
    assert sizes.measure_pictures() == Measured(last=lost, looked_at=1, corrected=0)
    assert used(ports, call) == recorded


def test_uploads_without_a_size_get_one(ports, call, sizes):
    upload = accept_upload(ports, call.person, b"an image")
    values = {"image": upload, "prompt": "a fox", "region": "A1"}
    execute(ports, replace(call, request_key="edit"), "edit", values)
    with ports.database.begin() as session:
        session.execute(update(UploadRow).values(size_bytes=0))
    assert sizes.measure_uploads() == 1
    with ports.database.read() as session:
        (size,) = session.scalars(select(UploadRow.size_bytes))
    assert size == used(ports, call) >= len(b"an image")
    assert sizes.measure_uploads() == 0
