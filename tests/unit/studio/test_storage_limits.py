"""No room: nothing new is accepted, in words, and nothing is lost or charged."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from bots.presentation.compose.errors import error_text
from studio.clock import now
from studio.commands.registry import execute
from studio.db import credit_ledger
from studio.db.running_sums.storage_use import community_owner, stored_bytes
from studio.db.tables import JobRow, PictureRow
from studio.domain.people import Platform
from studio.errors import StorageError, StorageQuotaError
from studio.ports import InstanceLimits
from studio.services.upload_intake import accept_upload
from tests.support.fakes import ruled, someone
from tests.support.finished_jobs import paint_job

MIB = 1024**2
ROOM = community_owner(Platform.WEB, "room")


def ask(ports, call, key, name="ana", community="room"):
    who = someone(name, community=community)
    address = replace(call.address, community=community)
    asked = replace(call, person=who, address=address, request_key=key)
    return execute(ports, asked, "imagine", {"prompt": "a boat", "count": 1}).job_id


def painted(ports, call, key, name="ana", *, mib=1, community="room"):
    job_id = paint_job(ports, ask(ports, call, key, name, community), png=f"{key}".encode())
    with ports.database.begin() as session:
        session.execute(update(PictureRow).where(PictureRow.job_id == job_id).values(size_bytes=mib * MIB))
    return job_id


def test_nothing_new_is_accepted_before_the_disk_is_full(ports, call):
    ports = ruled(ports, InstanceLimits(min_free_disk_bytes=100, monthly_credits=10))
    earlier = ask(ports, call, "first")
    ports.store.free = 99
    with pytest.raises(StorageError) as refused:
        ask(ports, call, "second")
    assert "nearly full" in error_text(refused.value)
    with pytest.raises(StorageError):
        accept_upload(ports, call.person, b"a file")
    assert ask(ports, call, "first") == earlier  # a second click is answered as before
    paint_job(ports, earlier)  # what was accepted ends
    with ports.database.read() as session:
        assert len(session.scalars(select(JobRow)).all()) == 1
        assert credit_ledger.balance(session, "web:room:ana", at=now()) == 9
    ports.store.free = 100
    assert ask(ports, call, "second")


def test_the_disk_of_the_home_folder_counts_too(ports, call, tmp_path):
    plenty = ruled(
        ports, InstanceLimits(min_free_disk_bytes=1, watched_folders=(tmp_path, tmp_path / "gone"))
    )
    assert ask(plenty, call, "first")
    full = ruled(ports, InstanceLimits(min_free_disk_bytes=2**62, watched_folders=(tmp_path,)))
    full.store.free = 2**62
    with pytest.raises(StorageError):
        ask(full, call, "second")


def test_who_fills_their_share_is_told_to_delete_something(ports, call):
    ports = ruled(ports, InstanceLimits(person_storage_bytes=2 * MIB))
    first = painted(ports, call, "first")
    painted(ports, call, "second")
    with pytest.raises(StorageQuotaError) as refused:
        ask(ports, call, "third")
    assert error_text(refused.value).startswith("Your pictures take 2 of 2 MiB. Delete some with /delete")
    assert ask(ports, call, "other", "bo")
    execute(ports, replace(call, request_key="delete"), "delete", {"what": first})
    assert ask(ports, call, "third")


def test_the_share_of_a_community_is_its_own(ports, call):
    ports = ruled(ports, InstanceLimits(community_storage_bytes=2 * MIB))
    painted(ports, call, "first", "ana")
    painted(ports, call, "second", "bo")
    with pytest.raises(StorageQuotaError, match="community"):
        ask(ports, call, "third", "cem")
    assert ask(ports, call, "elsewhere", "cem", "hall")


def test_what_pictures_take_follows_them_to_another_name(ports, call):
    painted(ports, call, "first", mib=3)
    painted(ports, call, "second", "bo", mib=1)
    with ports.database.begin() as session:
        assert stored_bytes(session, ["web:room:ana"]) == 3 * MIB
        session.execute(
            update(PictureRow).where(PictureRow.person_key == "web:room:ana").values(person_key="web:room:bo")
        )
        assert stored_bytes(session, ["web:room:ana"]) == 0
        assert stored_bytes(session, ["web:room:bo"]) == stored_bytes(session, [ROOM]) == 4 * MIB
        session.execute(update(PictureRow).values(deleted_at=now()))
        assert stored_bytes(session, ["web:room:bo", ROOM]) == 0
