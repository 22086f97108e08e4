"""Old pictures go where an administrator wants it, but for those that somebody keeps."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from engine.maintenance.picture_retention import PictureRetention
from studio.clock import now
from studio.commands.registry import execute
from studio.db.tables import PictureRow
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job

MONTH = timedelta(days=30)


def painted(ports, call, key):
    asked = replace(call, request_key=key)
    job_id = execute(ports, asked, "imagine", {"prompt": f"a boat {key}", "count": 2}).job_id
    return paint_job(ports, job_id, png=key.encode())


def there(ports):
    with ports.database.read() as session:
        return set(session.scalars(select(PictureRow.id).where(PictureRow.deleted_at.is_(None))))


def test_pictures_that_nobody_keeps_go_with_their_files(ports, call):
    plain, starred, collected = (painted(ports, call, key) for key in ("plain", "starred", "collected"))
    fan = replace(call, person=someone("bo"))
    execute(ports, replace(fan, request_key="star"), "star", {"picture": f"{starred}.1"})
    execute(ports, replace(fan, request_key="collect"), "collect", {"picture": f"{collected}.2"})
    retention = PictureRetention(database=ports.database, store=ports.store, events=ports.events, keep=MONTH)
    assert retention.delete_old() == 0
    assert len(there(ports)) == 6
    assert retention.delete_old(now() + MONTH + timedelta(hours=1)) == 4
    assert there(ports) == {f"{starred}.1", f"{collected}.2"}
    assert b"plain" not in ports.store.blobs.values()
    assert b"starred" in ports.store.blobs.values()
    assert plain in {event.job_id for event in ports.events.published}
    assert retention.delete_old(now() + MONTH + timedelta(hours=1)) == 0
